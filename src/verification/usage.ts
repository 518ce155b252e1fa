// Writes down what this process has counted, and when each secret was last used: in numbered batches, off the path of a
// verification.
//
//   counted   in a tally, or among those that wait         → collected: a flush takes it into a batch
//   frozen    in a batch, which has a number               → written: the database answers; or melted: it has surely
//                                                            not written the batch, and never will
//   written   in the database
//
// A batch is the same each time that it is sent, and the database writes a number of a source once. So an answer that was lost
// doubles nothing: the batch is sent again until it is answered. If it is too large for a database that is slow, the number
// is made void: either that finds it written, or it never will be, and what was in it goes into smaller ones. The answer to
// either tells which, also if an answer before it was lost.

import { dayMs } from '../core/periods.ts'
import type { ProfileCount } from '../core/usage-counts.ts'
import type { Use } from '../store/last-use.ts'
import { isBusy, isRowRefused } from '../store/store.ts'
import type { SavedUsage, UsageBatch } from '../store/usage.ts'
import type { Call } from '../verdict/evaluate.ts'
import { Tallies } from '../verdict/tally.ts'
import { halve, type Rows, sizeOf, WaitingRows, widthOf } from './usage-rows.ts'

const flushIntervalMs = 10_000
/** The pause after a failure: twice as long after each that got no further, up to that between flushes. */
const firstRetryMs = 1_000
/** Small batches, so that a flush never holds the database for long. */
const maxBatch = 250
/** A database that takes longer than a statement may take gets half as many, down to so many. */
const minBatch = 8
/** Far below what a statement may take: a database this quick gets twice as many the next time. */
const quickMs = 150
/** How long the last flush goes on trying: less than an orderly stop may take. */
const lastFlushMs = 6_000
/** A database that cannot be reached at all is given less. */
const awayMs = 1_500
const longestPauseMs = 100
/** How long a reader waits for the end of a flush, and how often it reads to find none under way. */
const readerMs = 2_000
const maxReads = 3
/** A batch that was not answered for so long is dropped: soon the database may have forgotten its number. */
const maxFrozenMs = 6 * dayMs
/** So many rows that the database refuses are told apart in a flush: each takes a few transactions. */
const maxApart = 100

/** What a recorder works with. */
export interface RecorderOptions {
  /** Names this process among all that ever write to the database. */
  source: string
  clock: { now(): number; monotonic(): number }
  /** Writes a batch, or none of it. */
  save(batch: UsageBatch): Promise<SavedUsage>
  /** Tells once of rows that the database refuses, and that are dropped so that others are written. */
  onRefused?(error: unknown): void
}

interface Frozen extends UsageBatch, Rows {
  counts: Rows['counts']
  profiles: Rows['profiles']
  uses: Rows['uses']
  /** By the clocks of the process: a machine that sleeps stops the monotonic one. */
  frozenAt: { monotonic: number; now: number }
}

