// The thread that owns the writing connection of an SQLite database: an fsync blocks here, and nobody else.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** A statement sent to this thread. */
export interface WorkerRequest {
  id: number
  sql: string
  parameters: readonly unknown[]
}

/** The answer to the request of the same id. */
export type WorkerResponse =
  | { id: number; rows: unknown[]; changes: number }
  | { id: number; error: { message: string; code: string | undefined } }

/** While the schema is made, fifty processes may be starting at once. */
const openingTimeoutMs = 30_000
const rememberedStatements = 200

const db = new DatabaseSync((workerData as { path: string }).path, { timeout: openingTimeoutMs })
const statements = new Map<string, StatementSync>()

enterWalMode()
db.exec('pragma synchronous = full; pragma foreign_keys = on')

parentPort?.on('message', (request: WorkerRequest) => parentPort?.postMessage(answer(request)))

function answer({ id, sql, parameters }: WorkerRequest): WorkerResponse {
  try {
    const statement = prepare(sql)
    if (statement.columns().length > 0) {
      return { id, rows: statement.all(...(parameters as SQLInputValue[])), changes: 0 }
    }
    return { id, rows: [], changes: Number(statement.run(...(parameters as SQLInputValue[])).changes) }
  } catch (error) {
    return { id, error: { message: (error as Error).message, code: (error as NodeJS.ErrnoException).code } }
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

/** Turning WAL on needs the file alone for a moment, and SQLite refuses instead of waiting for it. */
function enterWalMode(): void {
  const deadline = Date.now() + openingTimeoutMs
  for (;;) {
    try {
      db.exec('pragma journal_mode = wal')
      return
    } catch (error) {
      if (Date.now() > deadline || !/locked|busy/.test((error as Error).message)) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 40)
    }
  }
}
