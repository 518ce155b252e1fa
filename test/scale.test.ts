// What makes every page of a list cost what the first costs: an index gives each list in its order, so that no plan
// sorts, and a page begins where the one before it ended. `torture/paging.ts` measures it.
import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { type AuditQuery, readAuditSlice } from '../src/store/audit.ts'
import type { Position } from '../src/store/cursors.ts'
import { findWay, keyOrders, readKeySlice } from '../src/store/key-lists.ts'
import { findByTerm, lacksTerms } from '../src/store/key-terms.ts'
import type { KeyRow } from '../src/store/keys.ts'
import { readOrganizationSlice } from '../src/store/organizations.ts'
import { countLiveKeys } from '../src/store/policies.ts'
import { endSecrets, pruneSecrets } from '../src/store/secrets.ts'
import type { Db, Tables, Tx } from '../src/store/tables.ts'
import { createAcme } from './setup/acme.ts'
import { addManyKeys } from './setup/bulk.ts'
import { type DatabaseKind, onEachDatabase } from './setup/databases.ts'
import { connectDirectly, type DirectConnection } from './setup/direct.ts'

const count = 20_000
const now = Date.UTC(2026, 0, 31)
const sorts = Object.keys(keyOrders) as (keyof typeof keyOrders)[]
const someId = '0192f0c1-0000-7000-8000-100000010000'

