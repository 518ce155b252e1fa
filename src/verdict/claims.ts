// What calls claim of limits, and the messages by which a process asks for it.
import type { DrawMessage } from './counter.ts'
import type { CountedLimit, Holding } from './holding.ts'

/** What a call draws from one limit. */
export interface Claim {
  limit: CountedLimit
  cost: number
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

/** A call that waits for a draw. */
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

/** Makes a call wait for the counters of its claims: each of these counts it until it is answered. */
export function makeWaiter(
  claims: readonly Claim[],
  holdings: readonly Holding[],
  now: number,
): { waiter: Waiter; promise: Promise<Outcome> } {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const count = (change: number) => {
    for (const holding of holdings) holding.waiting += change
  }
  count(1)
  const waiter: Waiter = {
    claims,
    short: claims,
    asksForAll: false,
    since: now,
    rounds: 0,
    settle(outcome) {
      count(-1)
      resolve(outcome)
    },
    fail(error) {
      count(-1)
      reject(error)
    },
  }
  return { waiter, promise }
}
