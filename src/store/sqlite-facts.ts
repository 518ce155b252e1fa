// The read of a verification on SQLite, in this thread. Reads that follow each other share one snapshot of the database.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoredSecret } from '../core/stored-secret.ts'
import { factsQuery } from './facts.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** How old a snapshot may be when a read uses it: code that blocks this thread meanwhile gets a new one after that. */
const snapshotMs = 1
/** Pages that are held in memory, in KiB: those in the middle of each tree, also of millions of keys. */
const cacheKib = 16_384

/** A row of {@link factsQuery}, its columns in their order: the driver gives an array in half the time of an object. */
type Columns = [
  kid: string,
  digest: Uint8Array,
  graceEndsAt: number | null,
  endedAt: number | null,
  keyId: string,
  organizationId: string,
  name: string,
  permissions: string,
  metadata: string,
  expiresAt: number | null,
  revokedAt: number | null,
  suspendedAt: number | null,
  organizationSuspendedAt: number | null,
  notBefore: number | null,
  allowedIps: string | null,
  decoyTries: number | null,
  limits: string | null,
  ancestors: string | null,
]

/**
 * Reads secrets one by one. A read that stands alone is a transaction of its own, whose locks are most of its system
 * calls. A second one before the microtasks queued so far have run opens a transaction, in which the rest of them read.
 * It ends within the same turn of the event loop, so no answer of another thread or process can come in between.
 */
export class SqliteFacts {
  readonly #db: DatabaseSync
  readonly #file: SqliteFile
  readonly #select: StatementSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  #hasRead = false
  #isOpen = false
  #openedAt = 0

  constructor(db: DatabaseSync, file: SqliteFile) {
    this.#db = db
    this.#file = file
    db.exec(`pragma cache_size = -${cacheKib}`)
    this.#select = db.prepare(factsQuery('?'))
    this.#select.setReturnArrays(true)
    this.#begin = db.prepare('begin')
    this.#commit = db.prepare('commit')
  }

  /** Reads the secret of a kid; undefined if there is none. Throws what the driver throws, and `store_unavailable`. */
  find(kid: string): StoredSecret | undefined {
    this.#file.requireSame()
    this.#share()
    const row = this.#select.get(kid) as unknown as Columns | undefined
    return row && toRow(row)
  }

  /** Ends the snapshot: what is read next sees every change made until then. Throws what the driver throws. */
  end(): void {
    if (!this.#isOpen) return
    // A fault of the file may have ended the transaction already.
    if (this.#db.isTransaction) this.#commit.run()
    this.#isOpen = false
  }

  #share(): void {
    if (this.#isOpen) {
      if (performance.now() - this.#openedAt < snapshotMs) return
      this.end()
    }
    if (this.#hasRead) {
      this.#openedAt = performance.now()
      this.#begin.run()
      this.#isOpen = true
      return
    }
    this.#hasRead = true
    queueMicrotask(this.#endTurn)
  }

  readonly #endTurn = () => {
    this.#hasRead = false
    try {
      this.end()
    } catch {
      // It is still open: the next read ends it, or fails by it.
      this.#openedAt = Number.NEGATIVE_INFINITY
    }
  }
}

function toRow(row: Columns): StoredSecret {
  return {
    kid: row[0],
    digest: row[1],
    graceEndsAt: row[2],
    endedAt: row[3],
    keyId: row[4],
    organizationId: row[5],
    name: row[6],
    permissions: row[7],
    metadata: row[8],
    expiresAt: row[9],
    revokedAt: row[10],
    suspendedAt: row[11],
    organizationSuspendedAt: row[12],
    notBefore: row[13],
    allowedIps: row[14],
    decoyTries: row[15],
    limits: row[16],
    ancestors: row[17],
  }
}