onEachDatabase('lists of many', (makeDatabase, kind) => {
  test('every list of keys is read from an index in its order, and a page starts where the last one ended', async () => {
    await using direct = await connectDirectly(await fill(makeDatabase))
    const positions = {
      '-created_at': now - 50_000_000,
      '-last_used_at': now - 50_000,
      last_used_at: now - 50_000,
      expires_at: now + 50_000,
      name: 'key 5',
    } as const
    for (const scope of ['acme', undefined]) {
      for (const status of ['active', 'expired', 'revoked', 'all'] as const) {
        for (const sort of sorts) {
          // Of so few keys, those that expire are as soon sorted.
          if (kind === 'PostgreSQL') await direct.run(`set enable_sort = ${sort !== 'expires_at'}`)
          for (const after of [undefined, [positions[sort], someId]] satisfies (Position | undefined)[]) {
            for (const q of [undefined, 'zzzz']) {
              const query = { scope, status, sort, after, q, now }
              const index = `keys_${scope === undefined ? '' : 'of_organization_'}by_${keyOrders[sort].column}`
              const plans = await plansOf(kind, direct, (db) => readKeySlice(db, query, bounds))
              const isFiltered = status !== 'all' || q !== undefined
              expectOrdered(plans[0], index, after !== undefined, JSON.stringify(query))
              expectBounded(kind, plans, isFiltered, after !== undefined, JSON.stringify(query))
            }
          }
        }
      }
    }
  })

  test('a filter by what a list is sorted by is read from the index too, and ends the list', async () => {
    await using direct = await connectDirectly(await fill(makeDatabase))
    // Of so few keys, all that fit are as soon sorted.
    if (kind === 'PostgreSQL') await direct.run('set enable_sort = off')
    for (const scope of ['acme', undefined])
      for (const [sort, filter] of [
        ['last_used_at', { unusedSince: now - 50_000 }],
        ['-last_used_at', { neverUsed: false }],
        ['-last_used_at', { neverUsed: true }],
        ['expires_at', { expiresBefore: now + 1 }],
        ['expires_at', {}],
        ['expires_at', { status: 'expired' }],
      ] as const) {
        const query = { scope, status: 'active', sort, after: undefined, now, ...filter } as const
        const [end, rows] = await plansOf(kind, direct, (db) => readKeySlice(db, query, bounds))
        const { column } = keyOrders[sort]
        const index = `keys_${scope === undefined ? '' : 'of_organization_'}by_${column}`
        const what = JSON.stringify(query)
        expectOrdered(end, index, false, what)
        for (const plan of [end, rows])
          expect(plan, what).toMatch(
            kind === 'SQLite' ? /SEARCH .*_at(,id\))?[<>]/ : /Index Cond: .*_at(, id\))? [<>]/,
          )
      }
  })

  test('the live keys of an organization are counted from an index, which has all of it', async () => {
    await using direct = await connectDirectly(await fill(makeDatabase))
    const counting = (db: Db) => countLiveKeys(db, 'acme', now, 1_000).catch(() => {})
    const [plan] = await plansOf(kind, direct, counting)
    expect(plan).toMatch(
      kind === 'SQLite' ? /USING COVERING INDEX keys_live \(.*>\?\)/ : /Index Only Scan using keys_live\b/,
    )
  })

  test('a filter by what keys hold or are called is looked up in an index, and the keys by their ids', async () => {
    await using direct = await connectDirectly(await fill(makeDatabase))
    for (const scope of ['acme', undefined])
      for (const after of [undefined, [now, someId]] satisfies (Position | undefined)[]) {
        const query = { scope, term: 'tag:rare', after, limit: 1_000 }
        const [plan = ''] = await plansOf(kind, direct, (db) => findByTerm(db, query))
        const index =
          scope !== undefined ? 'key_terms_of_organization' : kind === 'SQLite' ? '' : 'key_terms_by_term'
        if (index === '') expect(plan).toMatch(/^SEARCH key_terms USING PRIMARY KEY \(term=\?/)
        else expectOrdered(plan, index, false, index)
        expect(plan).not.toMatch(/sort|temp b-tree|bitmap/i)
        if (after) expect(plan).toMatch(/\(created_at,key_id\)<|ROW\(created_at, key_id\) </)
      }
    const [lacking] = await plansOf(kind, direct, lacksTerms)
    expect(lacking).toMatch(/keys_without_terms/)
    const base = { status: 'all', sort: '-created_at', after: undefined, now } as const
    // Of so few keys, all that fit are as soon sorted.
    if (kind === 'PostgreSQL') await direct.run('set enable_sort = off')
    for (const scope of ['acme', undefined])
      for (const [filter, index] of [
        [{ expiresBefore: now }, 'expires_at'],
        [{ unusedSince: now }, 'last_used_at'],
        [{ neverUsed: true }, 'last_used_at'],
      ] as const) {
        const [plan] = await plansOf(kind, direct, (db) => findWay(db, { ...base, ...filter, scope }))
        expect(plan).toMatch(`keys_${scope === undefined ? '' : 'of_organization_'}by_${index}`)
      }
    const [kid] = await plansOf(kind, direct, (db) => findWay(db, { ...base, scope: 'acme', kid: 'x' }))
    expect(kid).toMatch(/sqlite_autoindex_secrets_1|secrets_pkey/)
    // Whatever else is asked of them, and in whichever order.
    for (const sort of sorts) {
      const query = { ...base, sort, scope: 'acme', tag: ['a'], expiresBefore: now, q: 'x' }
      const [plan] = await plansOf(kind, direct, (db) =>
        readKeySlice(db, query, bounds, { ids: Array.from({ length: 1_000 }, (_, i) => `${someId}${i}`) }),
      )
      expect(plan, sort).toMatch(/sqlite_autoindex_keys_1 \(id=\?\)|Index Scan using keys_pkey/)
      expect(plan, sort).not.toMatch(/keys_(of_organization_)?by/)
    }
  })

  test('lists of organizations and of events are read from an index in their order too', async () => {
    const database = await fill(makeDatabase)
    await using direct = await connectDirectly(database)
    for (const after of [undefined, [now, someId]] satisfies (Position | undefined)[]) {
      for (const q of [undefined, 'zzzz']) {
        const query = { scope: undefined, q, after }
        const plans = await plansOf(kind, direct, (db) => readOrganizationSlice(db, query, bounds))
        expectOrdered(plans[0], 'organizations_by_created_at', after !== undefined, 'organizations')
        expectBounded(kind, plans, q !== undefined, after !== undefined, 'organizations')
      }
    }
    const all = kind === 'SQLite' ? 'sqlite_autoindex_audit_events_1' : 'audit_events_pkey'
    for (const [index, filter] of [
      [all, {}],
      ['audit_events_by_organization_id', { scope: 'acme' }],
      ['audit_events_by_action', { action: 'key.created' }],
      ['audit_events_by_actor', { actor: someId }],
      ['audit_events_by_key_id', { keyId: someId }],
      ['audit_events_by_organization_id', { scope: 'acme', action: 'key.created' }],
      // The events of one key are fewer than those of its organization, or than all of a kind.
      ['audit_events_by_actor', { actor: someId, scope: 'acme', action: 'key.created' }],
      ['audit_events_by_key_id', { keyId: someId, actor: someId, scope: 'acme', action: 'key.created' }],
    ] satisfies [string, Partial<AuditQuery>][]) {
      for (const after of [undefined, [someId, someId]] satisfies (Position | undefined)[]) {
        for (const range of [{}, { since: now - 1000 }, { until: now }, { since: now - 1000, until: now }]) {
          const query = { ...noFilter, ...filter, ...range, after }
          const plans = await plansOf(kind, direct, (db) => readAuditSlice(db, query, bounds))
          // A time range is a range of ids: the reading begins and ends with it.
          const ends = after !== undefined || 'until' in range
          const isFiltered = Object.keys(filter).length > 1
          expectOrdered(plans[0], index, ends, JSON.stringify(query))
          expectBounded(kind, plans, isFiltered, ends, JSON.stringify(query))
          if ('since' in range) expect(plans[0]).toMatch(/\bid>\?|\bid >= /)
        }
      }
    }
  })

  test('a rotation finds the secrets that it ends, and those that it deletes, by their kids', async () => {
    await using direct = await connectDirectly(await fill(makeDatabase))
    const key = { id: someId, organization_id: 'acme', kid: 'x' } as KeyRow
    const kids = someSecrets.map(({ kid }) => kid)
    const index = kind === 'SQLite' ? 'sqlite_autoindex_secrets_1' : 'secrets_pkey'
    for (const [name, work] of [
      ['endSecrets', (db: Db) => endSecrets(db as Tx, key, kids, now)],
      ['pruneSecrets', (db: Db) => pruneSecrets(db as Tx, key)],
    ] as const) {
      // Without a database no row is touched, as both say at last.
      const plans = await plansOf(kind, direct, (db) => expect(work(db), name).rejects.toThrow('affected'))
      expect(plans.at(-1), name).toMatch(new RegExp(`\\b${index}\\b`))
      expect(plans.at(-1), name).not.toContain('secrets_of_key')
    }
  })

  test(`a walk through the pages of ${count} keys meets each once, in order`, async () => {
    await using latchkey = await openLatchkey({ database: await fill(makeDatabase), now: () => now })
    for (const sort of sorts) {
      const ids: string[] = []
      let after: string | undefined
      do {
        const page = await latchkey.keys.list({
          organizationId: 'acme',
          status: 'all',
          sort,
          limit: 1000,
          ...(after !== undefined && { after }),
        })
        ids.push(...page.items.map(({ id }) => id))
        after = page.next
      } while (after !== undefined)
      const listed = sort === 'expires_at' ? count / 5 : count
      expect(ids).toHaveLength(listed)
      expect(new Set(ids).size).toBe(listed)
    }
  })
})

