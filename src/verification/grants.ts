// Lends units of limits to verifiers that run elsewhere, out of those that this process holds.
//
// Why a verifier admits nothing on units that were not taken:
// 1. What is lent stays out in the store's eyes (`Holding.lent`), so neither the store nor this process gives it to others.
// 2. A verifier spends it only while the lease holds under which this process holds it: the answer tells that lease's age,
//    counted from the instant at which the verifier asked. So no other process can have counted it as spent before.
// 3. This process counts it as spent once that lease has surely ended and the verifier has not said otherwise.
// 4. What a verifier says of its units counts as far as they were lent to it, once: its messages are numbered.
// 5. Another process knows nothing of the loan. It serves nothing to a verifier that names this one.
// 6. Each answer names what was called back, as far as this process has heard by the instant that its age counts from. So a
//    verifier spends units that were taken away no longer than a process does, whatever becomes of its stream of changes.
// 7. Evicted and registered anew, this process is another one: what it lent before is not renewed by its new lease.

import type { z } from 'zod'
import type { Changed } from '../coherence/follower.ts'
import { leaseMs } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { AskedCounter, Granted, GrantsAnswer, grantsRequestSchema } from '../core/shapes/grants.ts'
import type { Store } from '../store/store.ts'
import type { Claim } from '../verdict/claims.ts'
import type { CountedLimit } from '../verdict/holding.ts'
import {
  claimsOfCalls,
  findLimit,
  firstOfName,
  type Given,
  givenOf,
  isCrowded,
  nameOf,
  namesOf,
  noUnits,
  ownerOf,
  type Settled,
} from './asked-counters.ts'
import { LimitOwners } from './limit-owners.ts'
import { type Exchange, isValid, type Loan, type Session } from './loans.ts'
import type { Memory } from './read-through.ts'
import { Recalls } from './recalls.ts'

type Message = z.output<typeof grantsRequestSchema>

/** What the verifiers of one key have of what all share. */
interface Shares {
  sessions: number
  loans: number
  pieces: number
}

const maxSessions = 16_384
const maxLoans = 200_000
/** An answer names so many counters at most that were called back; beyond that, all are. */
const maxRecalled = 1_000
/** So many of them are one key's, and so many pieces of calls that wait elsewhere. */
const maxOfKey: Shares = { sessions: 1_024, loans: 50_000, pieces: 16_384 }

/** Serves verifiers with units of limits. */
export class Grants {
  readonly #memory: Pick<Memory, 'allotments' | 'clock' | 'follower'>
  readonly #noteLost: (limit: CountedLimit, units: number) => void
  readonly #sessions = new Map<string, Session>()
  readonly #owners: LimitOwners
  readonly #recalls = new Recalls()
  #unsubscribe: (() => void) | undefined
  readonly #shares = new Map<string, Shares>()
  #loanCount = 0
  #sweptAt = 0
  #isTimed = false
  #isStopping = false

  constructor(
    memory: Pick<Memory, 'allotments' | 'clock' | 'follower'>,
    store: Pick<Store, 'read' | 'dialect'>,
    /** Is told of units that were lent to a verifier which has ended: they count as spent. */
    noteLost: (limit: CountedLimit, units: number) => void,
  ) {
    this.#memory = memory
    this.#owners = new LimitOwners(store, memory.clock)
    this.#noteLost = noteLost
  }

