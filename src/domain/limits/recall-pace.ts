// How often a counter is called back from the processes that hold units of it. A counter that all of them use up has no idle units:
// whatever is called back was spent meanwhile, and each recall is a line of the log that every process reads.

/** A counter is called back so often at most; half as often after each time that calls are short of it again so soon. */
const recallEveryMs = 200
const longestPauseMs = 800
/** How many counters are called back at once at most. */
const maxAtOnce = 16
/** So many are remembered. */
const maxRecalled = 10_000

interface Recalled {
  at: number
  pauseMs: number
}

const never: Recalled = { at: Number.NEGATIVE_INFINITY, pauseMs: recallEveryMs }

/** When this process called counters back. */
export class RecallPace {
  readonly #recalled = new Map<string, Recalled>()

  /** Of the counters that calls are short of while others hold units, those that are called back now. */
  choose(ids: readonly string[], now: number): ReadonlySet<string> {
    const chosen = ids.filter((id) => now - this.#of(id).at >= this.#of(id).pauseMs).slice(0, maxAtOnce)
    if (this.#recalled.size > maxRecalled) this.#recalled.clear()
    for (const id of chosen) {
      const { at, pauseMs } = this.#of(id)
      const isSoon = now - at < 2 * pauseMs
      const next = isSoon ? Math.min(2 * pauseMs, longestPauseMs) : recallEveryMs
      this.#recalled.set(id, { at: now, pauseMs: next })
    }
    return new Set(chosen)
  }

  /** The recall of a counter came to nothing. */
  forget(id: string): void {
    this.#recalled.delete(id)
  }

  #of(id: string): Recalled {
    return this.#recalled.get(id) ?? never
  }
}
