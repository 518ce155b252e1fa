// What makes every page of a list cost what the first costs: an index gives each list in its order, so that no plan
// sorts, and a page begins where the one before it ended. `torture/paging.ts` measures it.
import {
  type CompiledQuery,
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
import { type AuditQuery, listAuditEvents } from '../src/store/audit.ts'
import { listKeys } from '../src/store/keys.ts'
import { listOrganizations } from '../src/store/organizations.ts'
import { toCursor } from '../src/store/pages.ts'
import type { Db, Tables } from '../src/store/tables.ts'
import { addManyKeys } from './setup/bulk.ts'
import { type DatabaseKind, onEachDatabase } from './setup/databases.ts'
import { connectDirectly, type DirectConnection } from './setup/direct.ts'

const count = 20_000
const now = Date.UTC(2026, 0, 31)
const someId = '0192f0c1-0000-7000-8000-100000010000'

onEachDatabase('lists of many', (makeDatabase, kind) => {
  test('every list of keys is read from an index in its order, and a page starts where the last one ended', async () => {
    await using direct = await connectDirectly(await fill(makeDatabase))
    const positions = {
      '-created_at': now - 50_000_000,
      '-last_used_at': now - 50_000,
      name: 'key 5',
    } as const
    for (const scope of ['acme', undefined]) {
      for (const status of ['active', 'expired', 'revoked', 'all'] as const) {
        for (const sort of ['-created_at', '-last_used_at', 'name'] as const) {
          for (const after of [undefined, toCursor(sort, [positions[sort], someId])]) {
            const query = { scope, status, sort, after, q: undefined, limit: 100, now }
            const plan = await planOf(kind, direct, (db) => listKeys(db, query))
            const index = `keys_${scope === undefined ? '' : 'of_organization_'}by_${indexed[sort]}`
            expectOrdered(plan, index, after !== undefined, JSON.stringify({ scope, status, sort, after }))
          }
        }
      }
    }
  })

  test('lists of organizations and of events are read from an index in their order too', async () => {
    const database = await fill(makeDatabase)
    await using direct = await connectDirectly(database)
    for (const after of [undefined, toCursor('organizations', [now, someId])]) {
      const query = { scope: undefined, q: undefined, limit: 100, after }
      const plan = await planOf(kind, direct, (db) => listOrganizations(db, query))
      expectOrdered(plan, 'organizations_by_created_at', after !== undefined, 'organizations')
    }
    const all = kind === 'SQLite' ? 'sqlite_autoindex_audit_events_1' : 'audit_events_pkey'
    for (const [index, filter] of [
      [all, {}],
      ['audit_events_by_organization_id', { scope: 'acme' }],
      ['audit_events_by_action', { action: 'key.created' }],
      ['audit_events_by_actor', { actor: someId }],
      ['audit_events_by_key_id', { keyId: someId }],
      // The events of one key are fewer than those of its organization, or than all of a kind.
      ['audit_events_by_actor', { actor: someId, scope: 'acme', action: 'key.created' }],
      ['audit_events_by_key_id', { keyId: someId, actor: someId, scope: 'acme', action: 'key.created' }],
    ] satisfies [string, Partial<AuditQuery>][]) {
      for (const after of [undefined, toCursor('audit', [someId, someId])]) {
        for (const range of [{}, { since: now - 1000 }, { until: now }, { since: now - 1000, until: now }]) {
          const query = { ...noFilter, ...filter, ...range, after }
          const plan = await planOf(kind, direct, (db) => listAuditEvents(db, query))
          // A time range is a range of ids: the reading begins and ends with it.
          const ends = after !== undefined || 'until' in range
          expectOrdered(plan, index, ends, JSON.stringify(query))
          if ('since' in range) expect(plan).toMatch(/\bid>\?|\bid >= /)
        }
      }
    }
  })

  test(`a walk through the pages of ${count} keys meets each once, in order`, async () => {
    await using latchkey = await openLatchkey({ database: await fill(makeDatabase), now: () => now })
    for (const sort of ['-created_at', '-last_used_at', 'name'] as const) {
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
      expect(ids).toHaveLength(count)
      expect(new Set(ids).size).toBe(count)
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
  limit: 100,
}
const indexed = { '-created_at': 'created_at', '-last_used_at': 'last_used_at', name: 'name_folded' } as const

async function fill(makeDatabase: () => Promise<string>): Promise<string> {
  const database = await makeDatabase()
  await using latchkey = await openLatchkey({ database })
  await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
  await using direct = await connectDirectly(database)
  await addManyKeys(direct, 'acme', count, now)
  return database
}

/** Has a list's own query explained. On PostgreSQL without full scans, which small tables would get. */
async function planOf(
  kind: DatabaseKind,
  direct: DirectConnection,
  list: (db: Db) => Promise<unknown>,
): Promise<string> {
  const { sql, parameters } = await compile(kind, list)
  if (kind === 'SQLite') {
    const rows = await direct.run(`explain query plan ${sql}`, parameters)
    return rows.map(({ detail }) => detail).join('\n')
  }
  await direct.run('set enable_seqscan = off')
  const rows = await direct.run(`explain (costs off) ${sql}`, parameters)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

/** The one query of a list, as the store makes it. */
async function compile(kind: DatabaseKind, list: (db: Db) => Promise<unknown>): Promise<CompiledQuery> {
  const queries: CompiledQuery[] = []
  const db = new Kysely<Tables>({
    dialect: {
      createDriver: () => new DummyDriver(),
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
  expect(queries).toHaveLength(1)
  return queries[0] as CompiledQuery
}

function expectOrdered(plan: string, index: string, continues: boolean, what: string): void {
  expect(plan, what).toMatch(new RegExp(`(INDEX|Index (Only )?Scan( Backward)? using) ${index}\\b`))
  expect(plan, what).not.toMatch(/sort|temp b-tree|bitmap/i)
  // A page that continues seeks its beginning in the index and does not count its way there.
  if (continues) expect(plan, what).toMatch(/SEARCH .*\bid\)?[<>]|Index Cond: .*(ROW\(|\(id <)/)
}
