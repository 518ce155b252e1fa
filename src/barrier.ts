// Waits until every process that remembers facts has acted on all changes made so far.
import type { ChangeSource } from './follower.ts'
import type { Clock } from './lease.ts'
import type { Applied } from './schemas.ts'

/** After this, whoever was silent has no lease any more: it is longer than `leaseMs`. */
const longestWaitMs = 2_000
const lookEveryMs = 10

/** The store as a barrier needs it. */
export interface BarrierStore extends Pick<ChangeSource, 'dismiss'> {
  /** Records a change that every follower must confirm; returns its number. */
  raiseBarrier(): Promise<number>
  /** The enlisted processes that have not confirmed a change yet. */
  silentFollowers(sequence: number): Promise<{ id: string; name: string }[]>
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
  let silent: { id: string; name: string }[] | undefined
  try {
    const sequence = await store.raiseBarrier()
    const committed = elapsed()
    for (;;) {
      silent = await store.silentFollowers(sequence)
      if (silent.length === 0) return { confirmed: true, milliseconds: Math.ceil(elapsed()), silent: [] }
      if (elapsed() - committed >= longestWaitMs) break
      await sleep(lookEveryMs)
    }
    await store.dismiss(silent.map(({ id }) => id))
  } catch {
    await sleep(Math.max(0, longestWaitMs - elapsed()))
  }
  return {
    confirmed: false,
    milliseconds: Math.ceil(elapsed()),
    silent: (silent ?? []).map(({ name }) => name),
  }
}
