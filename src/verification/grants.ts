// Lends units of limits to verifiers that run elsewhere, out of those that this process holds.
//
// Why a verifier admits nothing on units that were not taken:
// 1. What is lent stays out in the store's eyes (`Holding.lent`), so neither the store nor this process gives it to others.
// 2. A verifier spends it only while the lease holds under which this process holds it: the answer tells that lease's age,
//    counted from the instant at which the verifier asked. So no other process can have counted it as spent before.
// 3. This process counts it as spent once that lease has surely ended and the verifier has not said otherwise.
// 4. What a verifier says of its units counts as far as they were lent to it, once: its messages are numbered.
// 5. Another process knows nothing of the loan. It serves nothing to a verifier that names this one.

import type { z } from 'zod'
import { leaseMs } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { AskedCounter, Granted, GrantsAnswer, grantsRequestSchema } from '../core/shapes/grants.ts'
import { joinLimits, readLimits } from '../core/stored-limits.ts'
import { readOwners } from '../store/counters.ts'
import type { Store } from '../store/store.ts'
import type { Claim } from '../verdict/claims.ts'
import type { CountedLimit, Holding } from '../verdict/holding.ts'
import { countLimits } from '../verdict/owners.ts'
import type { Memory } from './read-through.ts'

type Message = z.output<typeof grantsRequestSchema>

/** What a verifier holds of one counter, or was given for its waiting calls. */
interface Loan {
  holding: Holding
  /** `Holding.loans` when it was lent: with another number it is void. */
  loans: number
  period: number
  epoch: number
  units: number
  given: number
}

/** A verifier that draws through this process. */
interface Session {
  server: string
  sequence: number
  /** The answer to the last message; undefined if there was none yet, or it failed. */
  answer: Promise<Granted[]> | undefined
  /** The reports in the last message were taken in. */
  reported: number[] | undefined
  loans: Map<string, Loan>
  /** Its units are surely not spent after this, by the monotonic clock. */
  endsAt: number
}

interface Owner {
  organizationId: string
  limits: Claim[]
  readAt: number
}

/** Whose limits were read is believed for so long: the draws read them again. */
const ownerMs = 1_000
const maxOwners = 10_000
const maxSessions = 4_096
const maxLoans = 200_000
/** So many calls that wait elsewhere are served one by one; what is beyond is served as one. */
const maxPieces = 256

/** Serves verifiers with units of limits. */
export class Grants {
  readonly #memory: Pick<Memory, 'allotments' | 'clock' | 'follower'>
  readonly #store: Pick<Store, 'read'>
  readonly #sessions = new Map<string, Session>()
  readonly #owners = new Map<string, Owner>()
  #loanCount = 0
  #sweptAt = 0
  #isTimed = false

  constructor(memory: Pick<Memory, 'allotments' | 'clock' | 'follower'>, store: Pick<Store, 'read'>) {
    this.#memory = memory
    this.#store = store
  }

