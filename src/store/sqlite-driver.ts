// How Kysely's statements get to the threads of an SQLite database.
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import type { SqliteFile } from './sqlite-file.ts'
import type { SqliteThread } from './sqlite-thread.ts'

/** How long a statement waits for another process's write: a mutation that cannot be done fails within a second. */
export const busyTimeoutMs = 800

/** A connection as one holder has it: of one thread, and not of the next where that one dies. */
class SqliteConnection implements DatabaseConnection {
  /** The answer to the `begin` of the transaction under way; undefined outside of one. */
  begun: Promise<unknown> | undefined
  readonly #thread: SqliteThread
  readonly #generation: number

  constructor(thread: SqliteThread) {
    thread.begin()
    this.#thread = thread
    this.#generation = thread.generation
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    // The rest of a transaction whose beginning died with its thread must not run by itself.
    if (this.#generation !== this.#thread.generation) throw new Error('The SQLite thread was replaced.')
    if (this.begun === undefined) return this.#thread.execute(sql, parameters) as Promise<QueryResult<Row>>
    const answer = this.#thread.execute(sql, parameters, true) as Promise<QueryResult<Row>>
    // Why it did not begin says more than that it is over.
    await Promise.allSettled([this.begun, answer])
    await this.begun
    return answer
  }

  streamQuery(): never {
    throw new Error('Statements on SQLite are not streamed.')
  }
}

/** Many readers at once; the thread takes their statements one by one. */
export class SqliteReadDriver implements Driver {
  readonly #thread: SqliteThread
  readonly #file: SqliteFile

  constructor(thread: SqliteThread, file: SqliteFile) {
    this.#thread = thread
    this.#file = file
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#file.requireSame()
    return new SqliteConnection(this.#thread)
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    throw new Error('Changes have a connection of their own.')
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#thread.close()
  }
}

/** One connection for all changes: whoever holds it, a statement or a whole transaction, holds it alone. */
export class SqliteWriteDriver implements Driver {
  readonly #thread: SqliteThread
  readonly #file: SqliteFile
  #turn: Promise<void> = Promise.resolve()
  #release: () => void = () => {}
  /** How long a transaction waits for another process's lock, and which thread was told so. */
  #patienceMs: number | undefined
  #patientGeneration = 0
  /** Whether the last transaction waited for that in vain. */
  #isLocked = false
  #waitedMs = 0

  constructor(thread: SqliteThread, file: SqliteFile) {
    this.#thread = thread
    this.#file = file
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const askedAt = performance.now()
    const previous = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await previous
    this.#release = resolve
    this.#waitedMs = performance.now() - askedAt
    return new SqliteConnection(this.#thread)
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  // Immediate: the write lock is taken before anything is read, so that no transaction reads what it then
  // finds changed.
  // Not waited for: what follows goes out behind it, and the thread refuses that if there is no transaction.
  async beginTransaction(connection: SqliteConnection): Promise<void> {
    this.#file.requireSameNow()
    if (this.#patienceMs !== undefined) {
      // Who stood in line while others waited for a lock in vain has waited for it too.
      const waitedMs = this.#isLocked ? this.#waitedMs : 0
      await this.setPatience(Math.max(1, Math.ceil(busyTimeoutMs - waitedMs)))
    }
    this.#isLocked = true
    const begun = connection.executeQuery(CompiledQuery.raw('begin immediate')).then(() => {
      this.#isLocked = false
    })
    begun.catch(() => {})
    connection.begun = begun
  }

  async setPatience(milliseconds: number): Promise<void> {
    const { generation } = this.#thread
    if (this.#patienceMs === milliseconds && this.#patientGeneration === generation) return
    this.#patienceMs = milliseconds
    this.#patientGeneration = generation
    await this.#thread.execute(`pragma busy_timeout = ${milliseconds}`, [])
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    this.#file.requireSameNow()
    await connection.executeQuery(CompiledQuery.raw('commit'))
    // What was committed into a file that is gone is not durable, and must not be acknowledged.
    this.#file.requireSameNow()
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    connection.begun = undefined
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'))
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (!(error as Error).message.includes('no transaction is active')) throw error
    }
  }

  async destroy(): Promise<void> {
    await this.#thread.close()
  }
}
