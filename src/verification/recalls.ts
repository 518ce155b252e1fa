// The counters that were called back of late. A stream of changes tells of them sooner, but it may be cut off, tell of another
// process, or leave some out; the answer to a message renews a verifier's lease, and never without them.
import type { Changed } from '../coherence/follower.ts'

/** More than this are not kept by their names: who did not hear of them takes all to be called back. */
const mostKept = 10_000

/** Numbers what was called back, in the order in which this process heard of it. */
export class Recalls {
  #ids: string[] = []
  /** How many came before those. */
  #before = 0

  /** How many there were. */
  get count(): number {
    return this.#before + this.#ids.length
  }

  /** Hears what changed; undefined if anything may have. */
  hear(changed: readonly Changed[] | undefined): void {
    if (changed === undefined) {
      this.#before = this.count + 1
      this.#ids = []
      return
    }
    for (const { topic, id } of changed) if (topic === 'limit') this.#ids.push(id)
    if (this.#ids.length > 2 * mostKept)
      this.#before += this.#ids.splice(0, this.#ids.length - mostKept).length
  }

  /** The counters that were called back after so many; undefined if that may be any. */
  since(count: number): readonly string[] | undefined {
    return count < this.#before ? undefined : this.#ids.slice(count - this.#before)
  }
}
