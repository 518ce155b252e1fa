// The SQLite side of the store: a thread that writes and one that reads, so that neither waits for the other, and
// one prepared read for verification that stays in this thread, where it takes microseconds.

import { DatabaseSync } from 'node:sqlite'
import {
  type Dialect,
  type Driver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import { pollMs } from '../core/bounds.ts'
import type { Backend, StoreDialect, Transact, Warn } from './backend.ts'
import { type ChangeRow, changesQuery } from './changes.ts'
import { isCurrent, migrate } from './migrations/migrations.ts'
import { SqliteReadDriver, SqliteWriteDriver } from './sqlite-driver.ts'
import { SqliteFacts } from './sqlite-facts.ts'
import { busyTimeoutMs, SqliteFile } from './sqlite-file.ts'
import { SqliteThread } from './sqlite-thread.ts'
import type { Db, Tables } from './tables.ts'
import { makeTransact } from './transact.ts'

const storeDialect: StoreDialect = {
  now: sql`cast(round(unixepoch('subsec') * 1000) as integer)`,
  clock: sql`cast(round(unixepoch('subsec') * 1000) as integer)`,
  // Each is taken apart once and not by each of its fields; with the limit, the subquery stays one.
  elementsOf: (json) => sql`(select jsonb(value) as value from json_each(${json}) limit -1)`,
  bytesOf: (hex) => `unhex(${hex})`,
  skipsLocked: false,
}
const columnTypes = {
  text: sql`text`,
  instant: sql`integer`,
  bytes: sql`blob`,
  small: sql`integer`,
  identity: sql`integer primary key autoincrement not null`,
  arrival: sql`integer primary key autoincrement not null`,
  byPrimaryKey: sql`without rowid`,
}

/** Opens, or makes, an SQLite database and brings its schema up to date. Throws if the file cannot be used. */
export async function openSqlite(path: string, warn: Warn): Promise<Backend> {
  const file = new SqliteFile(path, warn)
  const { db, transact } = await openWriter(file, warn)
  // Only now: a reader finds a database in WAL mode, with all its tables.
  const readDriver = new SqliteReadDriver(new SqliteThread(file, true, warn), file)
  const reads = new Kysely<Tables>({ dialect: dialectOf(readDriver) })
  const { reader, facts, changes } = await openReader(file).catch(async (error: unknown) => {
    await db.destroy()
    throw error
  })
  file.watchCompanions()
  const findFactsNow = (kid: string) => facts.find(kid)
  return {
    transact,
    dialect: storeDialect,
    statements: db,
    reads,
    // The thread takes them one by one, and the next one is chosen here.
    readsAtOnce: 1,
    // One is written while the others stand ready.
    changesAtOnce: 4,
    pollEveryMs: pollMs.sqlite,
    findFactsNow,
    findManyFacts: async (kids) => kids.flatMap((kid) => findFactsNow(kid) ?? []),
    readChanges: async (since, follower) => {
      facts.end()
      return { rows: changes.all(since, follower, file.look()) as unknown as ChangeRow[], provenMsAgo: 0 }
    },
    // No word reaches other processes: they look often, which costs microseconds here.
    announce: () => [],
    listen: () => () => {},
    walBytes: () => file.walBytes(),
    close: async () => {
      facts.end()
      reader.close()
      await reads.destroy()
      await db.destroy()
    },
  }
}

/** Opens the connection of this thread, and reads by it, so that it has all files of the database open. */
async function openReader(file: SqliteFile) {
  const reader = new DatabaseSync(file.path, { readOnly: true, timeout: busyTimeoutMs })
  try {
    const facts = new SqliteFacts(reader, file)
    const changes = reader.prepare(changesQuery('?', '?', '?'))
    facts.find('')
    facts.end()
    return { reader, facts, changes }
  } catch (error) {
    reader.close()
    throw error
  }
}

async function openWriter(file: SqliteFile, warn: Warn): Promise<{ db: Db; transact: Transact }> {
  const thread = new SqliteThread(file, false, warn)
  const driver = new SqliteWriteDriver(thread, file)
  const dialect = dialectOf(driver)
  const config = { dialect }
  const db = new Kysely<Tables>(config)
  const transact = makeTransact(db, { config, driver, dialect })
  try {
    if (!(await isCurrent(db))) await transact((tx) => migrate(tx, columnTypes))
    await driver.setPatience(busyTimeoutMs)
    return { db, transact }
  } catch (error) {
    await thread.close()
    throw error
  }
}

/** How Kysely speaks to SQLite by a driver. */
function dialectOf(driver: Driver): Dialect {
  return {
    // The driver gives the turns, not Kysely: it must know how long each waited.
    createAdapter: () =>
      Object.defineProperty(new SqliteAdapter(), 'supportsMultipleConnections', { value: true }),
    createDriver: () => driver,
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}
