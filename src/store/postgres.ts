// The PostgreSQL side of the store: connections of their own for verification, for changes and for lists, so that
// none of the three waits behind another.
import { sql } from 'kysely'
import { pollMs } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { Backend, PostgresEnvironment, StoreDialect, Warn } from './backend.ts'
import { isCurrent, migrate } from './migrations/migrations.ts'
import { endClient, type PostgresClient, PostgresConnector } from './postgres-connection.ts'
import { makeStatements, type StatementTimeouts } from './postgres-driver.ts'
import { PostgresListener } from './postgres-listener.ts'
import { ConnectionPool } from './postgres-pool.ts'
import { PostgresReader } from './postgres-reader.ts'
import { hasTables, resolveSchema, SchemaPlugin } from './postgres-schema.ts'
import { parsePostgresUrl } from './postgres-url.ts'

/** A mutation that cannot be done fails within a second. */
const changeTimeoutMs = 800
/** A process that has not gone on with its change by then has given it up, or is frozen. */
const idleTimeoutMs = 1_000
const lockTimeoutMs = changeTimeoutMs - 100
/** Where fifty processes start at once, each waits longer for its first connection. */
const openingTimeoutMs = 30_000
/** A search through millions of names may take longer than a change. */
const readTimeoutMs = 10_000
/** A migration of a large table takes as long as it takes. */
const migrationTimeoutMs = 3_600_000
const maxOfChanges = 10
const maxOfReads = 4
/** Any number that no other program on the database uses as an advisory lock. */
const migrationLock = 0x6c61_7463

const storeDialect: StoreDialect = {
  // Not clock_timestamp(), by which no index can be searched.
  now: sql`cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`,
  clock: sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
  elementsOf: (json) => sql`json_array_elements(cast(${json} as json))`,
  skipsLocked: true,
}
const columnTypes = { text: sql`text collate "C"`, instant: sql`bigint`, bytes: sql`bytea` }

/**
 * Connects to a PostgreSQL database and brings its schema up to date. Throws `invalid_input` for a wrong URL,
 * and a sentence if the server is not fit: a standby, or of another encoding than UTF-8.
 */
export async function openPostgres(
  url: string,
  warn: Warn,
  environment: PostgresEnvironment,
): Promise<Backend> {
  const connector = new PostgresConnector(parsePostgresUrl(url, environment))
  const warnOnce = once(warn)
  connector.onPooled = () => warnOnce(pooledNotice)
  if (connector.pooled) warnOnce(pooledNotice)
  warnOfTls(connector, warnOnce)
  const changes = new ConnectionPool(connector, {
    purpose: undefined,
    max: maxOfChanges,
    timeoutMs: openingTimeoutMs,
  })
  const reads = new ConnectionPool(connector, {
    purpose: undefined,
    max: maxOfReads,
    timeoutMs: changeTimeoutMs,
    orElse: changes,
  })
  for (const pool of [changes, reads]) pool.onScarcity = () => warnOnce(scarcityNotice(connector.user))
  const timeouts: StatementTimeouts = { changeMs: migrationTimeoutMs, readMs: openingTimeoutMs }
  let schema: string
  try {
    schema = await inspect(changes, connector, warnOnce)
    const { db, transact } = makeStatements(changes, timeouts, [new SchemaPlugin(schema)])
    if (!(await isCurrent(db)))
      await transact(async (tx) => {
        await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(tx)
        await makeSchema(tx, schema)
        await migrate(tx, columnTypes)
      })
    timeouts.changeMs = changeTimeoutMs
    timeouts.readMs = changeTimeoutMs
    timeouts.server = { idleMs: idleTimeoutMs, lockMs: lockTimeoutMs }
    changes.timeoutMs = changeTimeoutMs
    const reader = new PostgresReader(connector, changes, schema)
    // Version 0.1.0 in the schema `public` listens on this one.
    const channel = schema === 'public' ? 'latchkey_changes' : `latchkey_changes_${schema}`
    let listener: PostgresListener | undefined
    return {
      transact,
      dialect: storeDialect,
      statements: db,
      reads: makeStatements(reads, { changeMs: changeTimeoutMs, readMs: readTimeoutMs }, [
        new SchemaPlugin(schema),
      ]).db,
      readsAtOnce: maxOfReads,
      changesAtOnce: maxOfChanges - 1,
      get pollEveryMs() {
        return listener?.hears ? pollMs.postgres : pollMs.postgresAlone
      },
      findManyFacts: (kids) => reader.findManyFacts(kids),
      readChanges: (since, follower) => reader.readChanges(since, follower),
      announce: (tx) => [sql`select pg_notify(${channel}, '')`.execute(tx)],
      listen: (hint) => {
        const made = new PostgresListener(connector, channel, hint)
        listener = made
        return () => made.close()
      },
      close: async () => {
        await reader.close()
        await reads.close()
        await changes.close()
      },
    }
  } catch (error) {
    await changes.close()
    throw error
  }
}

