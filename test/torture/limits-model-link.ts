// The way from a process of the model in `limits-model.ts` to its database: it loses, delays and repeats.
import type { World } from './limits-model.ts'

const timeoutMs = 800

/** The way of one process. While it is cut off, nothing comes through. */
export class Link {
  readonly #world: World
  readonly #deliver: (run: () => void) => void
  isCutOff = false

  constructor(world: World, deliver: (run: () => void) => void) {
    this.#world = world
    this.#deliver = deliver
  }

  cutOff(length: number): void {
    this.isCutOff = true
    this.#world.at(length, () => {
      this.isCutOff = false
    })
  }

  /** A question to the database: it may be lost on its way, or its answer may; a transaction may come twice. */
  ask<T>(work: () => T, mayRepeat = false): Promise<T> {
    const world = this.#world
    const travel = () => (world.isCalm || world.chance(0.95) ? world.between(0.1, 8) : world.between(8, 900))
    const isLost = () => !world.isCalm && world.chance(0.005)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    world.at(timeoutMs, () => this.#deliver(() => reject(new Error('timeout'))))
    if (this.isCutOff || isLost()) return promise
    if (mayRepeat && !world.isCalm && world.chance(0.03)) world.at(world.between(1, 15_000), work)
    world.at(travel(), () => {
      if (!world.isUp) return
      const answer = work()
      if (this.isCutOff || isLost()) return
      world.at(travel(), () => this.#deliver(() => resolve(answer)))
    })
    return promise
  }
}
