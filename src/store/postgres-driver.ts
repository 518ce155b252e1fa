// How Kysely's statements get to PostgreSQL: with a deadline each, and with a transaction's begin not waited for.
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type KyselyPlugin,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import type { ConnectionPool, LentClient } from './postgres-pool.ts'
import type { Tables } from './tables.ts'

/** How long statements may take, in milliseconds. */
export interface StatementTimeouts {
  /** Each one of a transaction. */
  changeMs: number
  /** One by itself. */
  readMs: number
}

/** Makes a Kysely over a pool. The timeouts may be changed later. Closing the pool is its owner's. */
export function makeKysely(
  pool: ConnectionPool,
  timeouts: StatementTimeouts,
  plugins: KyselyPlugin[],
): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PostgresDriver(pool, timeouts),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    plugins,
  })
}

class PostgresDriver implements Driver {
  readonly #pool: ConnectionPool
  readonly #timeouts: StatementTimeouts

  constructor(pool: ConnectionPool, timeouts: StatementTimeouts) {
    this.#pool = pool
    this.#timeouts = timeouts
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(await this.#pool.acquire(), this.#timeouts.readMs)
  }

  async beginTransaction(connection: PostgresConnection): Promise<void> {
    connection.timeoutMs = this.#timeouts.changeMs
    // Named, whatever the database's default: each statement must see what was committed before it, locks waited for.
    // Not waited for: what follows goes out behind it, and fails with it where the connection does.
    connection.begun = connection.executeQuery(CompiledQuery.raw('begin isolation level read committed'))
    connection.begun.catch(() => {})
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.begun
    await connection.commit()
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    // A broken connection rolls back by being closed; asking it would only wait a second time.
    if (!connection.isBroken) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }

  async destroy(): Promise<void> {}
}

class PostgresConnection implements DatabaseConnection {
  timeoutMs: number
  /** The answer to the `begin` of the transaction under way. */
  begun: Promise<unknown> | undefined
  readonly #lent: LentClient

  constructor(lent: LentClient, timeoutMs: number) {
    this.#lent = lent
    this.timeoutMs = timeoutMs
  }

  get isBroken(): boolean {
    return this.#lent.client.isBroken
  }

  async executeQuery<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { client } = this.#lent
    const query = { text, values: [...parameters], query_timeout: this.timeoutMs }
    try {
      const { rows, rowCount } = await client.query(query as pg.QueryConfig)
      return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) }
    } catch (error) {
      // Where the server itself did not answer, what the connection holds is unknown.
      if (!(error instanceof pg.DatabaseError)) client.isBroken = true
      throw error
    }
  }

  /** Commits. Throws, too, if the server says that the standbys may not have it, although it is committed here. */
  async commit(): Promise<void> {
    const { client } = this.#lent
    const before = client.notices
    await this.executeQuery(CompiledQuery.raw('commit'))
    if (client.notices !== before) throw new Error('The commit was not replicated as the database is set to.')
  }

  streamQuery(): never {
    throw new Error('Statements on PostgreSQL are not streamed.')
  }

  release(): void {
    this.#lent.release()
  }
}
