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

import type { Use } from '../store/last-use.ts'
import { isBusy } from '../store/store.ts'
import type { SavedUsage, UsageBatch } from '../store/usage.ts'
import { type Count, Tallies } from '../verdict/tally.ts'

const flushIntervalMs = 10_000
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
/** A batch that was not answered for so long is dropped: soon the database may have forgotten its number. */
const maxFrozenMs = 6 * 86_400_000

/** What a recorder works with. */
export interface RecorderOptions {
  /** Names this process among all that ever write to the database. */
  source: string
  clock: { now(): number; monotonic(): number }
  /** Writes a batch, or none of it. */
  save(batch: UsageBatch): Promise<SavedUsage>
}

interface Frozen extends UsageBatch {
  /** By the clocks of the process: a machine that sleeps stops the monotonic one. */
  frozenAt: { monotonic: number; now: number }
}

/** What is not in the database yet: the counts of each key, and the uses, one a secret. */
export class UsageRecorder {
  readonly tallies = new Tallies()
  readonly #options: RecorderOptions
  #uses = new Map<string, Use>()
  #frozen: Frozen | undefined
  #number = 0
  #flushing: Promise<void> = Promise.resolve()
  /** How many rows a batch has: among millions of keys on a slow disk each is a page of its own. */
  #batchSize = maxBatch
  readonly #timer: NodeJS.Timeout

  constructor(options: RecorderOptions) {
    this.#options = options
    // Where the database is away, what was counted stays here and the next round tries again.
    this.#timer = setInterval(() => void this.flush().catch(() => {}), flushIntervalMs)
    this.#timer.unref()
  }

  /** Notes a use at an instant in milliseconds since 1970. */
  note(kid: string, keyId: string, organizationId: string, at: number): void {
    const use = this.#uses.get(kid)
    if (use === undefined) this.#uses.set(kid, { kid, keyId, organizationId, at })
    else if (use.at < at) use.at = at
  }

  /** Called before each flush, so that an owner of further uses can add them. */
  beforeFlush: () => void = () => {}

  /** Writes down all that was counted before the call. Throws `store_unavailable`, and then forgets nothing. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#write())
    return this.#flushing
  }

  /**
   * Ends the rounds after a last flush, which is tried again while others are in its way. Throws `store_unavailable`
   * if the database takes it in no attempt.
   */
  async close(): Promise<void> {
    clearInterval(this.#timer)
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

  async #write(): Promise<void> {
    await this.#sendFrozen()
    this.beforeFlush()
    const waiting = new Waiting(this.tallies.collect(), this.#uses)
    this.#uses = new Map()
    try {
      while (!waiting.isEmpty) {
        const { counts, uses } = waiting.take(this.#batchSize)
        const { source, clock } = this.#options
        const frozenAt = { monotonic: clock.monotonic(), now: clock.now() }
        this.#frozen = { source, owner: '', number: ++this.#number, counts, profiles: [], uses, frozenAt }
        await this.#sendFrozen()
      }
    } finally {
      const { counts, uses } = waiting.take(Number.POSITIVE_INFINITY)
      this.#keep(counts, uses)
    }
  }

  /** Sends the batch that is frozen, if there is one, and waits for its answer. */
  async #sendFrozen(): Promise<void> {
    const batch = this.#frozen
    if (batch === undefined) return
    const { monotonic, now } = batch.frozenAt
    const { clock } = this.#options
    if (Math.max(clock.monotonic() - monotonic, clock.now() - now) > maxFrozenMs) {
      this.#frozen = undefined
      return
    }
    const begunAt = performance.now()
    try {
      this.#settle(batch, await this.#save(batch))
    } catch (error) {
      if (hasAnswered(error)) await this.#makeVoid(batch)
      throw error
    }
    if (performance.now() - begunAt < quickMs) this.#batchSize = Math.min(maxBatch, this.#batchSize * 2)
  }

  /** Takes the number of a batch that is too large, so that what is in it can be written by others. */
  async #makeVoid(batch: Frozen): Promise<void> {
    this.#batchSize = Math.max(minBatch, Math.max(batch.counts.length, batch.uses.length) >> 1)
    this.#settle(batch, await this.#save({ ...batch, counts: [], profiles: [], uses: [], isVoid: true }))
  }

  /** What is in a batch that is not written, and never will be, waits for the next one. */
  #settle({ counts, uses }: Frozen, { isWritten }: SavedUsage): void {
    this.#frozen = undefined
    if (!isWritten) this.#keep(counts, uses)
  }

  #keep(counts: readonly Count[], uses: readonly Use[]): void {
    for (const count of counts) this.tallies.giveBack(count)
    for (const { kid, keyId, organizationId, at } of uses) this.note(kid, keyId, organizationId, at)
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

/** What a flush writes, in the order of keys, so that the rows of one are written together. */
class Waiting {
  readonly #keyIds: string[]
  readonly #counts: ReadonlyMap<string, readonly Count[]>
  readonly #uses = new Map<string, Use[]>()
  #taken = 0

  constructor(counts: ReadonlyMap<string, readonly Count[]>, uses: ReadonlyMap<string, Use>) {
    this.#counts = counts
    for (const use of uses.values()) {
      const known = this.#uses.get(use.keyId)
      if (known === undefined) this.#uses.set(use.keyId, [use])
      else known.push(use)
    }
    this.#keyIds = [...new Set([...counts.keys(), ...this.#uses.keys()])].sort()
  }

  get isEmpty(): boolean {
    return this.#taken === this.#keyIds.length
  }

  /** Takes the next keys, until that are so many rows; one key at least. */
  take(size: number): { counts: Count[]; uses: Use[] } {
    const counts: Count[] = []
    const uses: Use[] = []
    while (!this.isEmpty) {
      const keyId = this.#keyIds[this.#taken] as string
      const [ofKey, used] = [this.#counts.get(keyId) ?? [], this.#uses.get(keyId) ?? []]
      const isFull = Math.max(counts.length + ofKey.length, uses.length + used.length) > size
      if (isFull && counts.length + uses.length > 0) break
      counts.push(...ofKey)
      uses.push(...used)
      this.#taken++
    }
    return { counts, uses }
  }
}

/** Whether a database refused a batch for what others do, rather than not being there. */
function hasAnswered(error: unknown): boolean {
  const { code, message = '' } = ((error as Error).cause ?? {}) as { code?: unknown; message?: string }
  // A statement that PostgreSQL, or this process, gave up as too slow.
  return isBusy(error) || code === '57014' || /timeout/i.test(message)
}
