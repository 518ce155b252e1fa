// Several processes write the last uses of the same keys: none waits for another in a circle, and none is lost.

import { describe, expect, test } from 'vitest'
import { LatchkeyError } from '../src/core/errors.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { instantsOf } from '../src/store/instants.ts'
import type { Use } from '../src/store/last-use.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { saveUsage, type UsageBatch } from '../src/store/usage.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { UsageRecorder } from '../src/verification/usage.ts'
import { addManyKeys } from './setup/bulk.ts'
import { databaseKinds, makeDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { bareUse, callWith } from './setup/uses.ts'

/** So many that a plan finds the rows of a batch by index, in an order of its own. */
const stored = 20_000
const used = 1_000
const processes = 4
const rounds = 2

test('what a database does not take is written by the next round, and by none before', async () => {
  const taken: Use[][] = []
  let isAway = true
  const recorder = makeRecorder(async ({ uses }) => {
    if (isAway) throw new LatchkeyError('store_unavailable', 'Away.')
    taken.push([...uses])
    return { isWritten: true, now: Date.now() }
  })
  recorder.note(callWith('kid', 'key', 'acme'), 5)
  await expect(recorder.flush()).rejects.toThrow('Away.')
  recorder.note(callWith('kid', 'key', 'acme'), 3)
  isAway = false
  await recorder.flush()
  await recorder.close()
  const use = { kid: 'kid', keyId: 'key', organizationId: 'acme', ...bareUse }
  // What was sent before stays as it was; the database keeps the later instant.
  expect(taken).toEqual([[{ ...use, at: 5 }], [{ ...use, at: 3 }]])
})

test('a database that has time for few uses a statement gets few, and so takes them all', async () => {
  await using database = await makeDatabase('SQLite')
  {
    await using latchkey = await openLatchkey({ database: database.url })
    await latchkey.createRootKey()
  }
  await using direct = await connectDirectly(database.url)
  await addManyKeys(direct, 'root', used, Date.now())
  const store = await openStore(database.url)
  const sizes: number[] = []
  const recorder = makeRecorder(async (batch) => {
    const { length } = batch.uses
    if (length > 0) sizes.push(length)
    const cause = new Error('Query read timeout')
    if (length > 40) throw new LatchkeyError('store_unavailable', 'Too slow.', { cause })
    return save(store, batch)
  })
  const latest = Date.now() + 1_000_000
  for (const { id, kid } of await direct.run('select id, kid from keys where created_by is null'))
    recorder.note(callWith(String(kid), String(id), 'root'), latest)
  await recorder.close()
  await store.close()
  expect(sizes.slice(0, 4)).toEqual([250, 125, 62, 31])
  const [written] = await direct.run(`select count(*) as count from keys where last_used_at = ${latest}`)
  expect(Number(written?.count)).toBeGreaterThanOrEqual(used)
})

describe.each(databaseKinds)('on %s', (kind) => {
  test('uses of the same keys, written by four processes at once, are all written', async () => {
    await using database = await makeDatabase(kind)
    {
      await using latchkey = await openLatchkey({ database: database.url })
      await latchkey.createRootKey()
    }
    await using direct = await connectDirectly(database.url)
    await addManyKeys(direct, 'root', stored, Date.now())
    const ids = await direct.run(
      `select id, kid from keys where created_by is null order by name limit ${used}`,
    )
    const stores = await Promise.all(Array.from({ length: processes }, () => openStore(database.url)))
    const recorders = stores.map((store) => makeRecorder((batch) => save(store, batch)))
    const latest = Date.now() + 1_000_000
    for (let round = 1; round <= rounds; round++) {
      for (const [i, recorder] of recorders.entries()) {
        for (const [n, { id, kid }] of ids.entries()) {
          // Each has used others, but all of them in the last round.
          if (round === rounds || (n * 31 + i * 17 + round) % 3 > 0)
            recorder.note(callWith(String(kid), String(id), 'root'), latest - rounds + round)
        }
      }
      await Promise.all(
        recorders.map((recorder) => (round < rounds ? recorder.flush().catch(() => {}) : recorder.close())),
      )
    }
    for (const store of stores) await store.close()
    const [written] = await direct.run(`select count(*) as count from keys where last_used_at = ${latest}`)
    expect(Number(written?.count)).toBe(ids.length)
    if (kind === 'SQLite') return
    // What the server would write into its log.
    await direct.run('select pg_stat_force_next_flush()').catch(() => [])
    const [stats] = await direct.run(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    expect(Number(stats?.deadlocks)).toBe(0)
  })
})

function makeRecorder(save: (batch: UsageBatch) => ReturnType<typeof saveUsage>): UsageRecorder {
  return new UsageRecorder({ source: crypto.randomUUID(), clock: systemClock, save })
}

function save(store: Store, batch: UsageBatch) {
  return saveUsage(store, batch, instantsOf(store.dialect)())
}
