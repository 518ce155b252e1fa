// What calls claim of limits, and the messages by which a process asks for it.
import { LatchkeyError } from '../core/errors.ts'
import type { DrawMessage } from './counter.ts'
import type { CountedLimit, Holding } from './holding.ts'

/** What a call draws from one limit. */
export interface Claim {
  limit: CountedLimit
  cost: number
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

/** At most so many calls of an organization wait. */
const maxWaiting = 16_384

/** How many calls of each organization wait. All limits of a call are those of one organization. */
export class Crowd {
  readonly #waiting = new Map<string, number>()

  /** Why one more call cannot wait; undefined if it can. Whether there are units for it, nobody knows. */
  refusalOf(claims: readonly Claim[]): LatchkeyError | undefined {
    if ((this.#waiting.get(organizationOf(claims)) ?? 0) < maxWaiting) return undefined
    const detail = 'Too many calls wait for the limits of this organization. Try again.'
    return new LatchkeyError('too_many_requests', detail, { retryAfterMs: 1_000 })
  }

  count(claims: readonly Claim[], change: 1 | -1): void {
    const id = organizationOf(claims)
    const waiting = (this.#waiting.get(id) ?? 0) + change
    if (waiting > 0) this.#waiting.set(id, waiting)
    else this.#waiting.delete(id)
  }
}

function organizationOf(claims: readonly Claim[]): string {
  return claims[0]?.limit.organizationId ?? ''
}

/** Makes a call wait for the counters of its claims: each of these counts it until it is answered. */
export function makeWaiter(
  claims: readonly Claim[],
  holdings: readonly Holding[],
  now: number,
  crowd: Crowd,
): { waiter: Waiter; promise: Promise<Outcome> } {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const count = (change: 1 | -1) => {
    crowd.count(claims, change)
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
