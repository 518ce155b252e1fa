// How Kysely's statements get to PostgreSQL: with a deadline each, and in a transaction none waits for the answer of
// the one before.
import {
  type CompiledQuery,
  type Driver,
  Kysely,
  type KyselyPlugin,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import type { Transact } from './backend.ts'
import type { KeptQuery } from './kept-statements.ts'
import { isPoolerFault } from './postgres-connection.ts'
import type { ConnectionPool, LentClient } from './postgres-pool.ts'
import { allDone } from './statements.ts'
import type { Db, Tables } from './tables.ts'
import { lateStatement, makeTransact, type TransactingConnection } from './transact.ts'

/** How long statements may take, in milliseconds. */
export interface StatementTimeouts {
  /** Each one of a transaction. */
  changeMs: number
  /** One by itself. */
  readMs: number
  /** What the server bounds by itself in each transaction; nothing if absent. */
  server?: ServerTimeouts
}

/** By what the server ends a transaction whose process it does not hear of, in milliseconds. */
export interface ServerTimeouts {
  /** How long it waits for the next statement, its locks held: a process may be frozen, or cut off. */
  idleMs: number
  /** How long a statement waits for a lock: less than its process waits for the answer, so that the connection lives. */
  lockMs: number
}

/** Statements over a pool, by themselves and in transactions. */
export interface PostgresStatements {
  db: Db
  transact: Transact
}

/** Makes them. The timeouts may be changed later. Closing the pool is its owner's. */
export function makeStatements(
  pool: ConnectionPool,
  timeouts: StatementTimeouts,
  plugins: KyselyPlugin[],
): PostgresStatements {
  const driver = new PostgresDriver(pool, timeouts)
  const dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (kysely: Kysely<unknown>) => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
  const config = { dialect, plugins }
  const db = new Kysely<Tables>(config)
  return { db, transact: makeTransact(db, { config, driver, dialect }) }
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
    return new PostgresConnection(await this.#pool.acquire(), this.#timeouts)
  }

  async beginTransaction(): Promise<never> {
    throw new Error('Transactions on PostgreSQL are made by transact.')
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }

  async destroy(): Promise<void> {}
}

/** A connection as one holder has it: for a statement by itself, or for one transaction. */
class PostgresConnection implements TransactingConnection {
  sent = 0
  readonly #timeouts: StatementTimeouts
  #timeoutMs: number
  readonly #lent: LentClient
  #begun: Promise<unknown> = Promise.resolve()
  #isEnding = false
  #hasFailed = false

  constructor(lent: LentClient, timeouts: StatementTimeouts) {
    this.#lent = lent
    this.#timeouts = timeouts
    this.#timeoutMs = timeouts.readMs
  }

  async executeQuery<Row>(query: CompiledQuery | KeptQuery): Promise<QueryResult<Row>> {
    if (this.#isEnding) throw new TypeError(lateStatement)
    this.sent++
    const name = 'preparedAs' in query && !this.#lent.connector.pooled ? query.preparedAs : undefined
    const { rows, rowCount } = await this.#send(query.sql, query.parameters, name)
    return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) }
  }

  begin(): void {
    const { changeMs, server } = this.#timeouts
    this.#timeoutMs = changeMs
    // Named, so that the database's default does not matter: each statement must see what was committed before it, locks waited for.
    const statements = ['begin isolation level read committed']
    if (server) {
      statements.push(
        `set local idle_in_transaction_session_timeout = ${server.idleMs}`,
        `set local lock_timeout = ${server.lockMs}`,
      )
    }
    this.#begun = this.#send(statements.join(';'))
    this.#begun.catch(() => {})
  }

  /**
   * Commits. Throws if a statement of the transaction failed and, too, if the server says that the standbys may not
   * have it, although it is committed here.
   */
  async commit(): Promise<void> {
    const { client } = this.#lent
    const before = client.warnings
    this.#isEnding = true
    const [, { command }] = await allDone([this.#begun, this.#send('commit')])
    // So the server answers a commit of what has failed.
    if (command !== 'COMMIT') throw new Error('The transaction was rolled back.')
    if (client.warnings !== before)
      throw new Error('The commit was not replicated as the database is set to.')
  }

  async rollback(): Promise<void> {
    // A broken connection rolls back by being closed; asking it would only wait a second time.
    if (this.#isEnding || this.#lent.client.isBroken) return
    this.#isEnding = true
    await this.#send('rollback')
  }

  streamQuery(): never {
    throw new Error('Statements on PostgreSQL are not streamed.')
  }

  release(): void {
    this.#lent.release()
  }

  async #send(text: string, parameters: readonly unknown[] = [], name?: string): Promise<pg.QueryResult> {
    const { client, connector } = this.#lent
    sendTogether(client)
    if (name !== undefined) client.preparedAt ??= performance.now()
    try {
      const query = { name, text, values: [...parameters], query_timeout: this.#timeoutMs }
      return await client.query(query as pg.QueryConfig)
    } catch (error) {
      // What follows the first failure fails for that, and names what was not prepared for it.
      if (name !== undefined && !this.#hasFailed && isPoolerFault(error)) {
        connector.notePooler()
        client.isBroken = true
      }
      this.#hasFailed = true
      // If the server itself did not answer, or closes the connection, what that holds is unknown.
      if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') client.isBroken = true
      throw error
    }
  }
}

/** Has all that is sent in one turn go out by one system call: one for each statement costs more than what is done here for it. */
function sendTogether({ connection: { stream } }: pg.Client): void {
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}
