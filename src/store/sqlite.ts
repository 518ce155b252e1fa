// The SQLite side of the store: a Kysely driver that hands every statement to a worker thread, and one
// prepared read for verification that stays in this thread, where it takes microseconds.
import { closeSync, openSync } from 'node:fs'
import { extname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import { type ChangeRow, changesQuery } from './changes.ts'
import { type FactsRow, factsQuery } from './facts.ts'
import { isCurrent, migrate } from './migrations/migrations.ts'
import type { WorkerResponse } from './sqlite-worker.ts'
import type { Backend } from './store.ts'
import type { Tables } from './tables.ts'

/** How long a statement waits for another process's write: a mutation that cannot be done fails within a second. */
const busyTimeoutMs = 800
/** A look takes some ten microseconds in this thread. */
const pollEveryMs = 50

const columnTypes = { text: sql`text`, instant: sql`integer`, bytes: sql`blob` }

/** Opens, or makes, an SQLite database and brings its schema up to date. Throws where the file cannot be used. */
export async function openSqlite(path: string): Promise<Backend> {
  // A new file is its owner's alone; SQLite gives its -wal and -shm the same mode.
  closeSync(openSync(path, 'a', 0o600))
  const worker = new SqliteWorker(path)
  const driver = new SqliteDriver(worker)
  const db = new Kysely<Tables>({
    dialect: {
      // The driver gives the turns, not Kysely: it must know how long each waited.
      createAdapter: () =>
        Object.defineProperty(new SqliteAdapter(), 'supportsMultipleConnections', { value: true }),
      createDriver: () => driver,
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  try {
    if (!(await isCurrent(db))) await db.transaction().execute((tx) => migrate(tx, columnTypes))
    await driver.setPatience(busyTimeoutMs)
  } catch (error) {
    await worker.close()
    throw error
  }
  const reader = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
  const facts = reader.prepare(factsQuery('?'))
  const changes = reader.prepare(changesQuery('?', '?'))
  return {
    db,
    pollEveryMs,
    findFactsNow: (kid) => facts.get(kid) as FactsRow | undefined,
    findManyFacts: async (kids) => kids.flatMap((kid) => (facts.get(kid) as FactsRow | undefined) ?? []),
    readChanges: async (since, follower) => changes.all(since, follower) as unknown as ChangeRow[],
    // No word reaches other processes: they look often, which costs microseconds here.
    announce: async () => {},
    listen: () => () => {},
    close: async () => {
      reader.close()
      await db.destroy()
    },
  }
}

class SqliteWorker {
  readonly #worker: Worker
  readonly #waiting = new Map<number, PromiseWithResolvers<QueryResult<unknown>>>()
  #lastId = 0
  #ended: Error | undefined

  constructor(path: string) {
    // Beside this file as it stands: TypeScript in the repository, JavaScript once built.
    const url = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url)
    // Node 22 and 24 call their SQLite experimental at every start; we test on them.
    const execArgv = ['--disable-warning=ExperimentalWarning']
    this.#worker = new Worker(url, { workerData: { path }, execArgv })
    this.#worker.on('message', (response: WorkerResponse) => this.#settle(response))
    this.#worker.on('error', (error: Error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('The SQLite thread has ended.')))
  }

  execute(statement: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    const answer = Promise.withResolvers<QueryResult<unknown>>()
    this.#waiting.set(id, answer)
    this.#worker.postMessage({ id, sql: statement, parameters })
    return answer.promise
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(response: WorkerResponse): void {
    const answer = this.#waiting.get(response.id)
    this.#waiting.delete(response.id)
    if ('error' in response)
      answer?.reject(Object.assign(new Error(response.error.message), { code: response.error.code }))
    else answer?.resolve({ rows: response.rows, numAffectedRows: BigInt(response.changes) })
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const answer of this.#waiting.values()) answer.reject(this.#ended)
    this.#waiting.clear()
  }
}

/** One connection for all: whoever holds it, a statement or a whole transaction, holds it alone. */
class SqliteDriver implements Driver {
  readonly #worker: SqliteWorker
  readonly #connection: DatabaseConnection
  #turn: Promise<void> = Promise.resolve()
  #release: () => void = () => {}
  /** How long a transaction waits for another process's lock; as the thread has set it until that is known. */
  #patienceMs: number | undefined
  /** Whether the last transaction waited for that in vain. */
  #isLocked = false
  #waitedMs = 0

  constructor(worker: SqliteWorker) {
    this.#worker = worker
    this.#connection = {
      executeQuery: <Row>({ sql: statement, parameters }: CompiledQuery) =>
        worker.execute(statement, parameters) as Promise<QueryResult<Row>>,
      streamQuery: () => {
        throw new Error('Statements on SQLite are not streamed.')
      },
    }
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
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  // Immediate: the write lock is taken before anything is read, so that no transaction reads what it then
  // finds changed.
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#patienceMs !== undefined) {
      // Who stood in line while others waited for a lock in vain has waited for it too.
      const waitedMs = this.#isLocked ? this.#waitedMs : 0
      await this.setPatience(Math.max(1, Math.ceil(busyTimeoutMs - waitedMs)))
    }
    this.#isLocked = true
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
    this.#isLocked = false
  }

  async setPatience(milliseconds: number): Promise<void> {
    if (this.#patienceMs === milliseconds) return
    this.#patienceMs = milliseconds
    await this.#worker.execute(`pragma busy_timeout = ${milliseconds}`, [])
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'))
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (!(error as Error).message.includes('no transaction is active')) throw error
    }
  }

  async destroy(): Promise<void> {
    await this.#worker.close()
  }
}
