// What a message got for the calls that waited, and how it is given out among them.
import type { Claim, Message, Waiter } from './claims.ts'
import type { DrawAnswer } from './counter.ts'
import type { CountedLimit, Holding } from './holding.ts'

/** The units that a message got for the calls that waited for it. */
export class Handout {
  readonly #given = new Map<Holding, number>()
  /** The counters of which others hold units. */
  readonly #elsewhere = new Set<Holding>()

  /** The answers stand in the order of the message's counters. */
  constructor({ counters }: Message, answers: readonly DrawAnswer[]) {
    for (const [i, { holding }] of counters.entries()) {
      const { given, elsewhere } = answers[i] as DrawAnswer
      this.#given.set(holding, given)
      if (elsewhere > 0) this.#elsewhere.add(holding)
    }
  }

  /** How many units a call may take of a limit: those of the claims alone for which it asked. */
  unitsFor({ short }: Waiter, limit: CountedLimit): number {
    return short.some((claim) => claim.limit === limit) ? (this.#given.get(limit.holding as Holding) ?? 0) : 0
  }

  /** Takes the units of a call, and the rest of them from what is at hand. */
  pay(waiter: Waiter): void {
    for (const { limit, cost } of waiter.claims) {
      if (cost === 0) continue
      const holding = limit.holding as Holding
      const units = this.unitsFor(waiter, limit)
      const taken = Math.min(cost, units)
      if (taken > 0) this.#given.set(holding, units - taken)
      holding.spend(cost, taken)
    }
  }

  /** Whether others hold units of all these limits. */
  areElsewhere(claims: readonly Claim[]): boolean {
    return claims.every(({ limit }) => this.#elsewhere.has(limit.holding as Holding))
  }

  /** What no call has taken. */
  get rest(): [Holding, number][] {
    return [...this.#given].filter(([, units]) => units > 0)
  }
}