  /**
   * Serves a message of a verifier, in the name of a key; outside the root organization only of that organization's own
   * limits. Throws `store_unavailable`, `too_many_requests`.
   */
  async serve(message: Message, keyId: string, organizationId: string | undefined): Promise<GrantsAnswer> {
    const { follower } = this.#memory
    await follower.start()
    const server = follower.id
    if (server === undefined) throw notSure()
    if (message.server != null && message.server !== server)
      return { server, ageMs: this.#age(), counters: [] }
    this.#sweep()
    const session = this.#sessionOf(`${keyId} ${message.verifier}`, server)
    if (message.sequence < session.sequence) return { server, ageMs: this.#age(), counters: [] }
    if (message.sequence > session.sequence) {
      session.sequence = message.sequence
      session.reported = undefined
      session.answer = undefined
    }
    session.endsAt = Number.POSITIVE_INFINITY
    session.answer ??= this.#answer(session, message, organizationId)
    const { answer } = session
    try {
      const counters = await answer
      return { server, ageMs: this.#age(), counters }
    } catch (error) {
      if (session.answer === answer) session.answer = undefined
      throw error
    } finally {
      session.endsAt = this.#memory.clock.monotonic() + leaseMs
    }
  }

  /** The organization of a key; undefined if there is none. Throws `store_unavailable`. */
  async organizationOf(keyId: string): Promise<string | undefined> {
    await this.#read([keyId], [])
    return this.#owners.get(`key/${keyId}`)?.organizationId
  }

  #age(): number {
    const { clock, follower } = this.#memory
    const age = follower.lease.age(clock.monotonic(), clock.now())
    if (age === undefined) throw notSure()
    return Math.ceil(age)
  }

  #sessionOf(name: string, server: string): Session {
    const known = this.#sessions.get(name)
    if (known?.server === server) return known
    if (known !== undefined) this.#end(name, known)
    if (this.#sessions.size >= maxSessions)
      throw new LatchkeyError('too_many_requests', 'Too many verifiers draw from limits. Try again.')
    const session: Session = {
      server,
      sequence: 0,
      answer: undefined,
      reported: undefined,
      loans: new Map(),
      endsAt: Number.POSITIVE_INFINITY,
    }
    this.#sessions.set(name, session)
    return session
  }

  /** Ends the verifiers that have not been heard of for a lease: what they had counts as spent. */
  #sweep(): void {
    const now = this.#memory.clock.monotonic()
    if (now - this.#sweptAt < 100) return
    this.#sweptAt = now
    for (const [name, session] of this.#sessions) if (now >= session.endsAt) this.#end(name, session)
    if (this.#isTimed) return
    this.#isTimed = true
    this.#memory.clock.after(leaseMs, () => {
      this.#isTimed = false
      if (this.#sessions.size > 0) this.#sweep()
    })
  }

  #end(name: string, session: Session): void {
    this.#sessions.delete(name)
    for (const loan of session.loans.values())
      if (isValid(loan)) this.#memory.allotments.endLoan(loan.holding, loan.units, 0)
    this.#loanCount -= session.loans.size
  }

  async #answer(session: Session, message: Message, organizationId: string | undefined): Promise<Granted[]> {
    const { counters } = message
    const idsOf = (isOfOrganizations: boolean) =>
      counters
        .filter(({ scope }) => (scope === 'organization') === isOfOrganizations)
        .map((asked) => ownerOf(asked))
    await this.#read(idsOf(false), idsOf(true))
    const limits = counters.map((asked) => this.#find(asked, organizationId))
    // Without a promise between, and once: what comes back is here before anything is lent.
    session.reported ??= counters.map((asked, i) => this.#report(session, asked, limits[i]))
    const kept = session.reported
    const given = await this.#serveCalls(counters, limits)
    return counters.map((asked, i) => this.#grant(session, asked, limits[i], kept[i] ?? 0, given[i] ?? 0))
  }

  async #read(keys: readonly string[], organizations: readonly string[]): Promise<void> {
    const now = this.#memory.clock.monotonic()
    const isOld = (name: string) =>
      now - (this.#owners.get(name)?.readAt ?? Number.NEGATIVE_INFINITY) >= ownerMs
    const missing = {
      keys: [...new Set(keys)].filter((id) => isOld(`key/${id}`)),
      organizations: [...new Set(organizations)].filter((id) => isOld(`organization/${id}`)),
    }
    if (missing.keys.length === 0 && missing.organizations.length === 0) return
    for (const id of missing.keys) this.#owners.delete(`key/${id}`)
    for (const id of missing.organizations) this.#owners.delete(`organization/${id}`)
    const rows = await this.#store.read((db) => readOwners(db, missing.keys, missing.organizations))
    if (this.#owners.size > maxOwners) this.#owners.clear()
    for (const { scope, id, organizationId, limits, planned } of rows) {
      const joined = joinLimits(readLimits(limits).limits, planned === null ? [] : readLimits(planned).limits)
      const claims = countLimits(scope, id, organizationId, joined)
      this.#owners.set(`${scope}/${id}`, { organizationId, limits: claims, readAt: now })
    }
  }

  #find(asked: AskedCounter, organizationId: string | undefined): CountedLimit | undefined {
    const scope = asked.scope === 'organization' ? 'organization' : 'key'
    const owner = this.#owners.get(`${scope}/${ownerOf(asked)}`)
    // To a caller of one organization, another's limits do not exist.
    if (organizationId !== undefined && owner?.organizationId !== organizationId) return undefined
    return owner?.limits.find(
      ({ limit: { name, allowance } }) =>
        name === asked.name && (asked.kind === undefined || asked.kind === allowance.kind),
    )?.limit
  }

  /** Takes in what a verifier says of its units; returns how many of them it keeps. */
  #report(session: Session, asked: AskedCounter, limit: CountedLimit | undefined): number {
    const { allotments } = this.#memory
    const name = nameOf(asked)
    const loan = session.loans.get(name)
    if (loan === undefined) return 0
    if (!isValid(loan)) {
      this.#forget(session, name)
      return 0
    }
    const isOwn = asked.period === loan.period && asked.epoch === loan.epoch
    const isCurrent = isOwn && limit?.counterId === loan.holding.counterId && limit.epoch === loan.epoch
    const kept = isCurrent ? Math.min(asked.unspent, loan.units) : 0
    const back = isOwn ? Math.min(asked.back, loan.units - kept) : 0
    allotments.endLoan(loan.holding, loan.units - kept - back, back)
    const unused = Math.min(asked.unused, loan.given)
    if (unused > 0 && limit !== undefined && isCurrent) allotments.giveBack([{ limit, cost: unused }])
    loan.units = kept
    loan.given = 0
    if (kept === 0) this.#forget(session, name)
    return kept
  }

  #forget(session: Session, name: string): void {
    if (session.loans.delete(name)) this.#loanCount--
  }

  /** Takes what calls that wait elsewhere need; returns how much of it there was. */
  async #serveCalls(
    counters: readonly AskedCounter[],
    limits: readonly (CountedLimit | undefined)[],
  ): Promise<number[]> {
    const pieces = counters.map((asked, i) => {
      const limit = limits[i]
      return limit === undefined ? [] : piecesOf(asked).map((cost) => ({ limit, cost }))
    })
    const outcomes = await Promise.allSettled(
      pieces.map(async (claims) => {
        const taken = await Promise.allSettled(claims.map((claim) => this.#take(claim)))
        const mine = claims.filter((_, i) => taken[i]?.status === 'fulfilled' && taken[i].value)
        const failed = taken.find((outcome) => outcome.status === 'rejected')
        return { mine, failed }
      }),
    )
    const served = outcomes.map(
      (outcome) =>
        (outcome as PromiseFulfilledResult<{ mine: Claim[]; failed: PromiseRejectedResult | undefined }>)
          .value,
    )
    const failed = served.find((each) => each.failed !== undefined)?.failed
    if (failed === undefined) return served.map(({ mine }) => mine.reduce((sum, { cost }) => sum + cost, 0))
    // The verifier fails these calls; a message that comes again asks for them anew.
    for (const { mine } of served) this.#memory.allotments.giveBack(mine)
    throw failed.reason
  }

  async #take(claim: Claim): Promise<boolean> {
    const { allotments, clock, follower } = this.#memory
    const now = clock.monotonic()
    const atHand = follower.lease.holds(now, clock.now()) ? allotments.take([claim], now) : undefined
    return (atHand ?? (await allotments.wait([claim]))).taken
  }

  #grant(
    session: Session,
    asked: AskedCounter,
    limit: CountedLimit | undefined,
    kept: number,
    given: number,
  ): Granted {
    const { allotments, clock } = this.#memory
    const { keyId, organizationId, scope, name, kind, epoch } = asked
    const told = { keyId, organizationId, scope, name, kind, epoch }
    if (limit === undefined) return { ...told, ...nothing, given, kept }
    const now = clock.monotonic()
    const holding = allotments.holdingOf(limit)
    const loan = session.loans.get(nameOf(asked))
    // What was kept may have become void while calls waited.
    const stillKept = loan !== undefined && isValid(loan) ? kept : 0
    const mayLend = limit.epoch === epoch && this.#loanCount < maxLoans
    const granted = mayLend ? allotments.lend(limit, asked.want - stillKept) : 0
    if (stillKept + granted + given > 0) {
      const { loans, period } = holding
      const units = stillKept + granted
      if (loan === undefined) this.#loanCount++
      session.loans.set(nameOf(asked), { holding, loans, period, epoch, units, given })
    } else this.#forget(session, nameOf(asked))
    const endsInMs = holding.periodEndsAt - now
    return {
      ...told,
      granted,
      given,
      kept: stillKept,
      period: holding.period,
      emptyForMs: given < asked.need ? Math.max(0, Math.ceil(holding.emptyUntil - now)) : 0,
      remaining: Math.max(0, holding.left + holding.held),
      resetsInMs: Number.isFinite(endsInMs) ? Math.max(0, Math.floor(endsInMs)) : null,
      resetsAt: holding.endsAt === null ? null : new Date(holding.endsAt),
    }
  }
}

/** The answer of a limit that is gone. */
const nothing = { granted: 0, period: 0, emptyForMs: 100, remaining: 0, resetsInMs: null, resetsAt: null }

function isValid({ holding, loans }: Loan): boolean {
  return !holding.isGone && holding.loans === loans
}

function ownerOf({ scope, keyId, organizationId }: AskedCounter): string {
  return (scope === 'organization' ? organizationId : keyId) as string
}

function nameOf(asked: AskedCounter): string {
  const scope = asked.scope === 'organization' ? 'organization' : 'key'
  return `${scope}/${ownerOf(asked)}/${asked.name}/${asked.kind ?? ''}`
}

/** What calls need in pieces that are taken each for itself: as far as there are units, some of them are served. */
function piecesOf({ need, least }: AskedCounter): number[] {
  if (need === 0) return [0]
  const size = least === 0 || least > need ? need : least
  const pieces: number[] = []
  let rest = need
  while (rest > 0) {
    const piece = pieces.length < maxPieces - 1 && rest >= size ? size : rest
    pieces.push(piece)
    rest -= piece
  }
  return pieces
}

function notSure(): LatchkeyError {
  return new LatchkeyError('store_unavailable', 'The server cannot be sure that it has seen every change.')
}
