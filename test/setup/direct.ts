// A connection of the test's own to a database, past Latchkey, to see what lies there or to break it.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'

export type Row = Record<string, unknown>

export interface DirectConnection extends AsyncDisposable {
  /** Runs one statement, with the database's own marks for parameters; rows come in its own types. */
  run(sql: string, parameters?: readonly unknown[]): Promise<Row[]>
}

const latchkeyTables = ['organizations', 'keys', 'secrets', 'audit_events', 'sessions'] as const

export async function connectDirectly(url: string): Promise<DirectConnection> {
  if (url.startsWith('sqlite:')) {
    const db = new DatabaseSync(url.slice('sqlite:'.length), { timeout: 0 })
    return {
      run: (sql, parameters = []) => runUnlocked(db, sql, parameters),
      [Symbol.asyncDispose]: async () => db.close(),
    }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // Where Latchkey's tables are, so that tests name them as they do on SQLite.
  await client.query('set search_path to latchkey, public')
  return {
    run: async (sql, parameters = []) => (await client.query(sql, [...parameters])).rows as Row[],
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** Waits for a lock without blocking this thread, which the lock's holder may need to go on. */
async function runUnlocked(db: DatabaseSync, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
  for (let tries = 1; ; tries++) {
    try {
      return db.prepare(sql).all(...(parameters as SQLInputValue[])) as Row[]
    } catch (error) {
      if (tries === 500 || !(error as Error).message.includes('locked')) throw error
      await setTimeout(10)
    }
  }
}

/** Reads every row of every table, as one text that is the same if and only if nothing changed. */
export async function readAll(url: string): Promise<string> {
  await using direct = await connectDirectly(url)
  const tables: Row[][] = []
  for (const table of latchkeyTables) tables.push(await direct.run(`select * from ${table} order by 1`))
  return JSON.stringify(tables)
}
