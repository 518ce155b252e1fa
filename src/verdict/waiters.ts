// The calls that wait for a draw. Organizations take turns, so one with thousands of them delays none of another.
import { LatchkeyError } from '../core/errors.ts'
import { Rounds } from '../fairness/rounds.ts'
import type { Claim, Outcome, Waiter } from './claims.ts'
import type { Holding } from './holding.ts'

/** At most so many calls of an organization wait. */
const maxWaiting = 16_384

/** All calls that wait: in line for a message, in one that is under way, or until they ask again. */
export class Waiters {
  readonly #counts = new Map<string, number>()
  #line = new Rounds<Waiter>()

  /** How many stand in line. */
  get inLine(): number {
    return this.#line.size
  }

  /** Why one more call cannot wait; undefined if it can. Whether there are units for it, nobody knows. */
  refusalOf(claims: readonly Claim[]): LatchkeyError | undefined {
    if ((this.#counts.get(organizationOf(claims)) ?? 0) < maxWaiting) return undefined
    const detail = 'Too many calls wait for the limits of this organization. Try again.'
    return new LatchkeyError('too_many_requests', detail, { retryAfterMs: 1_000 })
  }

  /** Makes a call wait for the counters of its claims: each of these counts it until it is answered. */
  make(
    claims: readonly Claim[],
    holdings: readonly Holding[],
    now: number,
  ): { waiter: Waiter; promise: Promise<Outcome> } {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    const count = (change: 1 | -1) => {
      this.#count(organizationOf(claims), change)
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

  /** Puts a call at the end of its organization's line. */
  add(waiter: Waiter): void {
    this.#line.add(waiter, [organizationOf(waiter.claims)])
  }

  /** Takes the call out of the line whose turn it is; undefined if none stands there. */
  take(): Waiter | undefined {
    return this.#line.take()
  }

  /** Takes all out of the line. */
  takeAll(): Waiter[] {
    const line = this.#line
    this.#line = new Rounds()
    return Array.from({ length: line.size }, () => line.take() as Waiter)
  }

  #count(organizationId: string, change: 1 | -1): void {
    const count = (this.#counts.get(organizationId) ?? 0) + change
    if (count > 0) this.#counts.set(organizationId, count)
    else this.#counts.delete(organizationId)
  }
}

function organizationOf(claims: readonly Claim[]): string {
  return claims[0]?.limit.organizationId ?? ''
}
