// What comes with every change is built once and, on PostgreSQL, prepared once on each connection: with the answers of any statement.
import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import type { Caller } from '../src/core/actor.ts'
import { parseToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { keep } from '../src/store/kept-statements.ts'
import { openStore, type Store } from '../src/store/store.ts'
import type { Tx } from '../src/store/tables.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startProxy } from './setup/proxy.ts'

const insert = keep((tx: Tx, { id, name }: { id: string; name: string }) =>
  tx.insertInto('organizations').values({ id, name, name_folded: name, created_at: 0 }),
)
const find = keep(
  (db, { value }: { value: string }, column: 'id' | 'name') =>
    db.selectFrom('organizations').select('id').where(column, '=', value).orderBy('id'),
  String,
)
const idsOf = async (tx: Tx, column: 'id' | 'name', value: string) =>
  (await find(tx, { value }, column)).rows.map(({ id }) => id)

onEachDatabase('a kept statement', (makeDatabase, kind) => {
  test('has the values of each call, in each of its forms, also of two databases beside one another', async () => {
    const stores = [await openStore(await makeDatabase()), await openStore(await makeDatabase())] as const
    await Promise.all(
      stores.map((store, i) =>
        store.write(async (tx) => {
          await Promise.all(['a', 'b'].map((id) => insert(tx, { id: `${id}${i}`, name: 'same' })))
          const found = await Promise.all([
            idsOf(tx, 'id', `a${i}`),
            idsOf(tx, 'name', 'same'),
            idsOf(tx, 'id', `a${1 - i}`),
          ])
          expect(found).toEqual([[`a${i}`], [`a${i}`, `b${i}`], []])
        }),
      ),
    )
    for (const store of stores) await store.close()
  })

  test('must name its columns', async () => {
    await using store = disposable(await openStore(await makeDatabase()))
    const everything = keep((db) => db.selectFrom('organizations').selectAll())
    await expect(store.write((tx) => everything(tx, {}))).rejects.toThrow('must name its columns')
    const returning = keep((tx: Tx) => tx.deleteFrom('organizations').returningAll())
    await expect(store.write((tx) => returning(tx, {}))).rejects.toThrow('must name its columns')
  })

  test('goes on if a newer program adds a column to its table', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const permissions = ['latchkey:keys:write']
    const made = await latchkey.keys.create({ organizationId: 'acme', name: 'K', permissions })
    const actor = (await latchkey.authenticate(made.key)) as Caller
    await latchkey.keys.update(made.id, { name: 'before' }, { actor })
    await using direct = await connectDirectly(database)
    for (const table of ['keys', 'secrets', 'organizations', 'last_uses', 'changes', 'change_counter'])
      await direct.run(`alter table ${table} add column added_by_newer integer`)
    expect(await latchkey.keys.update(made.id, { name: 'after' }, { actor })).toMatchObject({ name: 'after' })
  })

  if (kind !== 'PostgreSQL') return

  test('is prepared once on a connection, and anew when its plan is old', async () => {
    await using store = disposable(await openStore(await makeDatabase()))
    await store.write((tx) => insert(tx, { id: 'a', name: 'a' }))
    const first = await preparedOn(store)
    expect(first).toHaveLength(1)
    await store.write((tx) => insert(tx, { id: 'b', name: 'b' }))
    expect(await preparedOn(store)).toEqual(first)
    const now = vi.spyOn(performance, 'now')
    const at = performance.now() + 10_000
    now.mockImplementation(() => at)
    try {
      expect(await preparedOn(store)).toEqual([])
      await store.write((tx) => Promise.all(['c', 'd'].map((id) => insert(tx, { id, name: id }))))
      const [second] = await preparedOn(store)
      expect(second).toMatchObject({ name: first[0]?.name })
      expect(second?.prepared_at).not.toEqual(first[0]?.prepared_at)
    } finally {
      now.mockRestore()
    }
  })

  test('is not taken for that of a pooler if it comes behind one that failed', async () => {
    const told: string[] = []
    await using store = disposable(await openStore(await makeDatabase(), (sentence) => told.push(sentence)))
    const failing = (tx: Tx) =>
      Promise.allSettled([
        sql`select 1 / 0`.execute(tx),
        insert(tx, { id: 'a', name: 'a' }),
        insert(tx, { id: 'b', name: 'b' }),
      ])
    await expect(
      store.write(async (tx) => {
        const [first] = await failing(tx)
        throw (first as PromiseRejectedResult).reason
      }),
    ).rejects.toMatchObject({ cause: { code: '22012' } })
    await store.write((tx) => insert(tx, { id: 'a', name: 'a' }))
    expect(await preparedOn(store)).toHaveLength(1)
    expect(told).toEqual([])
  })

  test('shows a pooler, through which nothing is prepared from then on', async () => {
    const told: string[] = []
    await using store = disposable(await openStore(await makeDatabase(), (sentence) => told.push(sentence)))
    await store.write((tx) => insert(tx, { id: 'a', name: 'a' }))
    // As if another server stood behind the connection.
    await store.write((tx) => sql`deallocate all`.execute(tx))
    await expect(store.write((tx) => insert(tx, { id: 'b', name: 'b' }))).rejects.toMatchObject({
      code: 'store_unavailable',
      cause: { code: '26000' },
    })
    expect(told).toEqual([expect.stringContaining('through a pooler')])
    await store.write((tx) => insert(tx, { id: 'b', name: 'b' }))
    expect(await preparedOn(store)).toEqual([])
    expect(await store.write((tx) => idsOf(tx, 'id', 'b'))).toEqual(['b'])
  })

  test('reads one secret by a plan that the server keeps, and renews it while reads by it are on their way', async () => {
    const database = await makeDatabase()
    await using proxy = await startProxy(database)
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const made = await Promise.all(
      Array.from({ length: 4 }, (_, i) => latchkey.keys.create({ organizationId: 'acme', name: `K${i}` })),
    )
    const kids = made.map(({ key }) => parseToken(key)?.kid as string)
    await using store = disposable(await openStore(proxy.url))
    const [parsed, plans] = ['where secrets.kid = $1', 'deallocate'].map((text) => proxy.countSent(text))
    const readOne = async (kid: string | undefined) => (await store.findManyFacts([kid as string]))[0]?.kid
    expect([await readOne(kids[0]), await readOne(kids[1])]).toEqual(kids.slice(0, 2))
    expect([parsed?.(), plans?.()]).toEqual([1, 0])
    const first = [readOne(kids[0]), readOne(kids[1])]
    const now = vi.spyOn(performance, 'now')
    const at = performance.now() + 10_000
    now.mockImplementation(() => at)
    try {
      expect(await Promise.all([...first, readOne(kids[2]), readOne(kids[3])])).toEqual(kids)
      expect(await readOne(kids[0])).toBe(kids[0])
      expect([parsed?.(), plans?.()]).toEqual([2, 1])
    } finally {
      now.mockRestore()
    }
    expect((await store.findManyFacts(kids)).map(({ kid }) => kid).sort()).toEqual([...kids].sort())
    expect(parsed?.()).toBe(2)
  })

  /** What is prepared on the connection that is lent next: of changes one after the other, always the same. */
  async function preparedOn(store: Store): Promise<{ name: string; prepared_at: Date }[]> {
    const read = sql<{
      name: string
      prepared_at: Date
    }>`select name, prepare_time as prepared_at from pg_prepared_statements
      where name like 'kept %' order by name`
    return (await store.write((tx) => read.execute(tx))).rows
  }
})

function disposable(store: Store): Store & AsyncDisposable {
  return { ...store, [Symbol.asyncDispose]: () => store.close() }
}
