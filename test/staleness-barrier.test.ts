// The barrier on real databases, at the instants that decide: a follower that confirms while it is being given up.
import { expect, test } from 'vitest'
import { waitUntilApplied } from '../src/barrier.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { onEachDatabase } from './setup/databases.ts'

onEachDatabase('the barrier', (makeDatabase) => {
  test('waits for a process that confirmed just before it was to be struck off, the next time too', async () => {
    const database = await makeDatabase()
    await using _ = await openLatchkey({ database })
    const store = await openStore(database)
    try {
      const began = await store.enlist('late')
      let time = 0
      const clock = {
        now: () => time,
        monotonic: () => time,
        after: (milliseconds: number, callback: () => void) => {
          time += milliseconds
          setImmediate(callback)
          return () => {}
        },
      }
      // It confirms after two seconds, between the last look at it and what follows from that.
      let raised = began
      const first = await waitUntilApplied(
        {
          ...store,
          raiseBarrier: async () => {
            raised = await store.raiseBarrier()
            return raised
          },
          dismissSilent: async (sequence) => {
            expect(await store.silentFollowers(sequence)).toHaveLength(1)
            expect(await store.confirm('late', raised)).toBe(true)
            return store.dismissSilent(sequence)
          },
        },
        clock,
      )
      expect(time).toBeGreaterThanOrEqual(2_000)
      expect(first.confirmed).toBe(true)
      // It acts on all of the first barrier, holds a lease, and has heard nothing of the second.
      expect((await waitUntilApplied(store, clock)).confirmed).toBe(false)
    } finally {
      await store.close()
    }
  })
})
