// Evicts the processes that ended without a word, so that no change waits for them.

import type { Clock } from '../verdict/clock.ts'
import { type BarrierLog, waitUntilApplied } from './barrier.ts'

/** All processes together ask so often: the first one that finds that no other has does it. */
const everyMs = 60_000
/** Soon after this process begins to follow: what ran before it may have crashed. */
const firstMs = 1_000

/** A process that follows the changes, as the eviction sees it. */
interface Following {
  readonly following: boolean
  /** When, by the monotonic clock, it last saw a barrier; -Infinity for never. */
  readonly barrierSeenAt: number
}

/**
 * Raises a barrier if there was none for a minute. It evicts each process that does not confirm it within two seconds, which
 * is as safe as any barrier: a process that is still running notices at its next look, and begins anew with an empty cache.
 * Returns how to stop that.
 */
export function startEvictions(log: BarrierLog, clock: Clock, follower: Following): () => void {
  let callOff = clock.after(firstMs, look)
  function look(): void {
    const { following, barrierSeenAt } = follower
    if (following && clock.monotonic() - barrierSeenAt >= everyMs) void waitUntilApplied(log, clock)
    // At different instants, so that one is the first and the others see its barrier.
    callOff = clock.after(following ? everyMs * (0.5 + Math.random() / 2) : firstMs, look)
  }
  return () => callOff()
}
