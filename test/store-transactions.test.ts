// A change whose last statements go out together with the commit is one whole all the same, whatever becomes of them.
import { expect, test } from 'vitest'
import { openStore, type Store } from '../src/store/store.ts'
import type { Tx } from '../src/store/tables.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, type DirectConnection } from './setup/direct.ts'

onEachDatabase('a change', (makeDatabase, kind) => {
  test('is committed with its last statements', async () => {
    const { store, direct } = await prepare()
    const result = await store.write(
      (tx) => insert(tx, 'first').then(() => 'result'),
      (tx, given) => [insert(tx, given), insert(tx, 'last')],
    )
    expect(result).toBe('result')
    expect(await namesIn(direct)).toEqual(['first', 'last', 'result'])
    await end(store, direct)
  })

  test('is undone if any of its last statements is refused, and says which', async () => {
    const { store, direct } = await prepare()
    for (const refusedAt of [0, 1, 2]) {
      const attempt = store.write(
        (tx) => insert(tx, 'first'),
        (tx) => [0, 1, 2].map((i) => insert(tx, i === refusedAt ? 'first' : `last ${i}`)),
      )
      // The second row of one id, and not that the rest came to nothing.
      const cause = { message: expect.stringMatching(/unique|duplicate/i) }
      await expect(attempt).rejects.toMatchObject({ code: 'store_unavailable', cause })
      expect(await namesIn(direct)).toEqual([])
    }
    await store.write((tx) => insert(tx, 'next'))
    expect(await namesIn(direct)).toEqual(['next'])
    await end(store, direct)
  })

  test('is undone if one of its last statements is not sent at once', async () => {
    const { store, direct } = await prepare()
    const late = async (tx: Tx) => {
      await null
      return insert(tx, 'late')
    }
    const attempt = store.write(
      (tx) => insert(tx, 'first'),
      (tx) => [late(tx).catch(() => {})],
    )
    await expect(attempt).rejects.toThrow(TypeError)
    expect(await namesIn(direct)).toEqual([])
    await end(store, direct)
  })

  test('takes no statement once it is over, which would run by itself or in the next change', async () => {
    const { store, direct } = await prepare()
    const over: Tx[] = []
    await store.write(async (tx) => void over.push(tx))
    await expect(
      store.write(async (tx) => {
        over.push(tx)
        throw new TypeError('undone')
      }),
    ).rejects.toThrow('undone')
    for (const tx of over) {
      await expect(insert(tx, 'late')).rejects.toThrow('behind the end')
      await store.write(async (next) => {
        await insert(next, 'next')
        await expect(insert(tx, 'late')).rejects.toThrow('behind the end')
        await next.deleteFrom('organizations').execute()
      })
    }
    expect(await namesIn(direct)).toEqual([])
    await end(store, direct)
  })

  if (kind === 'PostgreSQL') {
    test('is done although a trigger of the operator’s raises a notice', async () => {
      const { store, direct } = await prepare()
      await direct.run(`create function tell() returns trigger language plpgsql
        as $$ begin raise notice 'A row came.'; return new; end $$`)
      await direct.run(
        'create trigger tell before insert on organizations for each row execute function tell()',
      )
      await store.write(
        async () => {},
        (tx) => [insert(tx, 'told of')],
      )
      expect(await namesIn(direct)).toEqual(['told of'])
      await end(store, direct)
    })
  }

  async function prepare(): Promise<{ store: Store; direct: DirectConnection }> {
    const database = await makeDatabase()
    const store = await openStore(database)
    return { store, direct: await connectDirectly(database) }
  }

  async function end(store: Store, direct: DirectConnection): Promise<void> {
    await direct[Symbol.asyncDispose]()
    await store.close()
  }
})

function insert(tx: Tx, id: string): Promise<unknown> {
  return tx.insertInto('organizations').values({ id, name: id, name_folded: id, created_at: 0 }).execute()
}

async function namesIn(direct: DirectConnection): Promise<unknown[]> {
  const rows = await direct.run('select id from organizations order by id')
  return rows.map(({ id }) => id)
}
