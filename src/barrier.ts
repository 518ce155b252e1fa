// Waits until every process that remembers facts has acted on all changes made so far.
import type { Engine } from './engine.ts'
import type { Applied } from './schemas.ts'
import { silentFollowers } from './store/changes.ts'

/** After this, whoever was silent has no lease any more: it is longer than `leaseMs`. */
const longestWaitMs = 2_000
const lookEveryMs = 10

/**
 * Resolves when every live process has confirmed all changes that were committed before the call, or after two
 * seconds, when the leases of the silent ones have run out all the same: from then on no process on the database
 * judges by what was true before. The silent ones are struck off; one that still lives forgets all it knew
 * before it enlists again. Never throws: where the database is away it waits the two seconds out.
 */
export async function waitUntilApplied(engine: Engine): Promise<Applied> {
  const { store, memory } = engine
  const began = memory.clock.monotonic()
  const sleep = (milliseconds: number) =>
    new Promise<void>((resolve) => memory.clock.after(milliseconds, resolve))
  const elapsed = () => memory.clock.monotonic() - began
  let silent: { id: string; name: string }[] | undefined
  try {
    const sequence = await store.write((tx) => store.recordChange(tx, null))
    const committed = elapsed()
    for (;;) {
      const behind = await store.read((db) => silentFollowers(db, sequence))
      // This process forgot what it changed before the change was acknowledged.
      silent = behind.filter(({ id }) => id !== memory.follower.id)
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
