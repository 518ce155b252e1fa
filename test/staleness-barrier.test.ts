// The barrier on real databases, at the instants that decide: a follower that confirms while it is being given up.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { waitUntilApplied } from '../src/barrier.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

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

  test('a process that finds the log of changes cut short forgets all it knew', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.waitUntilApplied()
    expect((await latchkey.verify(key)).valid).toBe(true)
    await using direct = await connectDirectly(database)
    // A revocation whose word is lost, as by a database that was cleaned or restored by hand.
    await direct.run('update keys set revoked_at = 1')
    expect((await latchkey.verify(key)).valid).toBe(true)
    await direct.run('delete from changes')
    await direct.run('update change_counter set value = value + 1')
    while ((await latchkey.verify(key)).valid) await setTimeout(10)
    expect((await latchkey.verify(key)).code).toBe('revoked')
  })
})
