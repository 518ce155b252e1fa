// Long work on many items, in slices: everybody else's requests come between them, and those who have such work share.
import { atWorkTurn } from './work-turns.ts'

/** How long a slice takes at most, unless one item takes longer. */
const sliceMs = 0.5

/** Runs one slice a turn of the event loop, whoever's work it is, and of each asker one piece of work at a time. */
export class Slices {
  /** The latest work of each asker. */
  readonly #latest = new Map<string, Promise<void>>()
  readonly #waiting: (() => void)[] = []

  /** Calls back for each item in order; returns what that gave. Throws what it throws. */
  async map<Item, Result>(
    asker: string,
    items: readonly Item[],
    work: (item: Item, index: number) => Result,
  ): Promise<Result[]> {
    const before = this.#latest.get(asker)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#latest.set(asker, promise)
    try {
      if (before) {
        await before
        await this.#nextTurn()
      }
      const results: Result[] = []
      let endsAt = performance.now() + sliceMs
      for (const [index, item] of items.entries()) {
        if (performance.now() >= endsAt) {
          await this.#nextTurn()
          endsAt = performance.now() + sliceMs
        }
        results.push(work(item, index))
      }
      return results
    } finally {
      resolve()
      if (this.#latest.get(asker) === promise) this.#latest.delete(asker)
    }
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) atWorkTurn(() => this.#giveTurn())
    })
  }

  #giveTurn(): void {
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) atWorkTurn(() => this.#giveTurn())
  }
}
