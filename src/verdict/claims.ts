// What calls claim of limits, and the messages by which a process asks for it.
import type { DrawMessage } from './counter.ts'
import type { CountedLimit, Holding } from './holding.ts'

/** What a call draws from one limit. */
export interface Claim {
  readonly limit: CountedLimit
  readonly cost: number
  /** The period of the units that were drawn, if another may have begun since; that of its holding if absent. */
  period?: number | undefined
}

/** What was drawn just now, with the periods of the units: others may begin before they are given back, or reserved. */
export function dateClaims(claims: readonly Claim[]): Claim[] {
  return claims.map(({ limit, cost }) => ({ limit, cost, period: limit.holding?.period }))
}

/** What a counter is asked for in a message. */
export interface CounterMessage extends Omit<DrawMessage, 'holder' | 'sequence'> {
  holding: Holding
}

/** A message for all counters that need one; sent again until it is answered. */
export interface Message {
  sequence: number
  counters: CounterMessage[]
  sentAt: number
  waiters: Waiter[]
}

/** The units were taken; or there are none for the limits of these claims. */
export type Outcome = { taken: true } | { taken: false; exceeded: Claim[] }

/** A call that waits for a draw. All its limits are those of one organization. */
export interface Waiter {
  claims: readonly Claim[]
  /** The claims for which it asks; those of the others it takes from what is at hand. */
  short: readonly Claim[]
  /** Others took from under it what was at hand: now it asks for all. */
  asksForAll: boolean
  since: number
  rounds: number
  settle(outcome: Outcome): void
  fail(error: unknown): void
}
