// What this process remembers of the database, and how it reads what it does not.

import { ChangeFollower, type ChangeSource } from '../coherence/follower.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { ForeignToken, PresentedToken } from '../core/foreign-token.ts'
import { copyLatin1 } from '../core/kept-text.ts'
import type { Purpose } from '../core/purpose.ts'
import type { StoredSecret } from '../core/stored-secret.ts'
import { isForeignKid } from '../core/token.ts'
import { Slices } from '../fairness/slices.ts'
import { type Asker, Turns, type Waiting } from '../fairness/turns.ts'
import type { Allotments } from '../verdict/allotment.ts'
import { type CacheBounds, FactsCache } from '../verdict/cache.ts'
import type { Clock } from '../verdict/clock.ts'
import type { Call, Reserving } from '../verdict/evaluate.ts'
import { type Facts, toFacts } from '../verdict/facts.ts'
import type { DatedRead } from '../verdict/lease.ts'
import { NegativeCache } from '../verdict/negative-cache.ts'
import { Owners } from '../verdict/owners.ts'
import { isShown, type Asked as Question } from '../verdict/question.ts'
import type { Tallies } from '../verdict/tally.ts'
import { Awake } from './awake.ts'
import { digestEquals, digestText, digestToken, sameDigest } from './digest.ts'
import { type Candidates, type ForeignTokens, noForeignTokens, pepperMissing } from './foreign.ts'
import type { UsageRecorder } from './usage.ts'

/** How many secrets one statement reads, and how many statements are under way at once. */
const maxTogether = 64
const maxStatements = 4
/** After this an asker is told that the database is too slow: below the time that a statement may take. */
const maxWaitMs = 700

/** How long the first reads wait for this process to hear of changes; below {@link maxWaitMs}. */
const maxFollowingWaitMs = 200

/** A secret's digest and facts, as a read of the store gives them. */
export interface KnownSecret {
  /** SHA-256 of the whole token, whoever made it. */
  digest: Uint8Array
  facts: Facts
}

/** A key that opens nothing, and tells when it is tried; by its secret. */
export interface Decoy {
  keyId: string
  organizationId: string
  /** SHA-256 of the whole token. */
  digest: Uint8Array
}

/** What a read gave, and since when it may have been overtaken. The secret of a decoy is as unknown as one that nobody made. */
export interface Reading extends DatedRead {
  known: KnownSecret | undefined
  decoy?: Decoy | undefined
}

/** The store as the memory needs it. */
export interface FactsSource {
  readonly findFactsNow?: (kid: string) => StoredSecret | undefined
  findManyFacts(kids: readonly string[]): Promise<StoredSecret[]>
}

/**
 * The cache under its lease, the kids known to be absent, and the reads under way.
 *
 * A store in this thread is read at once. One behind a network is read by statements of many kids: an asker waits
 * until the turn of the event loop ends, and then for the asker's turn (`fairness/turns.ts`), unless the same kid is
 * under way. A token of another system is read by all kids that it may have, in one turn. What keeps a read from bringing back what a change has ended:
 * 1. A read begins when its statement is sent, so one that only waits for its turn misses no change made meanwhile.
 * 2. A change that this process hears of takes every read under way out of `#underWay`: an asker after that reads
 *    anew, and what the overtaken read finds is not remembered.
 * 3. A process that does not follow the log hears of no change: its reads are never in `#underWay`.
 *
 * The secret of a decoy leaves here as one that is unknown: it is read and remembered on the way of those, and nothing that asks
 * can tell them apart, or admit one by mistake.
 */
