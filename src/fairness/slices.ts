// Long work in slices: everybody else's requests come between them, and those who have such work share.
import { atWorkTurn } from './work-turns.ts'

/** How long a slice takes at most, unless one step takes longer. */
const sliceMs = 0.5

/**
 * Runs one slice a turn of the event loop over all askers, and of each asker one piece of work at a time. Short
 * pieces share a slice.
 */
export class Slices {
  /** The latest work of each asker. */
  readonly #latest = new Map<string, Promise<void>>()
  readonly #waiting: (() => void)[] = []
  /** A slice will begin, or is under way, for what waits. */
  #isSliceComing = false
  #endsAt = 0

  /** Calls back for each item in order; returns what that gave. Throws what it throws. */
  map<Item, Result>(
    asker: string,
    items: readonly Item[],
    work: (item: Item, index: number) => Result,
  ): Promise<Result[]> {
    return this.run(asker, callForEach(items, work))
  }

  /** Runs work that yields after each of its steps: there it may give way. Returns and throws what it does. */
  async run<Result>(asker: string, work: Generator<void, Result>): Promise<Result> {
    const before = this.#latest.get(asker)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#latest.set(asker, promise)
    try {
      let endsAt = performance.now() + sliceMs
      if (before) {
        await before
        endsAt = await this.#nextTurn()
      }
      for (;;) {
        const step = work.next()
        if (step.done) return step.value
        if (performance.now() >= endsAt) endsAt = await this.#nextTurn()
      }
    } finally {
      resolve()
      if (this.#latest.get(asker) === promise) this.#latest.delete(asker)
    }
  }

  /** Waits until others have had their turns; returns when the slice ends in which this one's begins. */
  async #nextTurn(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    if (!this.#isSliceComing) atWorkTurn(this.#beginSlice)
    this.#isSliceComing = true
    await promise
    return this.#endsAt
  }

  readonly #beginSlice = () => {
    this.#endsAt = performance.now() + sliceMs
    this.#giveTurn()
  }

  readonly #giveTurn = () => {
    this.#waiting.shift()?.()
    // A tick that a microtask asks for comes after all microtasks: what the work does in its turn, and what its end sets
    // going, counts in the time of the slice.
    queueMicrotask(() => process.nextTick(this.#goOn))
  }

  readonly #goOn = () => {
    if (this.#waiting.length === 0) this.#isSliceComing = false
    else if (performance.now() < this.#endsAt) this.#giveTurn()
    else atWorkTurn(this.#beginSlice)
  }
}

function* callForEach<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Result,
): Generator<void, Result[]> {
  const results: Result[] = []
  for (let i = 0; i < items.length; i++) {
    results.push(work(items[i] as Item, i))
    yield
  }
  return results
}
