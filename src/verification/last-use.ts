// Remembers when each secret was last used and writes it down in batches, off the path of a verification.

import type { Use } from '../store/last-use.ts'

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

/** The uses that are not in the database yet, one a secret. */
export class UsageRecorder {
  readonly #save: (uses: readonly Use[]) => Promise<void>
  #uses = new Map<string, Use>()
  #flushing: Promise<void> = Promise.resolve()
  /** How many a statement writes: among millions of keys on a slow disk each row is a page of its own. */
  #batchSize = maxBatch
  readonly #timer: NodeJS.Timeout

  /** `save` writes a batch of uses, or none of them. */
  constructor(save: (uses: readonly Use[]) => Promise<void>) {
    this.#save = save
    // Where the database is away, the uses stay here and the next round tries again.
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

  /** Writes down all that was noted before the call. Throws `store_unavailable`, and then forgets nothing. */
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

  async #saveInTime(batch: readonly Use[]): Promise<void> {
    const begunAt = performance.now()
    try {
      await this.#save(batch)
    } catch (error) {
      if (hasAnswered(error)) this.#batchSize = Math.max(minBatch, batch.length >> 1)
      throw error
    }
    if (performance.now() - begunAt < quickMs) this.#batchSize = Math.min(maxBatch, this.#batchSize * 2)
  }

  async #write(): Promise<void> {
    this.beforeFlush()
    // By key, so that the secrets of one are written together.
    const uses = [...this.#uses.values()].sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
    this.#uses = new Map()
    let written = 0
    while (written < uses.length) {
      const batch = uses.slice(written, written + this.#batchSize)
      try {
        await this.#saveInTime(batch)
      } catch (error) {
        for (const use of uses.slice(written)) this.note(use.kid, use.keyId, use.organizationId, use.at)
        throw error
      }
      written += batch.length
    }
  }
}

/** Whether a database refused a batch for what others do, rather than not being there. */
function hasAnswered(error: unknown): boolean {
  const { code, message = '' } = ((error as Error).cause ?? {}) as { code?: unknown; message?: string }
  // PostgreSQL: a deadlock, a serialization failure, a lock or a statement that timed out (its Appendix A).
  return ['40P01', '40001', '55P03', '57014'].includes(String(code)) || /locked|busy|timeout/i.test(message)
}
