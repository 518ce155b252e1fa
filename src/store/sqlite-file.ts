// The file of an SQLite database as the file system sees it: who may read it, and whether it is still the same one.
import { accessSync, type BigIntStats, chmodSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LatchkeyError } from '../core/errors.ts'
import type { Warn } from './backend.ts'
import { findSchema, type SchemaFound } from './schema-found.ts'
import { sealedColumns } from './sealed-values.ts'
import { type TableName, tableNames, tableSigns } from './tables.ts'

/** How long a statement waits for another process's write: a mutation that cannot be done fails within a second. */
export const busyTimeoutMs = 800

/** How old the last look at the file may be, in milliseconds, if a read asks. */
const lookEveryMs = 50
const companions = ['-wal', '-shm']
/** While another process makes the schema. */
const inspectingTimeoutMs = 30_000

/** Watches over the files that the connections have open. */
export class SqliteFile {
  readonly path: string
  #identity: string
  #isWhole = false
  readonly #warn: Warn
  #lookedAt = Number.NEGATIVE_INFINITY
  #isSame = true

  /**
   * Makes the file if there is none, for its owner alone, and takes it from others who might read it. Throws, and
   * leaves the file as it is, if it is of another kind or has another program's tables of the same names.
   */
  constructor(path: string, warn: Warn) {
    this.path = resolve(path)
    this.#warn = warn
    const isThere = requireFile(this.path)
    // SQLite gives -wal and -shm the mode of the database.
    if (!isThere) closeSync(openSync(this.path, 'a', 0o600))
    else {
      accessSync(this.path, constants.R_OK | constants.W_OK)
      refuseForeign(this.path)
    }
    this.#tighten()
    this.#identity = identify(this.path)
  }

  /**
   * Watches over the log of changes and its index too, from now on: once a connection has them open, nobody may remove
   * them. If somebody does all the same, what is committed into them is lost.
   */
  watchCompanions(): void {
    this.#isWhole = true
    this.#identity = this.#identify()
  }

  /** Looks which files lie at the path now: their devices and inodes, or `missing`. */
  look(): string {
    const identity = this.#identify()
    this.#lookedAt = performance.now()
    this.#note(identity)
    return identity
  }

  /** Throws `store_unavailable` if another file, or none, lies at the path; looks again unless it just did. */
  requireSame(): void {
    if (performance.now() - this.#lookedAt >= lookEveryMs) this.look()
    if (!this.#isSame) throw replaced()
  }

  /** The same by a look of its own: for a change, which would be lost with the file. */
  requireSameNow(): void {
    if (!this.isSame()) throw replaced()
  }

  /** Tells, by a look of its own, whether the file is still the one that was opened. */
  isSame(): boolean {
    this.look()
    return this.#isSame
  }

  /** The size of the log of changes that are not in the file itself yet, in bytes. */
  walBytes(): number {
    return Number(lookAt(`${this.path}-wal`)?.size ?? 0)
  }

  #identify(): string {
    const identity = identify(this.path)
    if (!this.#isWhole) return identity
    return [identity, ...companions.map((companion) => identify(this.path + companion))].join(' ')
  }

  #note(identity: string): void {
    const isSame = identity === this.#identity
    if (isSame === this.#isSame) return
    this.#isSame = isSame
    this.#warn(
      isSame
        ? `The database file ${this.path} is back. Latchkey serves from it again.`
        : `The database file ${this.path}, its -wal or its -shm was ${identity.includes(missing) ? 'removed' : 'replaced'} while this process used it. Latchkey serves nothing from it. Restart Latchkey, and stop it before the next restore.`,
    )
  }

  /** A file that everybody may read was made by an older release or another program; a group's right was given. */
  #tighten(): void {
    const { mode } = statSync(this.path)
    if ((mode & 0o007) === 0) return
    try {
      for (const companion of ['', ...companions]) {
        const path = this.path + companion
        if (statSync(path, { throwIfNoEntry: false })) chmodSync(path, 0o600)
      }
      this.#warn(
        `Every user of this machine could read the database file ${this.path}. Latchkey has restricted it to its owner.`,
      )
    } catch {
      this.#warn(
        `Every user of this machine can read the database file ${this.path}. Run chmod 600 on it as its owner.`,
      )
    }
  }
}

