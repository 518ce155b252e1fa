// Whoever judges calls in the model of `limits-model.ts`: a process, or a verifier elsewhere.
import type { Outcome } from '../../src/verdict/claims.ts'

/** What a call asks of the limits: costs by the counter. */
export type Costs = Readonly<Record<string, number>>

export interface Caller {
  readonly isDead: boolean
  deliver(run: () => void): void
  call(costs: Costs, note: (outcome: Outcome | undefined, periods: Map<string, number>) => void): void
}
