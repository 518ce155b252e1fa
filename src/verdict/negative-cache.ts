// What was unknown a moment ago, so that a client that asks for the same again and again costs no read.
import type { Clock } from './clock.ts'

/** How long an unknown name stays unknown without asking: what was made elsewhere is found within this. */
const absentMs = 200
const maxNames = 10_000

/** Names that were unknown, for a moment, in bounded memory: the oldest goes first. */
export class NegativeCache {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #until = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Tells whether a name was unknown a moment ago. */
  has(name: string): boolean {
    const until = this.#until.get(name)
    return until !== undefined && this.#clock.monotonic() < until
  }

  /** Notes that a name is unknown now. */
  add(name: string): void {
    const oldest = this.#until.keys().next()
    if (this.#until.size >= maxNames && !oldest.done) this.#until.delete(oldest.value)
    this.#until.set(name, this.#clock.monotonic() + absentMs)
  }

  delete(name: string): void {
    this.#until.delete(name)
  }

  clear(): void {
    this.#until.clear()
  }
}