/** Tells whether an SQLite database has Latchkey's tables. Only reads. Throws if the file is no database, or is busy. */
export function hasLatchkeyTables(path: string): boolean {
  return requireFile(path) && inspectTables(path, busyTimeoutMs).areOurs
}

/** Finds out the schema of a file; undefined if there is none. Only reads. Throws if the file is no database, or is busy. */
export async function findSchemaOfFile(path: string): Promise<SchemaFound | undefined> {
  if (!hasLatchkeyTables(path)) return undefined
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
  try {
    return await findSchema('', async (statement) => db.prepare(statement).get())
  } finally {
    db.close()
  }
}

/** Tells whether a file has something sealed by a keyring. Only reads. Throws if the file is no database, or is busy. */
export function hasSealedValues(path: string): boolean {
  if (!requireFile(path)) return false
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
  try {
    return sealedColumns.some(({ table, column }) => {
      // An older schema need not have it.
      const columns = db.prepare('select name from pragma_table_info(?)').all(table)
      if (!columns.some(({ name }) => name === column)) return false
      return db.prepare(`select 1 from ${table} where ${column} is not null limit 1`).get() !== undefined
    })
  } finally {
    db.close()
  }
}

/** Another program's tables are not to be taken for ours because of their names. */
function refuseForeign(path: string): void {
  const { areOurs, taken } = inspectTables(path, inspectingTimeoutMs)
  if (areOurs || taken === undefined) return
  throw new LatchkeyError(
    'invalid_input',
    `The database file ${path} has a table ${taken} of another program. Latchkey has not changed it. Name another file for Latchkey.`,
  )
}

/**
 * Finds out which of our tables' names a database has, the first of them, and whether they are ours. Throws, and leaves the
 * file as it is, if it is no database. It is SQLite that opens the file: any other code that closes it takes from all connections
 * of this process their locks on it (POSIX), and then another process may remove the log of changes under them.
 */
function inspectTables(path: string, timeout: number): { areOurs: boolean; taken: TableName | undefined } {
  const db = new DatabaseSync(path, { readOnly: true, timeout })
  try {
    const names = tableNames.map((name) => `'${name}'`).join(', ')
    const rows = db
      .prepare(
        `select lower(sqlite_schema.name) as relation, lower(attributes.name) as attribute
         from sqlite_schema join pragma_table_info(sqlite_schema.name) as attributes
         where lower(sqlite_schema.name) in (${names})`,
      )
      .all()
    const has = (table: string, column?: string) =>
      rows.some(
        ({ relation, attribute }) => relation === table && (column === undefined || attribute === column),
      )
    return {
      areOurs: tableSigns.every(([table, column]) => has(table, column)),
      taken: tableNames.find((name) => has(name)),
    }
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== notADatabase) throw error
    throw new Error('the file is not an SQLite database, and Latchkey has not changed it')
  } finally {
    db.close()
  }
}

/** SQLITE_NOTADB. */
const notADatabase = 26

/** Tells whether there is a file. Throws if what lies there is of another kind. */
function requireFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return false
  if (!found.isFile()) throw new Error('the path names a folder or a device, not a file')
  return true
}

const missing = 'missing'

function identify(path: string): string {
  const found = lookAt(path)
  return found === undefined ? missing : `${found.dev}:${found.ino}`
}

/** What lies at a path; undefined if nothing does, and if that cannot be told: by a disk that fails, say. */
function lookAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function replaced(): LatchkeyError {
  return new LatchkeyError(
    'store_unavailable',
    'The database file was replaced or removed while this process used it. Restart Latchkey.',
  )
}
