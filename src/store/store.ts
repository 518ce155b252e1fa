// The store: the only place that names a database. All SQL is in this folder, one file a table.
import { LatchkeyError } from '../core/errors.ts'
import type { StoredSecret } from '../core/stored-secret.ts'
import { FairLine, type LineBounds, type Turn } from '../fairness/fair-line.ts'
import type { Backend, PostgresEnvironment, StoreDialect, Transact, Warn } from './backend.ts'
import { deregisterFollower, type Look } from './changes.ts'
import { describeNewer, schemaVersion } from './migrations/migrations.ts'
import { describeOpeningFailure } from './opening-failure.ts'
import { isPostgresUrl } from './postgres-url.ts'
import type { SchemaFound } from './schema-found.ts'
import { sqlitePath } from './sqlite-url.ts'
import type { Db, Tx } from './tables.ts'

/** An open database. Every failure of it is `store_unavailable`, never an answer. */
export interface Store {
  /**
   * Runs a read whose cost is bounded, in its caller's turn, or, without one, before those of all callers: for
   * what others depend on. A search is several of these. Throws `too_many_reads`, and what the signal is raised with.
   */
  read<T>(query: (db: Db) => Promise<T>, turn?: Turn): Promise<T>
  /** Runs a change; see {@link Transact}. */
  write: Transact
  readonly dialect: StoreDialect
  /** How many changes may be under way at once. */
  readonly changesAtOnce: number
  /**
   * Runs a statement that commits by itself; or, while a process opens it, a read, for which a thread or a connection of its own
   * would be begun. Throws `store_unavailable`.
   */
  execute<T>(statement: (db: Db) => Promise<T>): Promise<T>
  /** Wakes the listeners of all processes when the transaction commits, as far as the database can. */
  announce(tx: Tx): Promise<unknown>[]
  /** Calls back when another process may have announced something; returns how to stop that. Hints may get lost. */
  listen(hint: () => void): () => void
  /** How long to wait between two looks for changes; long if hints come, short if looking is cheap. */
  readonly pollEveryMs: number
  /** The two reads that verification lives on, each prepared; see `facts.ts` and `changes.ts`. */
  /** What is known of one secret, read at once; absent if only {@link findManyFacts} can read. */
  readonly findFactsNow?: (kid: string) => StoredSecret | undefined
  /** What is known of many secrets, in any order, by one read; those that are not there are left out. */
  findManyFacts(kids: readonly string[]): Promise<StoredSecret[]>
  readChanges(since: number, follower: string): Promise<Look>
  /** The size of what is not in the SQLite file itself yet, in bytes; absent on another database. */
  readonly walBytes: (() => number) | undefined
  /** Resolves if a change can be made durable now, and a secret that is not remembered can be judged. */
  checkWritable(): Promise<void>
  close(): Promise<void>
}

/** Opens `sqlite:<file>` or `postgres://…`. Throws `invalid_input` for another url, `store_unavailable` if it fails. */
export async function openStore(
  url: string,
  warn: Warn = warnProcess,
  environment: PostgresEnvironment = {},
): Promise<Store> {
  const backend = await openBackend(url, warn, environment).catch((error: unknown) => {
    throw describeOpeningFailure(error, url)
  })
  const { findFactsNow } = backend
  /** The schema to which a newer program has brought the database, if this program must not use that. */
  let outgrownBy: number | undefined
  const checkSchema = () => {
    if (outgrownBy !== undefined) {
      throw new LatchkeyError(
        'store_unavailable',
        `${describeNewer(outgrownBy)} Until then this process serves nothing.`,
      )
    }
  }
  const guard = <T>(work: () => Promise<T>, signal?: AbortSignal) =>
    guardWork(() => {
      checkSchema()
      return work()
    }, signal)
  const guardNow = <T>(work: () => T): T => {
    try {
      checkSchema()
      return work()
    } catch (error) {
      throw failureOf(error)
    }
  }
  const readChanges = async (since: number, follower: string): Promise<Look> => {
    const look = await backend.readChanges(since, follower)
    const [first] = look.rows
    if (first && first.oldest_compatible > schemaVersion) {
      outgrownBy = first.oldest_compatible
      checkSchema()
    }
    return look
  }
  const line = new FairLine(lineBounds(backend.readsAtOnce))
  const read = <T>(query: (db: Db) => Promise<T>, turn?: Turn) =>
    guard(() => line.run(() => query(backend.reads), turn), turn?.signal)
  const write: Transact = (change, last) => guard(() => backend.transact(change, last))
  return {
    read,
    write,
    dialect: backend.dialect,
    changesAtOnce: backend.changesAtOnce,
    execute: (statement) => guard(() => statement(backend.statements)),
    announce: (tx) => backend.announce(tx),
    listen: (hint) => backend.listen(hint),
    get pollEveryMs() {
      return backend.pollEveryMs
    },
    ...(findFactsNow && { findFactsNow: (kid) => guardNow(() => findFactsNow(kid)) }),
    findManyFacts: (kids) => guard(() => backend.findManyFacts(kids)),
    readChanges: (since, follower) => guard(() => readChanges(since, follower)),
    walBytes: backend.walBytes,
    checkWritable: () =>
      guard(async () => {
        await backend.transact(touch)
        if (!findFactsNow) await backend.findManyFacts([])
      }),
    close: () => backend.close(),
  }
}

