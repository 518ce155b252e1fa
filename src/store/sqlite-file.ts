// The file of an SQLite database as the file system sees it: who may read it, and whether it is still the same one.
import { chmodSync, closeSync, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LatchkeyError } from '../errors.ts'
import { busyTimeoutMs } from './sqlite-driver.ts'
import type { Warn } from './store.ts'

/** How old the last look at the file may be, in milliseconds, where a read asks. */
const lookEveryMs = 50
const companions = ['', '-wal', '-shm']

/** Watches over the file that the connections have open. */
export class SqliteFile {
  readonly path: string
  readonly #identity: string
  readonly #warn: Warn
  #lookedAt = Number.NEGATIVE_INFINITY
  #isSame = true

  /**
   * Makes the file if there is none, for its owner alone, and takes it from others who might read it. Throws, and
   * leaves the file as it is, if it is of another kind.
   */
  constructor(path: string, warn: Warn) {
    this.path = resolve(path)
    this.#warn = warn
    requireSqlite(this.path)
    // SQLite gives -wal and -shm the mode of the database.
    closeSync(openSync(this.path, 'a', 0o600))
    this.#tighten()
    this.#identity = identify(this.path)
  }

  /** Looks which file lies at the path now: its device and inode, or `missing`. */
  look(): string {
    const identity = identify(this.path)
    this.#lookedAt = performance.now()
    this.#note(identity)
    return identity
  }

  /** Throws `store_unavailable` where another file, or none, lies at the path; looks again unless it just did. */
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
    return statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  }

  #note(identity: string): void {
    const isSame = identity === this.#identity
    if (isSame === this.#isSame) return
    this.#isSame = isSame
    this.#warn(
      isSame
        ? `The database file ${this.path} is back: serving goes on.`
        : `The database file ${this.path} was ${identity === missing ? 'removed' : 'replaced'} under this process. Nothing is served from it: restart Latchkey, and stop it before the next restore.`,
    )
  }

  /** A file that everybody may read was made by an older release or another program; a group's right was given. */
  #tighten(): void {
    const { mode } = statSync(this.path)
    if ((mode & 0o007) === 0) return
    try {
      for (const companion of companions) {
        const path = this.path + companion
        if (statSync(path, { throwIfNoEntry: false })) chmodSync(path, 0o600)
      }
      this.#warn(`The database file ${this.path} was open to everybody; now it is its owner's alone.`)
    } catch {
      this.#warn(
        `The database file ${this.path} is open to everybody on this machine: let its owner run chmod 600 on it.`,
      )
    }
  }
}

/** Tells whether an SQLite database has Latchkey's tables. Only reads. Throws if the file is no database, or is busy. */
export function hasLatchkeyTables(path: string): boolean {
  requireSqlite(path)
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
  try {
    const found = db.prepare(
      "select count(*) as tables from sqlite_schema where name in ('schema_version', 'secrets')",
    )
    return found.get()?.tables === 2
  } finally {
    db.close()
  }
}

/** How every file of SQLite begins, except one into which nothing has been written yet. */
const signature = Buffer.from('SQLite format 3\0')

/** Somebody's own file whose name was mistyped must keep its content and its mode. */
function requireSqlite(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isFile()) throw new Error('what lies there is a folder or a device, not a file')
  const start = Buffer.alloc(signature.length)
  const descriptor = openSync(path, 'r')
  try {
    const length = readSync(descriptor, start, 0, start.length, 0)
    if (length === 0 || start.equals(signature)) return
  } finally {
    closeSync(descriptor)
  }
  throw new Error('the file is no SQLite database, and was left as it is')
}

const missing = 'missing'

function identify(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? missing : `${found.dev}:${found.ino}`
}

function replaced(): LatchkeyError {
  return new LatchkeyError(
    'store_unavailable',
    'The database file was replaced or removed under this process: restart Latchkey.',
  )
}
