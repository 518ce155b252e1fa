// What this process remembers of the database, and how it reads what it does not.
import { FactsCache, nowhere } from './cache.ts'
import { digestText } from './digest.ts'
import { LatchkeyError } from './errors.ts'
import { type Facts, toFacts } from './facts.ts'
import { ChangeFollower, type ChangeSource } from './follower.ts'
import type { Clock } from './lease.ts'
import type { FactsRow } from './store/facts.ts'
import type { ParsedToken } from './token.ts'
import type { UsageRecorder } from './usage.ts'

/** How long an unknown kid stays unknown without asking: a key made elsewhere opens within this. */
const absentMs = 200
const mostAbsent = 10_000
/** Reads of the store at once: a flood of made-up kids must not crowd out everybody else. */
const mostReads = 64
/** Who has waited so long for a turn waits for a database that hangs, and is told so with those before. */
const longestTurnMs = 700

/** A secret's digest and facts, as a read of the store gives them. */
export interface KnownSecret {
  digest: Uint8Array
  facts: Facts
}

/** What a read gave, and since when, by the monotonic clock, it may have been overtaken. */
export interface Reading {
  known: KnownSecret | undefined
  begunAt: number
}

/** A read under way, which all who ask meanwhile share. */
interface Read {
  reading: Promise<Reading>
  /** What it reads may have changed since it began. */
  outdated: boolean
}

/** The store as the memory needs it. */
export interface FactsSource extends ChangeSource {
  findManyFacts(kids: readonly string[]): Promise<FactsRow[]>
}

/** The cache under its lease, the kids known to be absent, and the reads under way. */
export class Memory {
  readonly clock: Clock
  readonly cache: FactsCache
  readonly follower: ChangeFollower
  readonly usage: Pick<UsageRecorder, 'note'>
  readonly digest = digestText
  readonly #source: FactsSource
  readonly #absent = new Map<string, number>()
  readonly #reads = new Map<string, Read>()
  readonly #waiting: (() => void)[] = []
  #reading = 0

  constructor(
    source: FactsSource,
    clock: Clock,
    capacity: number,
    usage: Pick<UsageRecorder, 'note'>,
    newId: () => string,
  ) {
    this.#source = source
    this.clock = clock
    this.usage = usage
    this.cache = new FactsCache(capacity, (kid, answer, at) =>
      usage.note(kid, answer.keyId, answer.organizationId, at),
    )
    this.follower = new ChangeFollower(source, this, clock, newId)
  }

  /** Whether what is remembered may be believed at this reading of the wall's clock, and of the other one now. */
  isFresh(now: number): boolean {
    return this.follower.lease.holds(this.clock.monotonic(), now)
  }

  /** Whether a kid was unknown a moment ago. */
  isAbsent({ kid }: Pick<ParsedToken, 'kid'>): boolean {
    const until = this.#absent.get(kid)
    return until !== undefined && this.clock.monotonic() < until
  }

  /** Reads a secret from the store, once however many ask at once. Throws `store_unavailable`. */
  async read(kid: string): Promise<Reading> {
    if (!this.follower.following) await this.follower.start()
    // Who does not hear of changes must not share a read either: it may be from before a change that the asker
    // knows to be applied.
    if (!this.follower.following) return this.#take(() => this.#read(kid))
    const underway = this.#reads.get(kid)
    if (underway) return underway.reading
    const reading = Promise.resolve().then(() => this.#readToRemember(kid, read))
    const read: Read = { reading, outdated: false }
    this.#reads.set(kid, read)
    return reading
  }

  /** Notes that a secret was found valid: beside what is remembered of it, where that costs nothing more. */
  noteUse(kid: string, { keyId, organizationId }: Facts['answer'], at: number): void {
    const slot = this.cache.find(kid, 0)
    if (slot === nowhere) this.usage.note(kid, keyId, organizationId, at)
    else this.cache.noteUse(slot, at)
  }

  /** Forgets a key that changed, and lets no read that may have missed the change be shared or remembered. */
  forgetKey(keyId: string): void {
    this.#forgetReads()
    this.cache.forgetKey(keyId)
  }

  /** Forgets that a kid was unknown. */
  forgetAbsent(kid: string): void {
    this.#absent.delete(kid)
    const read = this.#reads.get(kid)
    if (read) this.#outdate(kid, read)
  }

  forgetAll(): void {
    this.#forgetReads()
    this.cache.clear()
    this.#absent.clear()
  }

  #forgetReads(): void {
    for (const [kid, read] of this.#reads) this.#outdate(kid, read)
  }

  /** Whoever asks from now on reads anew; whoever asked before gets what was read, and nobody remembers it. */
  #outdate(kid: string, read: Read): void {
    read.outdated = true
    this.#reads.delete(kid)
  }

  /** Runs a read when it is its turn. Throws `store_unavailable` where that takes too long. */
  async #take<T>(work: () => Promise<T>): Promise<T> {
    const askedAt = this.clock.monotonic()
    while (this.#reading >= mostReads) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      if (this.clock.monotonic() - askedAt < longestTurnMs) continue
      this.#waiting.shift()?.()
      throw new LatchkeyError('store_unavailable', 'The database is too slow to answer everyone; try again.')
    }
    this.#reading++
    try {
      return await work()
    } finally {
      this.#reading--
      this.#waiting.shift()?.()
    }
  }

  async #read(kid: string): Promise<Reading> {
    const begunAt = this.clock.monotonic()
    const [row] = await this.#source.findManyFacts([kid])
    return { known: row && { digest: row.digest, facts: toFacts(row) }, begunAt }
  }

  async #readToRemember(kid: string, read: Read): Promise<Reading> {
    try {
      const reading = await this.#take(() => this.#read(kid))
      if (!read.outdated) this.#remember(kid, reading.known)
      return reading
    } finally {
      if (this.#reads.get(kid) === read) this.#reads.delete(kid)
    }
  }

  #remember(kid: string, known: KnownSecret | undefined): void {
    if (known) {
      this.cache.remember(kid, known.digest, known.facts)
      return
    }
    const oldest = this.#absent.keys().next()
    if (this.#absent.size >= mostAbsent && !oldest.done) this.#absent.delete(oldest.value)
    this.#absent.set(kid, this.clock.monotonic() + absentMs)
  }
}