/** Tells whether a database is there and has Latchkey's tables. Only reads. Throws if it cannot be read. */
export async function hasLatchkeyTables(
  database: string,
  environment: PostgresEnvironment = {},
): Promise<boolean> {
  if (isPostgresUrl(database)) return (await import('./postgres.ts')).hasLatchkeyTables(database, environment)
  return (await import('./sqlite-file.ts')).hasLatchkeyTables(sqlitePath(database) ?? database)
}

/** What a look at a database has found. */
export interface DatabaseFound {
  /** The version of its schema, and the one of this program; undefined if there is no table of Latchkey. */
  schema: (SchemaFound & { supported: number }) | undefined
  /** How far its clock is ahead of this machine's, in milliseconds. */
  aheadMs: number
  /** Whether an SQLite file has something sealed. */
  isSealed: boolean
}

/**
 * Looks at a database, and changes nothing: no file is made, nothing is migrated. Throws `store_unavailable` with what to do if
 * it cannot be read, or is one that Latchkey cannot use.
 */
export async function inspectDatabase(
  database: string,
  environment: PostgresEnvironment = {},
): Promise<DatabaseFound> {
  try {
    const { schema, aheadMs, isSealed } = isPostgresUrl(database)
      ? { ...(await (await import('./postgres.ts')).inspectPostgres(database, environment)), isSealed: false }
      : await inspectFile(sqlitePath(database) ?? database)
    return { schema: schema && { ...schema, supported: schemaVersion }, aheadMs, isSealed }
  } catch (error) {
    throw describeOpeningFailure(error, database)
  }
}

async function inspectFile(path: string) {
  const { findSchemaOfFile, hasSealedValues } = await import('./sqlite-file.ts')
  const schema = await findSchemaOfFile(path)
  return { schema, aheadMs: 0, isSealed: schema !== undefined && hasSealedValues(path) }
}

/** Node prints it, unless the program listens to its process's warnings. */
export function warnProcess(message: string): void {
  process.emitWarning(message, 'LatchkeyWarning')
}

async function openBackend(url: string, warn: Warn, environment: PostgresEnvironment): Promise<Backend> {
  if (isPostgresUrl(url)) {
    return (await import('./postgres.ts')).openPostgres(url, warn, environment)
  }
  const path = sqlitePath(url)
  if (path?.startsWith('//')) {
    throw new LatchkeyError(
      'invalid_input',
      'The database URL must name the file after sqlite:, such as sqlite:latchkey.db in the working directory, or sqlite:/srv/latchkey.db or sqlite:///srv/latchkey.db in another directory.',
    )
  }
  if (path === undefined || path === ':memory:') {
    throw new LatchkeyError(
      'invalid_input',
      'The database URL must be sqlite:<file> or postgres://<user>@<host>/<name>.',
    )
  }
  return (await import('./sqlite.ts')).openSqlite(path, warn)
}

/** Writes and takes it back: SQLite leaves out a write that changes nothing, and so finds no disk full. */
async function touch(tx: Tx): Promise<void> {
  const id = `probe ${process.pid}`
  await tx.insertInto('followers').values({ id, name: '', confirmed_sequence: 0 }).execute()
  await deregisterFollower(tx, id)
}

/** Of the reads that run at once, one organization may have all but one, and a key half. */
function lineBounds(readsAtOnce: number): LineBounds {
  return {
    width: readsAtOnce,
    widthOfOrganization: Math.max(1, readsAtOnce - 1),
    widthOfKey: Math.ceil(readsAtOnce / 2),
    maxWaiting: 4_096,
    maxWaitingOfKey: 256,
    patienceMs: 5_000,
  }
}

async function guardWork<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Nobody waits any more: why is the caller's own business.
    if (signal?.aborted) throw signal.reason
    throw failureOf(error)
  }
}

/**
 * Tells whether a change failed because the database would not take what it was to store (SQLSTATE classes 22, 23, 54
 * and P0; a constraint of SQLite), so that it will not take it next time either.
 */
export function isRowRefused(error: unknown): boolean {
  if (!(error instanceof LatchkeyError) || error.code !== 'store_unavailable') return false
  // It has no cause if it is our own refusal: of a file that was replaced, or of a newer schema.
  const { code, message } = (error.cause ?? {}) as { code?: unknown; message?: string }
  if (code === 'ERR_SQLITE_ERROR') return /constraint|too big|refused/i.test(message ?? '')
  return typeof code === 'string' && /^(?:22|23|54|P0)[0-9A-Z]{3}$/.test(code)
}

/** What a database says of a row that it refuses: its code, since its message may hold what is in the row. */
export function refusalOf({ cause }: { cause?: unknown }): string {
  return String((cause as { code?: unknown } | undefined)?.code ?? 'no code')
}

/**
 * Tells whether a change failed for what others did at that moment (PostgreSQL: a deadlock, a serialization failure, a lock
 * that did not come in time; SQLite: a file that was locked), so that the database may take the same one soon.
 */
export function isBusy(error: unknown): boolean {
  const { code, message = '' } = ((error as Error).cause ?? {}) as { code?: unknown; message?: string }
  return ['40P01', '40001', '55P03'].includes(String(code)) || /database (?:table )?is locked/.test(message)
}

/** Lets refusals and our own bugs through as they are; every other error of a database is its failure. */
function failureOf(error: unknown): unknown {
  if (error instanceof LatchkeyError || error instanceof TypeError || error instanceof RangeError)
    return error
  return new LatchkeyError('store_unavailable', 'The database did not accept the request. Try again.', {
    cause: error,
  })
}
