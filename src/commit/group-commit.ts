// Writes together what is asked for while something else is being written, so that one fsync makes all of it durable.
//
// Clients that ask again as soon as they are answered would fall into two groups, one small and one large, each waiting
// while the other is written. So a batch waits a moment for as many as were there when the one before it ended, as
// PostgreSQL does with `commit_delay` and `commit_siblings` (its documentation, section 20.5).

/** How long a batch waits for the others, in milliseconds, and at most as long as the last one took to be written. */
const maxGatherMs = 5
/** Those who have not asked again so long after they were answered are not waited for, in milliseconds. */
const companyMs = 10

/** What waits to be written, and writes it batch by batch. */
export class GroupCommit<T> {
  readonly #write: (batch: T[]) => Promise<void>
  readonly #maxAtOnce: number
  #waiting: T[] = []
  #isWriting = false
  /** How many were there when the last batch ended, itself included, and when that was by the monotonic clock. */
  #expected = 0
  #endedAt = Number.NEGATIVE_INFINITY
  #tookMs = 0
  #onComplete: () => void = () => {}

  /** `write` must not reject. */
  constructor(write: (batch: T[]) => Promise<void>, maxAtOnce: number) {
    this.#write = write
    this.#maxAtOnce = maxAtOnce
  }

  /** Writes it soon. */
  add(one: T): void {
    this.#waiting.push(one)
    if (!this.#isWriting) void this.#writeAll()
    else if (this.#waiting.length >= this.#expected) this.#onComplete()
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    // Those that are asked for in the same turn of the event loop come along.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      await this.#gather()
      const batch = this.#waiting.splice(0, this.#maxAtOnce)
      const begunAt = performance.now()
      await this.#write(batch)
      this.#expected = Math.min(this.#maxAtOnce, batch.length + this.#waiting.length)
      this.#endedAt = performance.now()
      this.#tookMs = this.#endedAt - begunAt
    }
    this.#isWriting = false
  }

  async #gather(): Promise<void> {
    if (this.#waiting.length >= this.#expected || performance.now() - this.#endedAt > companyMs) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onComplete = resolve
    const timer = setTimeout(resolve, Math.min(this.#tookMs, maxGatherMs))
    await promise
    clearTimeout(timer)
  }
}