  /**
   * Serves a message of a verifier, in the name of a key; outside the root organization only of that organization's own
   * limits. Throws `store_unavailable`, `too_many_requests`.
   */
  async serve(message: Message, keyId: string, organizationId: string | undefined): Promise<GrantsAnswer> {
    const { follower } = this.#memory
    // Not before: a process that lends nothing need not look at once for what it changes itself.
    this.#unsubscribe ??= follower.subscribe(({ changed }) => {
      this.#recalls.hear(changed)
      this.#owners.hear(changed)
    })
    await follower.start()
    const server = follower.id
    if (server === undefined) throw notSure()
    if (message.server != null && message.server !== server)
      return { server, ageMs: this.#age(), recalled: [], counters: [] }
    this.#sweep()
    const session = this.#sessionOf(keyId, message.verifier, server)
    const { sequence } = message
    if (sequence < session.last.sequence) return { server, ageMs: leaseMs, recalled: [], counters: [] }
    // One that was overtaken lends what it lends before the next one is looked at.
    const before = sequence > session.last.sequence ? session.last.answer : undefined
    // The first message that is known of a verifier may be an old one that came late, of which it will never hear.
    session.isKnown ||= session.last.sequence > 0 ? sequence > session.last.sequence : sequence === 1
    if (sequence > session.last.sequence)
      session.last = { sequence, answer: undefined, isReported: false, isHeard: session.isKnown }
    const exchange = session.last
    session.under++
    session.endsAt = Number.POSITIVE_INFINITY
    exchange.answer ??= this.#answer(session, exchange, message, organizationId, before)
    const { answer } = exchange
    try {
      const counters = await answer
      return this.#sign(session, message, counters)
    } catch (error) {
      if (exchange.answer === answer) exchange.answer = undefined
      throw error
    } finally {
      session.under--
      if (session.under === 0) session.endsAt = this.#memory.clock.monotonic() + leaseMs
    }
  }

  /**
   * Lends nothing from now on, and names the counters of which verifiers have units: they can still give them back. For a
   * process that is about to stop.
   */
  recall(): Changed[] {
    this.#isStopping = true
    const lent = new Map<string, Changed>()
    for (const { holding } of this.#lent()) {
      const { counterId: id, organizationId } = holding.limit
      lent.set(id, { topic: 'limit', id, organizationId })
    }
    return [...lent.values()]
  }

  /** Whether verifiers have units of this process. */
  hasLent(): boolean {
    return this.#lent().next().done !== true
  }

  *#lent(): Generator<Loan> {
    for (const { loans } of this.#sessions.values())
      for (const loan of loans.values()) if (loan.units > 0 && isValid(loan)) yield loan
  }

  /** The organization of a key; undefined if there is none. Throws `store_unavailable`. */
  async organizationOf(keyId: string): Promise<string | undefined> {
    return (await this.#owners.find([keyId], [])).get(`key/${keyId}`)?.organizationId
  }

  /**
   * Names the holder whose units an answer tells of. If this process was evicted while it served, what it had lent before is
   * spent to the store: its new lease must not let a verifier spend that.
   */
  #sign(session: Session, message: Message, counters: Granted[]): GrantsAnswer {
    const { id } = this.#memory.follower
    if (id === undefined) throw notSure()
    const recalled = this.#recalledOf(session)
    if (id === session.server) return { server: id, ageMs: this.#age(), recalled, counters }
    return message.server == null
      ? { server: id, ageMs: this.#age(), recalled, counters }
      : { server: session.server, ageMs: leaseMs, recalled, counters }
  }

  /** The counters whose units a verifier is to give back; null for all. */
  #recalledOf(session: Session): string[] | null {
    const { loans, recalled } = session
    const ids = this.#recalls.since(session.recalls)
    session.recalls = this.#recalls.count
    for (const name of ids?.flatMap(namesOf) ?? loans.keys()) if (loans.has(name)) recalled.add(name)
    if (recalled.size > maxRecalled) return null
    return [...recalled].map((name) => (loans.get(name) as Loan).holding.counterId)
  }

  #age(): number {
    const { clock, follower } = this.#memory
    const age = follower.lease.age(clock.monotonic(), clock.now())
    if (age === undefined) throw notSure()
    return Math.ceil(age)
  }

  #sessionOf(keyId: string, verifier: string, server: string): Session {
    const name = `${keyId} ${verifier}`
    const known = this.#sessions.get(name)
    if (known?.server === server) return known
    if (known !== undefined) this.#end(name, known)
    if (this.#sessions.size >= maxSessions) throw tooMany('Too many verifiers draw from limits.')
    this.#count(keyId, 'sessions', 1, 'Too many verifiers with this key draw from limits.')
    const session: Session = {
      keyId,
      server,
      last: { sequence: 0, answer: undefined, isReported: false, isHeard: false },
      loans: new Map(),
      recalled: new Set(),
      recalls: this.#recalls.count,
      under: 0,
      endsAt: Number.POSITIVE_INFINITY,
      isKnown: false,
      isOver: false,
    }
    this.#sessions.set(name, session)
    return session
  }

  /** Counts what a key has more or less of what all share. Throws `too_many_requests` with a sentence for too much. */
  #count(keyId: string, what: keyof Shares, change: number, refusal = ''): void {
    const shares = this.#shares.get(keyId) ?? { sessions: 0, loans: 0, pieces: 0 }
    if (change > 0 && shares[what] + change > maxOfKey[what]) throw tooMany(refusal)
    shares[what] += change
    if (shares.sessions + shares.loans + shares.pieces === 0) this.#shares.delete(keyId)
    else this.#shares.set(keyId, shares)
  }

  /** Ends the verifiers that have not been heard of for a lease: what they had counts as spent. */
  #sweep(): void {
    const now = this.#memory.clock.monotonic()
    if (now - this.#sweptAt >= 100) {
      this.#sweptAt = now
      for (const [name, session] of this.#sessions) if (now >= session.endsAt) this.#end(name, session)
    }
    if (this.#isTimed) return
    this.#isTimed = true
    this.#memory.clock.after(leaseMs, () => {
      this.#isTimed = false
      if (this.#sessions.size > 0) this.#sweep()
    })
  }

  #end(name: string, session: Session): void {
    this.#sessions.delete(name)
    session.isOver = true
    for (const loan of session.loans.values())
      if (isValid(loan)) {
        this.#memory.allotments.endLoan(loan.holding, loan.units, 0)
        this.#noteLost(loan.holding.limit, loan.units)
      }
    this.#loanCount -= session.loans.size
    this.#count(session.keyId, 'loans', -session.loans.size)
    this.#count(session.keyId, 'sessions', -1)
    session.loans.clear()
    session.recalled.clear()
  }

  async #answer(
    session: Session,
    exchange: Exchange,
    message: Message,
    organizationId: string | undefined,
    before: Promise<unknown> | undefined,
  ): Promise<Granted[]> {
    await before?.catch(() => {})
    const { counters } = message
    const idsOf = (isOfOrganizations: boolean) =>
      counters
        .filter(({ scope }) => (scope === 'organization') === isOfOrganizations)
        .map((asked) => ownerOf(asked))
    const owners = await this.#owners.find(idsOf(false), idsOf(true))
    const isFirst = firstOfName(counters)
    const limits = counters.map((asked, i) =>
      isFirst[i] ? findLimit(owners, asked, organizationId) : undefined,
    )
    // Without a promise between, and once: what comes back is here before anything is lent.
    if (!exchange.isReported)
      for (const [i, asked] of counters.entries()) if (isFirst[i]) this.#report(session, asked, limits[i])
    exchange.isReported = true
    const given = await this.#serveCalls(session, counters, limits)
    return counters.map((asked, i) => this.#grant(session, exchange, asked, limits[i], given[i] ?? noUnits))
  }

  /** Takes in what a verifier says of its units. */
  #report(session: Session, asked: AskedCounter, limit: CountedLimit | undefined): void {
    const { allotments } = this.#memory
    const name = nameOf(asked)
    const loan = session.loans.get(name)
    if (loan === undefined) return
    if (!isValid(loan)) {
      this.#forget(session, name)
      return
    }
    const isOwn = asked.period === loan.period && asked.epoch === loan.epoch
    const isCurrent = isOwn && limit?.counterId === loan.holding.counterId && limit.epoch === loan.epoch
    const kept = isCurrent ? Math.min(asked.unspent, loan.units) : 0
    const back = isOwn ? Math.min(asked.back, loan.units - kept) : 0
    allotments.endLoan(loan.holding, loan.units - kept - back, back)
    const unused = Math.min(asked.unused, loan.given)
    if (unused > 0 && limit !== undefined && isCurrent)
      allotments.giveBack(
        [{ limit, cost: unused, period: loan.period }],
        loan.messages !== loan.holding.messages,
      )
    loan.units = kept
    loan.given = 0
    if (kept === 0) this.#forget(session, name)
  }

  #forget(session: Session, name: string): void {
    if (!session.loans.delete(name)) return
    session.recalled.delete(name)
    this.#loanCount--
    this.#count(session.keyId, 'loans', -1)
  }

  /** Takes what calls that wait elsewhere need; returns how much of it there was. */
  async #serveCalls(
    { keyId }: Session,
    counters: readonly AskedCounter[],
    limits: readonly (CountedLimit | undefined)[],
  ): Promise<Given[]> {
    const pieces = claimsOfCalls(counters, limits)
    const count = pieces.reduce((sum, { length }) => sum + length, 0)
    this.#count(keyId, 'pieces', count, 'Too many calls of verifiers with this key wait for limits.')
    const outcomes = await Promise.allSettled(
      pieces.map((claims) => Promise.allSettled(claims.map((claim) => this.#take(claim)))),
    )
    this.#count(keyId, 'pieces', -count)
    const served = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Settled[]>).value)
    const failed = served.flat().find((taken) => taken.status === 'rejected' && !isCrowded(taken.reason))
    const given = served.map((taken, i) => givenOf(pieces[i] as Claim[], taken))
    if (failed === undefined) return given
    // The verifier fails these calls; a message that comes again asks for them anew.
    for (const [i, { units }] of given.entries()) {
      const limit = limits[i]
      if (limit !== undefined) this.#memory.allotments.giveBack([{ limit, cost: units }], true)
    }
    throw (failed as PromiseRejectedResult).reason
  }

  /** Takes a piece; tells how many messages had asked for its counter by then, and undefined if there was too little. */
  async #take(claim: Claim): Promise<number | undefined> {
    const { allotments, clock, follower } = this.#memory
    const now = clock.monotonic()
    const atHand = follower.lease.holds(now, clock.now()) ? allotments.take([claim], now) : undefined
    const { taken } = atHand ?? (await allotments.wait([claim]))
    return taken ? allotments.holdingOf(claim.limit).messages : undefined
  }

  #grant(
    session: Session,
    exchange: Exchange,
    asked: AskedCounter,
    limit: CountedLimit | undefined,
    { units: given, messages }: Given,
  ): Granted {
    const { allotments, clock } = this.#memory
    const { keyId, organizationId, scope, name, kind, epoch } = asked
    const told = { keyId, organizationId, scope, name, kind, epoch }
    if (limit === undefined) return { ...told, ...nothing, given, kept: 0 }
    const now = clock.monotonic()
    const holding = allotments.holdingOf(limit)
    const loan = session.loans.get(nameOf(asked))
    // What was kept may have become void while calls waited.
    const kept = loan !== undefined && isValid(loan) ? loan.units : 0
    const granted =
      limit.epoch === epoch && this.#mayLend(session, exchange)
        ? allotments.lend(limit, asked.want - kept)
        : 0
    if (kept + granted + given > 0 && !session.isOver) {
      const { loans, period } = holding
      if (loan === undefined) {
        this.#loanCount++
        this.#count(session.keyId, 'loans', 1)
      }
      const units = kept + granted
      session.loans.set(nameOf(asked), { holding, loans, period, epoch, units, given, messages })
    } else this.#forget(session, nameOf(asked))
    const { periodEndsAt } = holding
    return {
      ...told,
      granted,
      given,
      kept,
      period: holding.period,
      emptyForMs: given < asked.need ? Math.max(0, Math.ceil(holding.emptyUntil - now)) : 0,
      remaining: Math.max(0, holding.left + holding.held),
      resetsInMs: periodEndsAt === null ? null : Math.max(0, Math.floor(periodEndsAt - now)),
      resetsAt: holding.endsAt === null ? null : new Date(holding.endsAt),
    }
  }

  #mayLend({ isOver, keyId, server }: Session, { isHeard }: Exchange): boolean {
    const { loans = 0 } = this.#shares.get(keyId) ?? {}
    const isSame = isHeard && server === this.#memory.follower.id
    return isSame && !isOver && !this.#isStopping && this.#loanCount < maxLoans && loans < maxOfKey.loans
  }
}

/** The answer of a limit that is gone. */
const nothing = { granted: 0, period: 0, emptyForMs: 100, remaining: 0, resetsInMs: null, resetsAt: null }

function notSure(): LatchkeyError {
  return new LatchkeyError('store_unavailable', 'The server cannot be sure that it has seen every change.')
}

function tooMany(what: string): LatchkeyError {
  return new LatchkeyError('too_many_requests', `${what} Try again.`)
}
