// Makes a database with its schema, a root key and many keys, and prints how many were added a second: `node fill.ts
// <database> <keys> [limits of each key, as JSON]`.
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { replaceLimits, writeLimits } from '../src/core/stored-limits.ts'
import { openLatchkey } from '../src/index.ts'
import { idOf, kidOf, rootToken, tokenOf } from './dataset.ts'

const keysPerOrganization = 100
const rowsAtOnce = 5_000
/** Some day before any run. */
const createdAt = Date.UTC(2026, 0, 31)

function organizationOf(number: number): string {
  return `organization-${Math.floor(number / keysPerOrganization)}`
}

function keyRow(number: number): [string, string, string, string, string, string] {
  const token = tokenOf(number)
  return [
    idOf(number),
    organizationOf(number),
    `Key number ${number}`,
    `key number ${number}`,
    kidOf(token),
    token,
  ]
}

const permissions = '["emails:send","domains:read"]'
const keyColumns =
  'id, organization_id, name, name_folded, permissions, metadata, created_by, created_at, expires_at, revoked_at, last_used_at, prefix, kid, revision, limits'
const secretColumns =
  'kid, key_id, organization_id, prefix, digest, created_at, grace_ends_at, ended_at, last_used_at'

function fillSqlite(path: string, count: number, limits: string): void {
  const db = new DatabaseSync(path)
  // Indexes are made once the rows are there: a sort each, in place of a search each row.
  const indexes = db
    .prepare("select name, sql from sqlite_schema where type = 'index' and sql is not null")
    .all()
  db.exec('pragma synchronous = off; pragma cache_size = -500000; begin')
  for (const { name } of indexes) db.exec(`drop index ${name}`)
  const organization = db.prepare('insert into organizations (id, name, created_at) values (?, ?, ?)')
  const key = db.prepare(
    `insert into keys (${keyColumns}) values (?, ?, ?, ?, '${permissions}', '{}', null, ?, null, null, 0, 're', ?, 0, '${limits}')`,
  )
  const secret = db.prepare(
    `insert into secrets (${secretColumns}) values (?, ?, ?, 're', ?, ?, null, null, 0)`,
  )
  for (let i = 0; i < count; i++) {
    const [id, organizationId, name, folded, kid, token] = keyRow(i)
    if (i % keysPerOrganization === 0) organization.run(organizationId, organizationId, createdAt)
    key.run(id, organizationId, name, folded, createdAt + i, kid)
    secret.run(kid, id, organizationId, hash('sha256', token, 'buffer'), createdAt + i)
  }
  for (const { sql } of indexes) db.exec(sql as string)
  db.exec('commit; analyze; pragma wal_checkpoint(truncate)')
  db.close()
}

async function fillPostgres(url: string, count: number, limits: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set search_path to latchkey')
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
      where schemaname = 'latchkey' and indexdef not like 'CREATE UNIQUE%'`,
  )
  // Without the checks of foreign keys, which a load of our own making does not need.
  await client.query(
    "set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'",
  )
  for (const { name } of indexes) await client.query(`drop index "${name}"`)
  for (let start = 0; start < count; start += rowsAtOnce) {
    const rows = Array.from({ length: Math.min(rowsAtOnce, count - start) }, (_, i) => keyRow(start + i))
    const column = (at: number) => rows.map((row) => row[at])
    const instants = rows.map((_, i) => createdAt + start + i)
    const organizationIds = [...new Set(column(1))]
    const digests = rows.map(([, , , , , token]) => hash('sha256', token, 'buffer'))
    await client.query(
      `insert into organizations (id, name, created_at) select id, id, ${createdAt} from unnest($1::text[]) as id`,
      [organizationIds],
    )
    await client.query(
      `insert into keys (${keyColumns}) select id, organization_id, name, folded, '${permissions}', '{}', null, at, null, null, 0, 're', kid, 0, '${limits}'
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) as row (id, organization_id, name, folded, kid, at)`,
      [column(0), column(1), column(2), column(3), column(4), instants],
    )
    await client.query(
      `insert into secrets (${secretColumns}) select kid, key_id, organization_id, 're', digest, at, null, null, 0
        from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[]) as row (kid, key_id, organization_id, digest, at)`,
      [column(4), column(0), column(1), digests, instants],
    )
  }
  for (const { definition } of indexes) await client.query(definition)
  await client.query('vacuum analyze')
  // What the load left to be written would otherwise be written amid the measurements.
  await client.query('checkpoint')
  await client.end()
}

const [database = '', keys, given = '[]'] = process.argv.slice(2)
const limits = writeLimits(replaceLimits({ limits: [], removed: {} }, JSON.parse(given), true))
{
  await using latchkey = await openLatchkey({ database })
  await latchkey.ensureRootKey(rootToken)
}
const start = performance.now()
if (database.startsWith('sqlite:')) fillSqlite(database.slice('sqlite:'.length), Number(keys), limits)
else await fillPostgres(database, Number(keys), limits)
console.log((Number(keys) * 1000) / (performance.now() - start))
