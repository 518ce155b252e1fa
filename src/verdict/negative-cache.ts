// What was unknown a moment ago, so that a client that asks for the same again and again costs no read.
import type { Clock } from './clock.ts'

/** How long an unknown name stays unknown without asking: what was made elsewhere is found within this. */
const absentMs = 200
const maxNames = 10_000

/**
 * Names that were unknown, for a moment, in bounded memory: the oldest goes first. With a name may stand what its caller knows of
 * it all the same.
 */
export class NegativeCache<Note = undefined> {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #until = new Map<string, { until: number; note: Note | undefined }>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Tells whether a name was unknown a moment ago. */
  has(name: string): boolean {
    const known = this.#until.get(name)
    return known !== undefined && this.#clock.monotonic() < known.until
  }

  /** What stands with a name that was unknown a moment ago, if anything does. */
  noteOf(name: string): Note | undefined {
    return this.#until.get(name)?.note
  }

  /** Notes that a name is unknown now. */
  add(name: string, note?: Note): void {
    const oldest = this.#until.keys().next()
    if (this.#until.size >= maxNames && !oldest.done) this.#until.delete(oldest.value)
    this.#until.set(name, { until: this.#clock.monotonic() + absentMs, note })
  }

  delete(name: string): void {
    this.#until.delete(name)
  }

  clear(): void {
    this.#until.clear()
  }
}
