// The numbered steps from an empty database to today's. Append only: a step that was released is never edited.
import { type RawBuilder, sql } from 'kysely'
import { LatchkeyError } from '../../errors.ts'
import type { Db } from '../tables.ts'
import * as keys from './0001-keys.ts'
import * as changes from './0002-changes.ts'
import * as sessions from './0003-sessions.ts'
import * as search from './0004-search.ts'
import * as marks from './0005-marks.ts'
import * as sessionPages from './0006-session-pages.ts'

/** What the databases call the three kinds of column. Only migrations need to know. */
export interface ColumnTypes {
  /** Unicode that compares byte by byte, so that it sorts alike on every database. */
  text: RawBuilder<unknown>
  /** A whole number of milliseconds since 1970, or a count. */
  instant: RawBuilder<unknown>
  bytes: RawBuilder<unknown>
}

type Step = (db: Db, types: ColumnTypes) => Promise<void>

const steps: readonly Step[] = [keys.up, changes.up, sessions.up, search.up, marks.up, sessionPages.up]

/** The version of the schema that this program works on. */
export const schemaVersion = steps.length

/** Tells whether a database is at {@link schemaVersion}: then it takes neither a lock nor the right to make tables. */
export async function isCurrent(db: Db): Promise<boolean> {
  try {
    const { version } = await db.selectFrom('schema_version').select('version').executeTakeFirstOrThrow()
    return version === schemaVersion
  } catch {
    // No such table, or no database at all: the migration finds out which.
    return false
  }
}

/**
 * Brings a database up to {@link schemaVersion}, inside the caller's transaction and under its lock. Throws
 * `store_unavailable` where the database is of a newer program. Returns how many steps it took.
 */
export async function migrate(db: Db, types: ColumnTypes): Promise<number> {
  await sql`create table if not exists schema_version (version bigint not null)`.execute(db)
  const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(db)
  const version = rows[0]?.version ?? 0
  if (version > schemaVersion) {
    throw new LatchkeyError(
      'store_unavailable',
      `The database is at schema ${version}, this Latchkey knows up to ${schemaVersion}: upgrade Latchkey.`,
    )
  }
  if (version === schemaVersion) return 0
  for (const step of steps.slice(version)) await step(db, types)
  if (rows.length === 0) await sql`insert into schema_version (version) values (${schemaVersion})`.execute(db)
  else await sql`update schema_version set version = ${schemaVersion}`.execute(db)
  return schemaVersion - version
}
