// The PostgreSQL side of the store: a Kysely driver with a deadline on every statement, and one pipelined
// connection with a named, prepared read for verification.
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  sql,
} from 'kysely'
import pg from 'pg'
import { type ChangeRow, changesQuery } from './changes.ts'
import { type FactsRow, manyFactsQuery } from './facts.ts'
import { isCurrent, migrate } from './migrations/migrations.ts'
import { lockKeys } from './postgres-locks.ts'
import type { Backend } from './store.ts'
import type { Tables } from './tables.ts'

/** A mutation that cannot be done fails within a second. */
const changeTimeoutMs = 800
/** Where fifty processes start at once, each waits longer for its first connection. */
const openingTimeoutMs = 10_000
/** A search through millions of names may take longer than a change. */
const readTimeoutMs = 10_000
/** A migration of a large table takes as long as it takes. */
const migrationTimeoutMs = 3_600_000
const poolSize = 10
/** Notifications come sooner; this holds the lease when they do not. */
const pollEveryMs = 400
const channel = 'latchkey_changes'
const reconnectMs = 1_000
const betweenAttemptsMs = 100
/** How often the listening connection is asked whether it still hears. */
const probeEveryMs = 5_000
const factsText = manyFactsQuery('$1')
const changesText = changesQuery('$1', '$2', "''")
/** Any number that no other program on the database uses as an advisory lock. */
const migrationLock = 0x6c61_7463

const columnTypes = { text: sql`text collate "C"`, instant: sql`bigint`, bytes: sql`bytea` }

// Instants and counts are below 2^53: read int8 as a number, not as a string.
const types = {
  getTypeParser: ((oid: number, format: 'text') =>
    oid === pg.types.builtins.INT8
      ? Number
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** Connects to a PostgreSQL database and brings its schema up to date. Throws where it cannot be reached. */
export async function openPostgres(url: string): Promise<Backend> {
  const settings = { connectionString: url, types, connectionTimeoutMillis: changeTimeoutMs, keepAlive: true }
  const pool = new pg.Pool({ ...settings, pipeline: true, max: poolSize, application_name: 'latchkey' })
  // An idle connection that dies is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => {})
  // So would one that dies amid a transaction, whose statement fails all the same.
  pool.on('connect', (client) => client.on('error', () => {}))
  const driver = new PostgresDriver(pool)
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  const reader = new PipelinedReader({ ...settings, application_name: 'latchkey verify' })
  try {
    driver.changeTimeoutMs = migrationTimeoutMs
    pool.options.connectionTimeoutMillis = openingTimeoutMs
    if (!(await isCurrent(db)))
      await db.transaction().execute(async (tx) => {
        await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(tx)
        await migrate(tx, columnTypes)
      })
    driver.changeTimeoutMs = changeTimeoutMs
    pool.options.connectionTimeoutMillis = changeTimeoutMs
  } catch (error) {
    await db.destroy()
    throw error
  }
  return {
    db,
    reads: db,
    readsAtOnce: poolSize / 2,
    pollEveryMs,
    // Kids are letters and digits: a list of them needs no quotes.
    findManyFacts: (kids) => reader.query<FactsRow>('facts', factsText, [`{${kids.join(',')}}`]),
    readChanges: (since, follower) => reader.query<ChangeRow>('changes', changesText, [since, follower]),
    lockKeys,
    announce: async (tx) => {
      await sql`select pg_notify(${channel}, '')`.execute(tx)
    },
    listen: (hint) => {
      const listener = new Listener(settings, hint)
      return () => listener.close()
    },
    close: async () => {
      await reader.close()
      await db.destroy()
    },
  }
}

/** One connection whose reads do not wait for one another; made anew when it breaks. */
class PipelinedReader {
  readonly #settings: pg.ClientConfig
  #connecting: Promise<pg.Client> | undefined

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings
  }

  async query<Row extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    this.#connecting ??= this.#connect()
    const connection = this.#connecting
    const client = await connection
    try {
      const { rows } = await client.query<Row>({ name, text, values })
      return rows
    } catch (error) {
      this.#forget(connection)
      throw error
    }
  }

  async close(): Promise<void> {
    const client = await this.#connecting?.catch(() => undefined)
    await client?.end()
  }

  #connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#settings, pipeline: true, query_timeout: changeTimeoutMs })
    const connection = client.connect().then(() => client)
    client.on('error', () => {})
    connection.then(
      () => client.on('end', () => this.#forget(connection)),
      // Whoever asks meanwhile shares the failure: a database that is away is not to be stormed.
      () => setTimeout(() => this.#forget(connection), betweenAttemptsMs).unref(),
    )
    return connection
  }

  #forget(connection: Promise<pg.Client>): void {
    if (this.#connecting !== connection) return
    this.#connecting = undefined
    connection.then((client) => client.end()).catch(() => {})
  }
}

/** Hears what other processes announce. May be deaf for a while: the reads at every {@link pollEveryMs} make up for it. */
class Listener {
  readonly #settings: pg.ClientConfig
  readonly #hint: () => void
  #client: pg.Client | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(settings: pg.ClientConfig, hint: () => void) {
    this.#settings = settings
    this.#hint = hint
    this.#connect()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#client?.end().catch(() => {})
  }

  #connect(): void {
    const client = new pg.Client({
      ...this.#settings,
      application_name: 'latchkey listen',
      query_timeout: changeTimeoutMs,
    })
    this.#client = client
    const probe = setInterval(() => client.query('select 1').catch(retry), probeEveryMs)
    probe.unref()
    const retry = () => {
      clearInterval(probe)
      if (this.#client !== client || this.#closed) return
      this.#client = undefined
      client.end().catch(() => {})
      this.#timer = setTimeout(() => this.#connect(), reconnectMs)
      this.#timer.unref()
    }
    client.on('error', retry)
    client.on('end', retry)
    client.on('notification', () => this.#hint())
    client
      .connect()
      .then(() => client.query(`listen ${channel}`))
      .then(() => this.#hint())
      .catch(retry)
  }
}

class PostgresDriver implements Driver {
  changeTimeoutMs = changeTimeoutMs
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(await this.#pool.connect())
  }

  async beginTransaction(connection: PostgresConnection): Promise<void> {
    connection.timeoutMs = this.changeTimeoutMs
    // Named, whatever the database's default: each statement must see what was committed before it, locks waited for.
    // Not waited for: what follows goes out behind it, and fails with it where the connection does.
    connection.begun = connection.executeQuery(CompiledQuery.raw('begin isolation level read committed'))
    connection.begun.catch(() => {})
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.begun
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    // A broken connection rolls back by being closed; asking it would only wait a second time.
    if (!connection.broken) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }

  async destroy(): Promise<void> {
    await this.#pool.end()
  }
}

class PostgresConnection implements DatabaseConnection {
  timeoutMs = readTimeoutMs
  broken = false
  /** The answer to the `begin` of the transaction under way. */
  begun: Promise<unknown> | undefined
  readonly #client: pg.PoolClient

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  async executeQuery<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const query = { text, values: [...parameters], query_timeout: this.timeoutMs }
    try {
      const { rows, rowCount } = await this.#client.query(query as pg.QueryConfig)
      return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) }
    } catch (error) {
      // Where the server itself did not answer, what the connection holds is unknown.
      if (!(error instanceof pg.DatabaseError)) this.broken = true
      throw error
    }
  }

  streamQuery(): never {
    throw new Error('Statements on PostgreSQL are not streamed.')
  }

  release(): void {
    this.#client.release(this.broken)
  }
}
