// How long what this process remembers may be believed without asking the database again.
import { leaseMs } from '../core/bounds.ts'
import type { Clock } from './clock.ts'

/** What a read gave, and when, by the monotonic clock, it began. */
export interface DatedRead {
  begunAt: number
}

/** Tells whether a read began so long ago that a revocation since may have been acknowledged everywhere. */
export function isOutdated({ begunAt }: DatedRead, monotonic: number): boolean {
  return monotonic - begunAt >= leaseMs
}

/**
 * Reads, and again each time that took as long as a lease: the process was paused, and what it read may be from before a
 * revocation that was acknowledged meanwhile. Every judgement by a read goes through here, or asks {@link isOutdated}.
 */
export async function readWithinLease<Read extends DatedRead>(
  clock: Pick<Clock, 'monotonic'>,
  read: () => Promise<Read>,
): Promise<Read> {
  for (;;) {
    const outcome = await read()
    if (!isOutdated(outcome, clock.monotonic())) return outcome
  }
}

/**
 * Holds for {@link leaseMs} after this process began the read that showed it every change made until then
 * (C. Gray and D. Cheriton, Leases, SOSP 1989). A revocation acknowledged after that read began is unknown here
 * for no longer than the lease.
 */
export class Lease {
  #endsMonotonic = Number.NEGATIVE_INFINITY
  #endsByWall = Number.NEGATIVE_INFINITY

  /** Begins anew from the two clocks' readings when a read began that has since shown every change. */
  confirm(monotonic: number, now: number): void {
    this.#endsMonotonic = monotonic + leaseMs
    this.#endsByWall = now + leaseMs
  }

  /** How long ago, at these readings, it began: in milliseconds, and undefined if it does not hold. */
  age(monotonic: number, now: number): number | undefined {
    if (!this.holds(monotonic, now)) return undefined
    return leaseMs - Math.min(this.#endsMonotonic - monotonic, this.#endsByWall - now)
  }

  /** Ends now. */
  drop(): void {
    this.#endsMonotonic = Number.NEGATIVE_INFINITY
  }

  /**
   * Tells whether it holds at these readings. The monotonic clock decides; the wall's may only end a lease
   * sooner, for a machine that slept stops its monotonic clock.
   */
  holds(monotonic: number, now: number): boolean {
    return monotonic < this.#endsMonotonic && now < this.#endsByWall
  }
}
