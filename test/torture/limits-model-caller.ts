// Whoever judges calls in the model of `limits-model.ts`: a process, or a verifier elsewhere.
import type { Outcome } from '../../src/verdict/claims.ts'
import type { World } from './limits-model.ts'

/** What a call asks of the limits: costs by the counter. */
export type Costs = Readonly<Record<string, number>>

/** It may be paused and killed. What reaches it in a pause waits for the end of that. */
export abstract class Caller {
  readonly #clock: World
  #pausedUntil = 0
  #inbox: (() => void)[] = []
  #isDead = false

  constructor(world: World) {
    this.#clock = world
  }

  abstract call(
    costs: Costs,
    note: (outcome: Outcome | undefined, periods: Map<string, number>) => void,
  ): void

  get isDead(): boolean {
    return this.#isDead
  }

  /** Runs something in it, once it is not paused any more. */
  deliver(run: () => void): void {
    if (this.#isDead) return
    if (this.#clock.time < this.#pausedUntil) this.#inbox.push(run)
    else run()
  }

  pause(length: number): void {
    const clock = this.#clock
    this.#pausedUntil = Math.max(this.#pausedUntil, clock.time + length)
    clock.at(this.#pausedUntil - clock.time, () => {
      if (clock.time < this.#pausedUntil) return
      for (const run of this.arrange(this.#inbox.splice(0))) this.deliver(run)
    })
  }

  kill(): void {
    this.#isDead = true
  }

  /** The order in which it takes in what has waited. */
  protected arrange(waiting: (() => void)[]): (() => void)[] {
    return waiting
  }
}
