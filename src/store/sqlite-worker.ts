// A thread that owns a connection to an SQLite database: the writing one, whose fsync blocks here and nobody else,
// or the reading one, whose searches do.
import { statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** What a thread is for. */
export interface WorkerSettings {
  path: string
  isReader: boolean
  /** Whether it takes the place of one that died. */
  isRestart: boolean
}

/** A statement sent to this thread. */
export interface WorkerRequest {
  id: number
  sql: string
  parameters: readonly unknown[]
  /** It belongs to a transaction, and must not run by itself if that did not begin or was rolled back. */
  inTransaction: boolean
}

/** The answer to the request of the same id. */
export type WorkerResponse =
  | { id: number; rows: unknown[]; changes: number }
  | { id: number; error: { message: string; code: string | undefined } }

/** While the schema is made, fifty processes may be starting at once. */
const openingTimeoutMs = 30_000
const restartTimeoutMs = 800
const rememberedStatements = 200
/** A log of changes that a long reader let grow is cut to this as soon as nobody reads from it. */
const keptWalBytes = 16 * 1024 * 1024
const tidyEveryMs = 2_000
const lookEveryMs = 2
/** Immediate: the write lock is taken before anything is read, so that no transaction reads what it then finds changed. */
const beginning = 'begin immediate'

// Before it opens the database, which may wait for the disk and for others: no answers yet, but it runs.
parentPort?.postMessage([] satisfies WorkerResponse[])

const { path, isReader, isRestart } = workerData as WorkerSettings
const timeout = isRestart ? restartTimeoutMs : openingTimeoutMs
const db = new DatabaseSync(path, { timeout, readOnly: isReader })
const statements = new Map<string, StatementSync>()

if (!isReader) {
  enterWalMode()
  db.exec(`pragma synchronous = full; pragma foreign_keys = on; pragma journal_size_limit = ${keptWalBytes}`)
  setInterval(cutWal, tidyEveryMs).unref()
}

parentPort?.on('message', (requests: WorkerRequest[]) => parentPort?.postMessage(requests.map(answer)))

function answer({ id, sql, parameters, inTransaction }: WorkerRequest): WorkerResponse {
  try {
    if (inTransaction && !db.isTransaction) throw new Error('The transaction is over.')
    if (sql === beginning) {
      begin()
      return { id, rows: [], changes: 0 }
    }
    const statement = prepare(sql)
    if (statement.columns().length > 0) {
      return { id, rows: statement.all(...(parameters as SQLInputValue[])), changes: 0 }
    }
    return { id, rows: [], changes: Number(statement.run(...(parameters as SQLInputValue[])).changes) }
  } catch (error) {
    // As on PostgreSQL, nothing of a transaction takes place behind a statement that failed: its commit may be on its way.
    if (inTransaction && db.isTransaction) db.exec('rollback')
    return { id, error: { message: (error as Error).message, code: (error as NodeJS.ErrnoException).code } }
  }
}

/** SQLite looks after the lock ever more seldom, and so would come too late beside a process that writes all the time. */
function begin(): void {
  const { timeout: patience } = db.prepare('pragma busy_timeout').get() as { timeout: number }
  const deadline = performance.now() + patience
  db.exec('pragma busy_timeout = 0')
  try {
    waitForLock(() => db.exec(beginning), deadline, lookEveryMs)
  } finally {
    db.exec(`pragma busy_timeout = ${patience}`)
  }
}

function prepare(sql: string): StatementSync {
  // Some pragmas act when they are prepared, and not again when they are run.
  if (sql.startsWith('pragma')) return db.prepare(sql)
  let statement = statements.get(sql)
  if (!statement) {
    statement = db.prepare(sql)
    if (statements.size >= rememberedStatements) statements.delete(statements.keys().next().value as string)
    statements.set(sql, statement)
  }
  return statement
}

/** Writes the log of changes into the database and cuts it, if it has grown and no reader is in the way. */
function cutWal(): void {
  // Amid a transaction there is nothing to do but wait for the next round.
  if (walBytes() <= keptWalBytes || db.isTransaction) return
  const { timeout: patience } = db.prepare('pragma busy_timeout').get() as { timeout: number }
  try {
    // Readers and writers of this instant are not waited for.
    db.exec('pragma busy_timeout = 0; pragma wal_checkpoint(truncate)')
  } catch {
    // Somebody was in the way after all.
  } finally {
    db.exec(`pragma busy_timeout = ${patience}`)
  }
}

/** None if the file cannot be looked at: each write reports that. */
function walBytes(): number {
  try {
    return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return 0
  }
}

/** Turning WAL on needs the file alone for a moment, and SQLite refuses instead of waiting for it. */
function enterWalMode(): void {
  waitForLock(() => db.exec('pragma journal_mode = wal'), performance.now() + openingTimeoutMs, 30)
}

/** Tries again, about as often as said, while others hold the lock that it needs. */
function waitForLock(attempt: () => void, deadline: number, everyMs: number): void {
  for (;;) {
    try {
      attempt()
      return
    } catch (error) {
      if (performance.now() > deadline || !/locked|busy/.test((error as Error).message)) throw error
      // Not in step with others who wait.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, everyMs * (0.5 + Math.random()))
    }
  }
}