export class Memory {
  readonly clock: Clock
  readonly cache: FactsCache
  readonly follower: ChangeFollower
  readonly usage: Pick<UsageRecorder, 'note' | 'tallies'>
  readonly tallies: Tallies
  readonly allotments: Allotments
  readonly reserving: Reserving | undefined
  readonly foreign: ForeignTokens
  readonly #owners: Owners
  readonly awake = new Awake()
  /** Called when a decoy is tried. */
  onTry: (decoy: Decoy, question: Question) => void = () => {}
  /** The turns of batches. */
  readonly slices = new Slices()
  readonly #source: FactsSource
  readonly #absent: NegativeCache<Decoy>
  readonly #turns = new Turns<Reading>()
  /** The reads that were sent and that no change has overtaken, by name; they may be shared and remembered. */
  readonly #underWay = new Map<string, Promise<Reading>>()
  /** What the tokens of other systems that wait may be stored as. */
  readonly #candidates = new WeakMap<Waiting<Reading>, Sought>()
  #statements = 0
  #isSending = false
  #isTimed = false
  #followingAwaited: Promise<void> | undefined

  constructor(
    source: FactsSource,
    changes: ChangeSource,
    clock: Clock,
    bounds: CacheBounds,
    usage: Pick<UsageRecorder, 'note' | 'tallies'>,
    newId: () => string,
    makeAllotments: (follower: ChangeFollower) => Allotments,
    reserving?: Reserving,
    foreign = noForeignTokens(),
  ) {
    this.foreign = foreign
    this.reserving = reserving
    this.#source = source
    this.#owners = new Owners(bounds.secrets)
    this.clock = clock
    this.usage = usage
    this.tallies = usage.tallies
    this.#absent = new NegativeCache(clock)
    this.cache = new FactsCache(bounds, digestText, {
      profiles: this.tallies.profiles,
      noteUse: (kid, answer, at, circumstances) => usage.note({ kid, answer, circumstances }, at),
      noteCalls: (facts, calls) => this.tallies.addCalls(facts, calls),
    })
    this.tallies.beforeTurn = () => this.cache.reportUses()
    this.follower = new ChangeFollower(changes, this, clock, newId)
    this.allotments = makeAllotments(this.follower)
  }

  /** Whether what is remembered may be believed at this reading of the wall's clock, and of the other one now. */
  isFresh(now: number, monotonic = this.clock.monotonic()): boolean {
    return this.follower.lease.holds(monotonic, now)
  }

  /** Whether a token was unknown a moment ago. */
  isAbsent(asked: Asked): boolean {
    return this.#absent.has(nameOf(asked))
  }

