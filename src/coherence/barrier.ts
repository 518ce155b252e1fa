// Waits until every process that remembers facts has acted on all changes made so far.

import { barrierMs } from '../core/bounds.ts'
import type { Applied } from '../core/shapes/calls.ts'
import type { Clock } from '../verdict/clock.ts'

const lookEveryMs = 10

/** The store as a barrier needs it. */
export interface BarrierStore {
  /** Records a change that every follower must confirm; returns its number. */
  raiseBarrier(): Promise<number>
  /** The enlisted processes that have not confirmed a change yet. */
  silentFollowers(sequence: number): Promise<string[]>
  /** Strikes off those that have not confirmed a change by then; returns their names. */
  dismissSilent(sequence: number): Promise<string[]>
}

/**
 * Resolves when every live process has confirmed all changes that were committed before the call, or after two
 * seconds, when the leases of the silent ones have run out all the same: from then on no process on the database
 * judges by what was true before. The silent ones are struck off; one that still lives forgets all it knew
 * before it enlists again. Never throws: where the database is away it waits the two seconds out.
 */
export async function waitUntilApplied(store: BarrierStore, clock: Clock): Promise<Applied> {
  const began = clock.monotonic()
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => clock.after(milliseconds, resolve))
  const elapsed = () => clock.monotonic() - began
  let silent: string[] = []
  try {
    const sequence = await store.raiseBarrier()
    const committed = elapsed()
    for (;;) {
      const isLast = elapsed() - committed >= barrierMs
      // One that confirms at the last moment stays enlisted: it holds a lease, and the next barrier must wait for it.
      silent = isLast ? await store.dismissSilent(sequence) : await store.silentFollowers(sequence)
      if (silent.length === 0) return { confirmed: true, milliseconds: Math.ceil(elapsed()), silent }
      if (isLast) break
      await sleep(lookEveryMs)
    }
  } catch {
    await sleep(Math.max(0, barrierMs - elapsed()))
  }
  return { confirmed: false, milliseconds: Math.ceil(elapsed()), silent }
}
