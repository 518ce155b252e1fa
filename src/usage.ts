// Remembers when each secret was last used and writes it down in batches, off the path of a verification.
import type { Store } from './store/store.ts'
import { saveUses, type Use } from './store/usage.ts'

const flushIntervalMs = 10_000
/** Small batches, so that a flush never holds the database for long. */
const batchSize = 100

/** The uses that are not in the database yet, one a secret. */
export class UsageRecorder {
  readonly #store: Store
  #uses = new Map<string, Use>()
  #flushing: Promise<void> = Promise.resolve()
  readonly #timer: NodeJS.Timeout

  constructor(store: Store) {
    this.#store = store
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

  /** Calls back before each flush, for whoever holds uses of its own. */
  beforeFlush: () => void = () => {}

  /** Writes down all that was noted before the call. Throws `store_unavailable`, and then forgets nothing. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#write())
    return this.#flushing
  }

  /** Ends the rounds after a last flush. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  async #write(): Promise<void> {
    this.beforeFlush()
    // In the order of their kids, so that two processes flushing at once take their locks in the same order.
    const uses = [...this.#uses.values()].sort((a, b) => (a.kid < b.kid ? -1 : 1))
    this.#uses = new Map()
    for (let start = 0; start < uses.length; start += batchSize) {
      try {
        await this.#store.write((tx) => saveUses(tx, uses.slice(start, start + batchSize)))
      } catch (error) {
        for (const use of uses.slice(start)) this.note(use.kid, use.keyId, use.organizationId, use.at)
        throw error
      }
    }
  }
}