/** What is not in the database yet: the counts of each key, its profiles, and the uses, one a secret. */
export class UsageRecorder {
  readonly tallies = new Tallies()
  readonly #options: RecorderOptions
  /** By key. */
  #uses = new Map<string, Use[]>()
  /** What a flush under way writes, or has written. */
  #waiting: WaitingRows | undefined
  #frozen: Frozen | undefined
  #number = 0
  #flushing: Promise<void> = Promise.resolve()
  #dropped = 0
  #hasTold = false
  #apart = 0
  /** How many rows a batch has: among millions of keys on a slow disk each is a page of its own. */
  #batchSize = maxBatch
  #timer: NodeJS.Timeout | undefined
  #isClosing = false
  /** Odd while a flush is under way. */
  #changes = 0

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#flushAfter(flushIntervalMs)
  }

  /** Notes a use at an instant in milliseconds since 1970. */
  note({ kid, answer: { keyId, organizationId }, circumstances }: Call, at: number): void {
    const { operation = '', ip = '', userAgent = '' } = circumstances
    this.#noteUse({ kid, keyId, organizationId, at, operation, ip, userAgent })
  }

  #noteUse(use: Use): void {
    const known = this.#uses.get(use.keyId)
    if (known === undefined) {
      this.#uses.set(use.keyId, [use])
      return
    }
    const at = known.findIndex(({ kid }) => kid === use.kid)
    if (at === -1) known.push(use)
    else if ((known[at] as Use).at <= use.at) known[at] = use
  }

  /** How many counts and uses were dropped: too many, too old, or refused by the database. */
  get dropped(): number {
    return this.#dropped + this.tallies.dropped
  }

  /** Called before the uses of a key are read, so that an owner of further uses can add them. */
  beforeRead: (keyId: string) => void = () => {}

  /** The uses of a key that the database may not know of yet. */
  usesOf(keyId: string): Use[] {
    this.beforeRead(keyId)
    const waiting = this.#waiting?.usesOf(keyId) ?? []
    const frozen = this.#frozen?.uses.filter((use) => use.keyId === keyId) ?? []
    return [...waiting, ...frozen, ...(this.#uses.get(keyId) ?? [])]
  }

  /**
   * Reads from the database, and beside that the profiles of a key that it does not know of yet. Of what a flush has under way
   * nobody can tell whether the database knows it: the read waits for the end of one, and is made again if one came between; if
   * they never end, it goes without the profiles.
   */
  async readWithProfiles<Result>(
    keyId: string,
    read: () => Promise<Result>,
  ): Promise<{ result: Result; profiles: ProfileCount[] }> {
    for (let reads = 1; ; reads++) {
      if (this.#changes % 2 === 1) await this.#awaitFlush()
      const known = this.#changes
      const result = await read()
      if (known % 2 === 0 && this.#changes === known) {
        this.beforeRead(keyId)
        return { result, profiles: this.tallies.profilesOf(keyId) }
      }
      if (reads === maxReads) return { result, profiles: [] }
    }
  }

  async #awaitFlush(): Promise<void> {
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, readerMs)
    await Promise.race([this.#flushing.catch(() => {}), patience])
    clearTimeout(timer)
  }

  /** Called before each flush, so that an owner of further uses can add them. */
  beforeFlush: () => void = () => {}

  /** Does more around each flush, which it is given. */
  aroundFlush: (flush: () => Promise<void>) => Promise<void> = (flush) => flush()

  /** Writes down all that was counted before the call. Throws `store_unavailable`, and then forgets nothing. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.aroundFlush(() => this.#write()))
    return this.#flushing
  }

  /**
   * Ends the rounds after a last flush, which is tried again while others are in its way. Throws `store_unavailable`
   * if the database takes it in no attempt.
   */
  async close(): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#timer)
    const startedAt = performance.now()
    for (;;) {
      try {
        return await this.flush()
      } catch (error) {
        const isAway = !hasAnswered(error)
        if (performance.now() - startedAt > (isAway ? awayMs : lastFlushMs)) throw error
        // At random, so that processes that stop together do not meet again.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * longestPauseMs))
      }
    }
  }

  /** Begins the next round. What could not be written stays here, and is tried again soon. */
  #flushAfter(pauseMs: number, retryMs = firstRetryMs): void {
    if (this.#isClosing) return
    const known = this.#number
    const again = () => {
      // It got further, to another batch.
      const nextMs = this.#number > known ? firstRetryMs : retryMs
      this.#flushAfter(nextMs, Math.min(flushIntervalMs, nextMs * 2))
    }
    this.#timer = setTimeout(() => this.flush().then(() => this.#flushAfter(flushIntervalMs), again), pauseMs)
    this.#timer.unref()
  }

  async #write(): Promise<void> {
    this.#changes++
    try {
      await this.#writeAll()
    } finally {
      this.#changes++
    }
  }

  async #writeAll(): Promise<void> {
    this.#apart = 0
    await this.#sendFrozen()
    this.beforeFlush()
    const waiting = new WaitingRows(this.tallies.collect(), this.tallies.collectProfiles(), this.#uses)
    this.#uses = new Map()
    this.#waiting = waiting
    try {
      while (!waiting.isEmpty) {
        await this.#send(waiting.take(this.#batchSize))
      }
    } finally {
      this.#keep(waiting.take(Number.POSITIVE_INFINITY))
      this.#waiting = undefined
    }
  }

  async #send(rows: Rows): Promise<void> {
    const { source, clock } = this.#options
    const frozenAt = { monotonic: clock.monotonic(), now: clock.now() }
    this.#frozen = { source, owner: '', number: ++this.#number, ...rows, frozenAt }
    await this.#sendFrozen()
  }

  /** Sends the batch that is frozen, if there is one, and waits for its answer. */
  async #sendFrozen(): Promise<void> {
    const batch = this.#frozen
    if (batch === undefined) return
    const { monotonic, now } = batch.frozenAt
    const { clock } = this.#options
    if (Math.max(clock.monotonic() - monotonic, clock.now() - now) > maxFrozenMs) {
      this.#frozen = undefined
      this.#dropped += sizeOf(batch)
      return
    }
    const begunAt = performance.now()
    try {
      this.#settle(batch, await this.#save(batch))
    } catch (error) {
      if (isRowRefused(error)) return this.#sendApart(batch, error)
      if (hasAnswered(error)) {
        this.#batchSize = Math.max(minBatch, widthOf(batch) >> 1)
        if (!(await this.#makeVoid(batch))) this.#keep(batch)
      }
      throw error
    }
    if (performance.now() - begunAt < quickMs) this.#batchSize = Math.min(maxBatch, this.#batchSize * 2)
  }

  /** Takes the number of a batch, so that what is in it can be written by others. Tells whether it was written before. */
  async #makeVoid(batch: Frozen): Promise<boolean> {
    const { isWritten } = await this.#save({ ...batch, counts: [], profiles: [], uses: [], isVoid: true })
    this.#frozen = undefined
    return isWritten
  }

  /**
   * Sends the halves of a batch that the database refuses, and theirs, down to the row that it does not take, which is dropped:
   * it would not take it next time either, and all that others have counted would wait behind it.
   */
  async #sendApart(batch: Frozen, error: unknown): Promise<void> {
    if (await this.#makeVoid(batch)) return
    const rows = sizeOf(batch)
    if (rows <= 1 || this.#apart >= maxApart) {
      this.#apart++
      this.#dropped += rows
      if (!this.#hasTold) this.#options.onRefused?.(error)
      this.#hasTold = true
      return
    }
    const [first, second] = halve(batch)
    try {
      await this.#send(first)
    } catch (failure) {
      this.#keep(second)
      throw failure
    }
    await this.#send(second)
  }

  /** What is in a batch that is not written, and never will be, waits for the next one. */
  #settle(batch: Frozen, { isWritten }: SavedUsage): void {
    this.#frozen = undefined
    if (!isWritten) this.#keep(batch)
  }

  #keep({ counts, profiles, uses }: Rows): void {
    for (const count of counts) this.tallies.giveBack(count)
    for (const profile of profiles) this.tallies.profiles.giveBack(profile)
    for (const use of uses) this.#noteUse(use)
  }

  async #save(batch: UsageBatch): Promise<SavedUsage> {
    const { clock, save } = this.#options
    const sentAt = clock.now()
    const saved = await save(batch)
    // Read by the database between the two instants, as far as this process can tell in the middle.
    const now = clock.now()
    this.tallies.setAhead(saved.now - (sentAt + now) / 2, now)
    return saved
  }
}

/** Whether a database refused a batch for what others do, rather than not being there. */
function hasAnswered(error: unknown): boolean {
  const { code, message = '' } = ((error as Error).cause ?? {}) as { code?: unknown; message?: string }
  // A statement that PostgreSQL, or this process, gave up as too slow.
  return isBusy(error) || code === '57014' || /timeout/i.test(message)
}