  /** Hears that somebody has shown a token which was unknown a moment ago: that may be one of a decoy. */
  noteUnknown(presented: PresentedToken, question: Question, purpose: Purpose): void {
    this.noteTry(this.#absent.noteOf(nameOf(presented)), presented.token, question, purpose)
  }

  /** Hears that somebody has shown a token, which is that of a decoy or only has its kid. */
  noteTry(decoy: Decoy | undefined, token: string, question: Question, purpose: Purpose): void {
    if (decoy === undefined || !isShown(purpose, question)) return
    if (digestEquals(decoy.digest, digestText(token))) this.onTry(decoy, question)
  }

  acceptsForeign(): boolean {
    // A process that follows changes hears of the first import.
    return this.foreign.mayExist || !this.follower.following
  }

  /**
   * Reads a secret at once, if the store is one that answers at once and this process follows its changes; undefined
   * otherwise. Throws `store_unavailable`, `keyring_missing` for a pepper.
   */
  readNow(asked: Asked): Reading | undefined {
    const { findFactsNow } = this.#source
    if (findFactsNow === undefined || !this.follower.following) return undefined
    const begunAt = this.clock.monotonic()
    const sought =
      asked.kid === undefined ? toSought(asked, this.foreign.candidatesNow(asked.token)) : undefined
    if (asked.kid === undefined && sought === undefined) return undefined
    const found = this.#toKnown(asked.kid, sought, findFactsNow)
    this.#remember(nameOf(asked), found)
    return { ...found, begunAt }
  }

  /**
   * Reads a secret, in its asker's turn. Throws `store_unavailable`, also if too many wait or one waits too long, and
   * `keyring_missing` for a pepper.
   */
  async read(asked: Asked, asker: Asker = {}): Promise<Reading> {
    const name = nameOf(asked)
    const reading = this.readNow(asked) ?? this.#underWay.get(name)
    if (reading !== undefined) return reading
    const sought = asked.kid === undefined ? toSought(asked, await this.candidatesOf(asked)) : undefined
    // Of no recipe is it anything.
    if (sought?.kids.length === 0)
      return { ...this.#toKnown(undefined, sought, () => undefined), begunAt: this.clock.monotonic() }
    const waiting = this.#turns.join(asker, name, this.clock.monotonic())
    if (waiting === undefined) throw tooSlow()
    if (sought) this.#candidates.set(waiting, sought)
    this.#sendSoon()
    this.#watchDeadlines()
    return waiting.promise
  }

  /** What another system's token may be stored as, by recipes that no change was missed of. */
  async candidatesOf({ token }: ForeignToken): Promise<Candidates> {
    if (!this.follower.following) {
      this.#followingAwaited ??= this.#awaitFollowing()
      await this.#followingAwaited
      await this.foreign.refresh()
    }
    return this.foreign.candidates(token)
  }

  /** Notes that a secret was found valid: in its entry of the cache, if it has one. */
  noteUse({ kid, answer, circumstances }: Call, at: number): void {
    const cached = this.cache.findByKid(kid)
    if (cached === undefined) this.usage.note({ kid, answer, circumstances }, at)
    else this.cache.noteUse(cached, at, circumstances)
  }

  /** Forgets what changed, and lets no read that may have missed the change be shared or remembered. */
  forget(topic: string, id: string): void {
    if (topic === 'limit') {
      this.allotments.recall(id)
      return
    }
    if (topic === 'recipe') this.foreign.noteChange()
    this.#underWay.clear()
    this.#owners.forget(topic, id)
    if (topic === 'key') this.cache.forgetKey(id)
  }

  /** Has the follower look at once, if somebody waits for news of a change that this process made itself. */
  lookNow(): void {
    this.follower.lookNow()
  }

  /** Forgets that a kid was unknown. */
  forgetAbsent(kid: string): void {
    this.#absent.delete(kid)
    this.#underWay.delete(kid)
  }

  /** Forgets all that was unknown. */
  forgetAllAbsent(): void {
    this.#absent.clear()
    this.#underWay.clear()
  }

  /** Reads what a process must know from the start. While that fails, what it knew before holds. */
  begin(): void {
    this.foreign.reread()
  }

  forgetAll(): void {
    if (this.follower.following) this.begin()
    this.#underWay.clear()
    this.cache.clear()
    this.#owners.clear()
    this.allotments.drop()
    this.#absent.clear()
  }

  /** Sends what waits at the end of the event loop's turn, together with what else is asked for in it. */
  #sendSoon(): void {
    if (this.#isSending || this.#statements >= maxStatements) return
    this.#isSending = true
    setImmediate(() => void this.#sendWaiting())
  }

  async #sendWaiting(): Promise<void> {
    // A process that hears of changes may cache what it reads.
    this.#followingAwaited ??= this.#awaitFollowing()
    await this.#followingAwaited
    this.#isSending = false
    while (this.#turns.size > 0 && this.#statements < maxStatements) void this.#send()
  }

  /** Waits until this process follows changes, or a while: that takes a write, and a busy disk must not keep reads waiting. */
  #awaitFollowing(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const callOff = this.clock.after(maxFollowingWaitMs, resolve)
    void this.follower.start().then(() => {
      callOff()
      resolve()
    })
    return promise
  }

  async #send(): Promise<void> {
    const sent: Waiting<Reading>[] = []
    const isFollowing = this.follower.following
    for (const waiting of this.#turns.take(maxTogether)) {
      const underWay = this.#underWay.get(waiting.kid)
      if (underWay) waiting.resolve(underWay)
      else sent.push(waiting)
      if (!underWay && isFollowing) this.#underWay.set(waiting.kid, waiting.promise)
    }
    if (sent.length === 0) return
    const begunAt = this.clock.monotonic()
    this.#statements++
    try {
      const kids = sent.flatMap((waiting) => this.#candidates.get(waiting)?.kids ?? [waiting.kid])
      const rows = await this.#source.findManyFacts(kids)
      const found = new Map(rows.map((row) => [row.kid, row]))
      for (const waiting of sent) this.#settle(waiting, (kid) => found.get(kid), begunAt)
    } catch (error) {
      for (const waiting of sent) waiting.reject(error)
    } finally {
      this.#statements--
      for (const { kid, promise } of sent) if (this.#underWay.get(kid) === promise) this.#underWay.delete(kid)
      if (this.#turns.size > 0) this.#sendSoon()
    }
  }

  #settle(waiting: Waiting<Reading>, find: Find, begunAt: number): void {
    try {
      const sought = this.#candidates.get(waiting)
      const found = this.#toKnown(waiting.kid, sought, find)
      if (this.#underWay.get(waiting.kid) === waiting.promise) this.#remember(waiting.kid, found)
      waiting.resolve({ ...found, begunAt })
    } catch (error) {
      // A row that cannot be read fails by itself, and no other one with it.
      waiting.reject(error)
    }
  }

  /** Refuses an asker that waits too long, also if the database never answers those before. */
  #watchDeadlines(): void {
    if (this.#isTimed) return
    this.#isTimed = true
    this.clock.after(maxWaitMs / 4, () => {
      this.#isTimed = false
      const late = this.#turns.takeOlder(this.clock.monotonic() - maxWaitMs)
      for (const waiting of late) waiting.reject(tooSlow())
      if (this.#turns.size > 0) this.#watchDeadlines()
    })
  }

  /** What was read of a kid or, of another system's token, of all that it may be stored as: the first of them that it is. */
  #toKnown(kid: string | undefined, sought: Sought | undefined, find: Find): Found {
    if (sought === undefined) {
      const stored = find(kid as string)
      return this.#toFound(stored, stored?.digest)
    }
    for (const candidate of sought.candidates.list) {
      const stored = find(candidate.kid)
      if (stored === undefined || !sameDigest(stored.digest, candidate.digest)) continue
      return this.#toFound(stored, sought.digest)
    }
    if (sought.candidates.missingPepper !== undefined) throw pepperMissing(sought.candidates.missingPepper)
    return unknown
  }

  #toFound(stored: StoredSecret | undefined, digest: Uint8Array | undefined): Found {
    if (stored === undefined || digest === undefined) return unknown
    const { kid, keyId, organizationId, decoyTries } = stored
    if (decoyTries !== null) return { known: undefined, decoy: { keyId, organizationId, digest } }
    return { known: { digest, facts: toFacts(stored, this.#owners, isForeignKid(kid) ? kid : null) } }
  }

  #remember(name: string, { known, decoy }: Found): void {
    const foreignKid = known?.facts.terms.foreignKid
    // What was asked for by its kid alone has shown no token, by whose digest it is found.
    if (known && name !== foreignKid) this.cache.remember(foreignKid ?? name, known.digest, known.facts)
    else if (!known) this.#absent.add(copyLatin1(name), decoy)
  }
}

/** A secret to read: by its kid, or by the whole token of another system. */
type Asked = { kid: string } | ForeignToken
type Find = (kid: string) => StoredSecret | undefined
type Found = Omit<Reading, 'begunAt'>

const unknown: Found = { known: undefined }

/** A token of another system that is read, by what it may be stored as. */
interface Sought {
  digest: Uint8Array
  candidates: Candidates
  kids: readonly string[]
}

/** By what a read is known: a kid, or the digest of another system's token, which no kid equals. */
function nameOf(asked: Asked | PresentedToken): string {
  return asked.kid ?? digestText((asked as ForeignToken).token)
}

function toSought({ token }: ForeignToken, candidates: Candidates | undefined): Sought | undefined {
  return candidates && { digest: digestToken(token), candidates, kids: candidates.list.map(({ kid }) => kid) }
}

function tooSlow(): LatchkeyError {
  return new LatchkeyError(
    'store_unavailable',
    'The database cannot keep up with the number of requests. Try again.',
  )
}