/** Tells whether a PostgreSQL database has Latchkey's tables. Only reads. Throws what {@link openPostgres} throws. */
export async function hasLatchkeyTables(url: string, environment: PostgresEnvironment): Promise<boolean> {
  const connector = new PostgresConnector(parsePostgresUrl(url, environment))
  const timeoutMs = openingTimeoutMs
  const client = await connector.connect({ purpose: undefined, timeoutMs, queryTimeoutMs: timeoutMs })
  try {
    return await hasTables(client, connector.settings.schema)
  } finally {
    endClient(client)
  }
}

interface ServerFacts {
  pid: number
  encoding: string
  client_encoding: string
  in_recovery: boolean
  read_only: boolean
  commit: string
  version: number
}

const serverQuery = `select pg_backend_pid() as pid, current_setting('server_encoding') as encoding,
  current_setting('client_encoding') as client_encoding, pg_is_in_recovery() as in_recovery,
  current_setting('transaction_read_only') = 'on' as read_only, current_setting('synchronous_commit') as commit,
  current_setting('server_version_num')::int as version`

/** Looks at a server before anything is done on it, and finds the schema. Throws a sentence if it is not fit. */
async function inspect(pool: ConnectionPool, connector: PostgresConnector, warn: Warn): Promise<string> {
  const { client, release } = await pool.acquire()
  try {
    const query = { text: serverQuery, query_timeout: openingTimeoutMs }
    const { rows } = await client.query<ServerFacts>(query)
    const server = rows[0] as ServerFacts
    checkFitness(server)
    if (server.commit === 'off' || server.commit === 'local') warn(commitNotice(server.commit))
    // A pooler gives each client a number of its own, and changes the process behind it.
    if ((client as PostgresClient & { processID: number }).processID !== server.pid) connector.notePooler()
    return await resolveSchema(client, connector.settings.schema)
  } finally {
    release()
  }
}

function checkFitness({ encoding, client_encoding, in_recovery, read_only, version }: ServerFacts): void {
  if (in_recovery)
    refuse('it is a standby, whose data may be behind. Name the primary, or all hosts of the cluster.')
  if (read_only)
    refuse(
      'it accepts no writes, because default_transaction_read_only is on for the server, the database or the role.',
    )
  if (encoding !== 'UTF8')
    refuse(
      `its encoding is ${encoding}, which cannot represent every name. Create a database with ENCODING 'UTF8' TEMPLATE template0.`,
    )
  if (client_encoding !== 'UTF8')
    refuse(`client_encoding is ${client_encoding} for this role. Run ALTER ROLE … RESET client_encoding.`)
  if (version < 140_000) refuse('its PostgreSQL is older than version 14. Upgrade it.')
}

function refuse(reason: string): never {
  throw new LatchkeyError('store_unavailable', `Latchkey cannot use this database: ${reason}`)
}

async function makeSchema(tx: Parameters<typeof migrate>[0], schema: string): Promise<void> {
  const { rows } = await sql`select from pg_namespace where nspname = ${schema}`.execute(tx)
  if (rows.length > 0) return
  try {
    await sql`create schema if not exists ${sql.id(schema)}`.execute(tx)
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    refuse(
      `this role may not create the schema ${schema}. As a superuser, run CREATE SCHEMA ${schema} AUTHORIZATION <the role>; or name a schema that the role owns with ?schema=<name>.`,
    )
  }
}

/** TLS that asks for no certificate keeps out those who listen, and not those who stand between. */
function warnOfTls({ settings }: PostgresConnector, warn: Warn): void {
  const { tlsMode, rootCertificate } = settings
  if (tlsMode === 'require' && rootCertificate === undefined)
    warn(
      'The connection to PostgreSQL uses TLS, but sslmode=require does not verify the certificate of the server. Use sslmode=verify-full to exclude a man in the middle.',
    )
}

const pooledNotice =
  'Latchkey reaches PostgreSQL through a pooler that changes servers between transactions. It therefore uses no prepared statements and no notifications, and looks for changes ten times a second.'

function scarcityNotice(user: string): string {
  return `PostgreSQL has no connection left for the role ${user}, so Latchkey shares those that it has. A process uses up to ${maxOfChanges + maxOfReads + 2} connections, and works well with 4.`
}

function commitNotice(setting: string): string {
  return `synchronous_commit is ${setting} for this role, so PostgreSQL may lose an acknowledged change when it stops. Run ALTER ROLE … SET synchronous_commit = on.`
}

/** Passes each sentence on once. */
function once(warn: Warn): Warn {
  const told = new Set<string>()
  return (sentence) => {
    if (told.has(sentence)) return
    told.add(sentence)
    warn(sentence)
  }
}
