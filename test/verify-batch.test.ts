// A batch that waits for the store while a lease ends: no verdict of it rests on a memory that may be out of date by then.
import { expect, test } from 'vitest'
import { openChangeLog } from '../src/coherence/change-log.ts'
import { leaseMs } from '../src/core/bounds.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { verify } from '../src/verification/verify.ts'
import { verifyBatch } from '../src/verification/verify-batch.ts'
import { createAcme } from './setup/acme.ts'
import { onOneDatabase } from './setup/databases.ts'
import { openMemoryOn } from './setup/memory.ts'

onOneDatabase('SQLite', 'a batch', (makeDatabase) => {
  test('judges anew what memory said under a lease that has ended since, though that is not long ago', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const create = () => latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const [known, cold] = [await create(), await create()]
    await using stack = new AsyncDisposableStack()
    const store = await openStore(database)
    stack.defer(() => store.close())
    const log = openChangeLog(store)
    let isAway = false
    const readChanges: typeof log.readChanges = async (since, follower) => {
      if (isAway) throw new Error('No look succeeds.')
      return log.readChanges(since, follower)
    }
    let isLate = false
    const opened = await openMemoryOn(
      store,
      'by statements',
      (rows) => {
        if (!isAway) return rows
        if (!isLate) clock.time += leaseMs / 2
        isLate = true
        return rows.map((row) => (row.keyId === known.id ? { ...row, revokedAt: 1 } : row))
      },
      { readChanges },
    )
    const { memory, clock } = opened
    stack.defer(() => memory.follower.stop())
    expect(await verify(memory, known.key)).toMatchObject({ valid: true })
    isAway = true
    // The lease that the first look gave has half of its time left, and the read of the other key takes as long.
    clock.time += leaseMs / 2
    const verdicts = await verifyBatch(memory, [{ key: known.key }, { key: cold.key }])
    expect(verdicts.map(({ code }) => code)).toEqual(['revoked', 'valid'])
  })
})
