// Waits until every process that remembers facts has acted on all changes made so far.

import { barrierMs } from '../core/bounds.ts'
import type { Applied } from '../core/shapes/calls.ts'
import { type Clock, sleep } from '../verdict/clock.ts'

const lookEveryMs = 10

/** The log of changes as a barrier needs it. */
export interface BarrierLog {
  /** Records a change that every follower must confirm; returns its number. */
  raiseBarrier(): Promise<number>
  /** The names of the registered processes that have not confirmed a change yet. */
  unresponsive(sequence: number): Promise<string[]>
  /** Evicts those that have not confirmed a change by then; returns their names. */
  evict(sequence: number): Promise<string[]>
}

/**
 * Resolves when every live process has confirmed all changes that were committed before the call, or after two
 * seconds, when the leases of the unresponsive ones have run out all the same: from then on no process on the database
 * judges by what was true before. Unresponsive processes are evicted. An evicted process that is still running notices,
 * clears its cache and registers again. Never throws: if the database is away, it waits the two seconds out.
 */
export async function waitUntilApplied(log: BarrierLog, clock: Clock): Promise<Applied> {
  const began = clock.monotonic()
  const elapsed = () => clock.monotonic() - began
  let silent: string[] = []
  try {
    const sequence = await log.raiseBarrier()
    const committed = elapsed()
    for (;;) {
      const isLast = elapsed() - committed >= barrierMs
      // One that confirms at the last moment stays registered: it holds a lease, and the next barrier must wait for it.
      silent = isLast ? await log.evict(sequence) : await log.unresponsive(sequence)
      if (silent.length === 0) return { confirmed: true, milliseconds: Math.ceil(elapsed()), silent }
      if (isLast) break
      await sleep(clock, lookEveryMs)
    }
  } catch {
    await sleep(clock, Math.max(0, barrierMs - elapsed()))
  }
  return { confirmed: false, milliseconds: Math.ceil(elapsed()), silent }
}
