// How Kysely's statements get to the threads of an SQLite database.
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import { busyTimeoutMs, type SqliteFile } from './sqlite-file.ts'
import type { SqliteThread } from './sqlite-thread.ts'
import { lateStatement, type TransactingConnection } from './transact.ts'

/** A connection as one holder has it: of one thread, and not of the next if that one dies. */
class SqliteConnection implements DatabaseConnection {
  readonly #thread: SqliteThread
  readonly #generation: number

  constructor(thread: SqliteThread) {
    thread.begin()
    this.#thread = thread
    this.#generation = thread.generation
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return this.send(query)
  }

  streamQuery(): never {
    throw new Error('Statements on SQLite are not streamed.')
  }

  protected async send<Row>(
    { sql, parameters }: CompiledQuery,
    inTransaction = false,
  ): Promise<QueryResult<Row>> {
    // The rest of a transaction whose beginning died with its thread must not run by itself.
    if (this.#generation !== this.#thread.generation) throw new Error('The SQLite thread was replaced.')
    return (await this.#thread.execute(sql, parameters, inTransaction)) as QueryResult<Row>
  }
}

/** How transactions wait for the locks of other processes. */
interface LockWaits {
  /** Tells the thread how long the next one may wait. */
  setPatienceOfNext(): Promise<void>
  /** Learns whether one waits in vain. */
  note(begun: Promise<unknown>): void
}

/** The writing one, for a statement by itself, or for one transaction. */
class SqliteWriteConnection extends SqliteConnection implements TransactingConnection {
  sent = 0
  readonly #file: SqliteFile
  readonly #locks: LockWaits
  /** The answer to the `begin` of the transaction under way; undefined outside of one. */
  #begun: Promise<unknown> | undefined
  #isEnding = false

  constructor(thread: SqliteThread, file: SqliteFile, locks: LockWaits) {
    super(thread)
    this.#file = file
    this.#locks = locks
  }

  override async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.#isEnding) throw new TypeError(lateStatement)
    if (this.#begun === undefined) return this.send(query)
    this.sent++
    return this.#sendWithin(query)
  }

  // Immediate: the write lock is taken before anything is read, so that no transaction reads what it then
  // finds changed. The thread refuses what follows if there is no transaction.
  async begin(): Promise<void> {
    this.#file.requireSameNow()
    await this.#locks.setPatienceOfNext()
    this.#begun = this.send(CompiledQuery.raw('begin immediate'))
    this.#begun.catch(() => {})
    this.#locks.note(this.#begun)
  }

  async commit(): Promise<void> {
    this.#isEnding = true
    this.#file.requireSameNow()
    await this.#sendWithin(CompiledQuery.raw('commit'))
    // What was committed into a file that is gone is not durable, and must not be acknowledged.
    this.#file.requireSameNow()
  }

  async rollback(): Promise<void> {
    this.#isEnding = true
    try {
      await this.send(CompiledQuery.raw('rollback'))
    } catch (error) {
      // The thread rolls back if a statement fails, and SQLite by itself if the disk is full.
      if (!(error as Error).message.includes('no transaction is active')) throw error
    }
  }

  async #sendWithin<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const answer = this.send<Row>(query, true)
    // Why it did not begin says more than that it is over.
    await Promise.allSettled([this.#begun, answer])
    await this.#begun
    return answer
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

/** One connection for all changes: its holder, a statement or a whole transaction, holds it alone. */
export class SqliteWriteDriver implements Driver, LockWaits {
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
    return new SqliteWriteConnection(this.#thread, this.#file, this)
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  async beginTransaction(): Promise<never> {
    throw new Error('Transactions on SQLite are made by transact.')
  }

  async commitTransaction(): Promise<void> {}

  async rollbackTransaction(): Promise<void> {}

  async setPatienceOfNext(): Promise<void> {
    if (this.#patienceMs === undefined) return
    // Who stood in line while others waited for a lock in vain has waited for it too.
    const waitedMs = this.#isLocked ? this.#waitedMs : 0
    await this.setPatience(Math.max(1, Math.ceil(busyTimeoutMs - waitedMs)))
  }

  note(begun: Promise<unknown>): void {
    this.#isLocked = true
    begun.then(
      () => {
        this.#isLocked = false
      },
      () => {},
    )
  }

  async setPatience(milliseconds: number): Promise<void> {
    const { generation } = this.#thread
    if (this.#patienceMs === milliseconds && this.#patientGeneration === generation) return
    this.#patienceMs = milliseconds
    this.#patientGeneration = generation
    await this.#thread.execute(`pragma busy_timeout = ${milliseconds}`, [])
  }

  async destroy(): Promise<void> {
    await this.#thread.close()
  }
}