const noFilter = {
  scope: undefined,
  keyId: undefined,
  actor: undefined,
  action: undefined,
  since: undefined,
  until: undefined,
}
const bounds = { limit: 100, window: 1000, maxBytes: 100_000 }
/** Where a window ends, in any list. */
const windowEnd = {
  id: someId,
  created_at: now - 90_000_000,
  last_used_at: 1,
  name_folded: 'key 9',
  expires_at: now + 90_000,
}

async function fill(makeDatabase: () => Promise<string>): Promise<string> {
  const database = await makeDatabase()
  await using latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  await using direct = await connectDirectly(database)
  await addManyKeys(direct, 'acme', count, now)
  return database
}

/** Has a list's own queries explained. On PostgreSQL without the scans that only small tables would get. */
async function plansOf(
  kind: DatabaseKind,
  direct: DirectConnection,
  list: (db: Db) => Promise<unknown>,
): Promise<string[]> {
  const plans: string[] = []
  if (kind === 'PostgreSQL')
    for (const scan of ['seqscan', 'bitmapscan']) await direct.run(`set enable_${scan} = off`)
  for (const { sql, parameters } of await compile(kind, list)) {
    const explain = kind === 'SQLite' ? 'explain query plan' : 'explain (costs off)'
    const rows = await direct.run(`${explain} ${sql}`, parameters)
    plans.push(rows.map((row) => row.detail ?? row['QUERY PLAN']).join('\n'))
  }
  return plans
}

const someSecrets = Array.from({ length: 100 }, (_, i) => ({ kid: `old${i}` }))

/** Answers each question for a window's end with {@link windowEnd}, and for secrets with {@link someSecrets}. */
class WindowDriver extends DummyDriver {
  override async acquireConnection() {
    const executeQuery = async ({ sql }: CompiledQuery) => ({
      rows: /^select .* from "secrets"/.test(sql) ? someSecrets : /\boffset\b/.test(sql) ? [windowEnd] : [],
    })
    return { ...(await super.acquireConnection()), executeQuery } as DatabaseConnection
  }
}

/** The queries of a slice, as the store makes them. */
async function compile(kind: DatabaseKind, list: (db: Db) => Promise<unknown>): Promise<CompiledQuery[]> {
  const queries: CompiledQuery[] = []
  const db = new Kysely<Tables>({
    dialect: {
      createDriver: () => new WindowDriver(),
      createAdapter: () => (kind === 'SQLite' ? new SqliteAdapter() : new PostgresAdapter()),
      createIntrospector: (db) =>
        kind === 'SQLite' ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
      createQueryCompiler: () =>
        kind === 'SQLite' ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
    },
    log: (event) => {
      queries.push(event.query)
    },
  })
  await list(db)
  return queries
}

/**
 * What a filter may leave out is looked for in a window of an index, whose end was found first. So few rows may be
 * sorted.
 */
function expectBounded(
  kind: DatabaseKind,
  plans: readonly string[],
  isFiltered: boolean,
  continues: boolean,
  what: string,
): void {
  expect(plans, what).toHaveLength(isFiltered ? 2 : 1)
  if (!isFiltered) return
  const ends = [...(plans[1] ?? '').matchAll(kind === 'SQLite' ? /\bid\)?[<>]/g : boundsOfIndexScan)]
  expect(ends.length, `${what} ${plans[1]}`).toBeGreaterThanOrEqual(continues ? 2 : 1)
}
const boundsOfIndexScan = /(?<=Index Cond: .*)(ROW\(\w+, id\)|\bid) [<>]=? /g

function expectOrdered(plan = '', index: string, continues: boolean, what: string): void {
  expect(plan, what).toMatch(new RegExp(`(INDEX|Index (Only )?Scan( Backward)? using) ${index}\\b`))
  expect(plan, what).not.toMatch(/sort|temp b-tree|bitmap/i)
  // A page that continues seeks its beginning in the index and does not count its way there.
  if (continues) expect(plan, what).toMatch(/SEARCH .*\bid\)?[<>]|Index Cond: .*(ROW\(|\(id <)/)
}
