// What each database brings, for the store to make one of.
import type { RawBuilder } from 'kysely'
import type { StoredSecret } from '../core/stored-secret.ts'
import type { Look } from './changes.ts'
import type { Db, Tx } from './tables.ts'

/** PostgreSQL's own variables, `PGHOST` and others: they say what a database's url leaves out. */
export type PostgresEnvironment = Readonly<Record<string, string | undefined>>

/** Is called with what the operator must know, in a sentence for the log. */
export type Warn = (message: string) => void

/**
 * Runs a change in one transaction: all of it is durable when the promise resolves, or none of it is. The last
 * statements, one a promise, are all sent at once and go out together with the commit, so that the locks which they take
 * wait for no answer on its way: no failure of this process, or of the network, is likely to come between.
 */
export type Transact = <T>(change: (tx: Tx) => Promise<T>, last?: LastStatements<T>) => Promise<T>

/** The last statements of a change that came to a result. */
export type LastStatements<T> = (tx: Tx, result: T) => readonly Promise<unknown>[]

/** What a statement must say differently on each database. */
export interface StoreDialect {
  /** The database's own clock, in milliseconds since 1970: the same throughout a statement. */
  now: RawBuilder<number>
  /** The same as it is read, whatever the statement has waited for. */
  clock: RawBuilder<number>
  /**
   * A table of the elements of a JSON array, one in each row's column `value`: a statement that takes many rows so is the
   * same for any number of them.
   */
  elementsOf(json: string): RawBuilder<unknown>
  /** The bytes for which a text of hexadecimal digits stands: SQL of SQL. */
  bytesOf(hex: string): string
  /** Whether a statement passes over the rows that others have locked; if not, a transaction of a change is alone. */
  skipsLocked: boolean
}

/** What each database brings. */
export interface Backend {
  transact: Transact
  dialect: StoreDialect
  /** The connections of changes, for a statement that commits by itself. */
  statements: Db
  /** The connections of reads alone: a list that takes its time stands before no change. */
  reads: Db
  /** How many statements {@link Backend.reads} takes at once. */
  readsAtOnce: number
  /** How many changes may be under way at once: some connections are left to the process itself. */
  changesAtOnce: number
  /** How long to wait between two looks for changes; long if hints come, short if looking is cheap. */
  readonly pollEveryMs: number
  /** Reads one secret in this thread; absent if a read waits for another program. */
  readonly findFactsNow?: (kid: string) => StoredSecret | undefined
  /** Reads many secrets by one statement. */
  findManyFacts(kids: readonly string[]): Promise<StoredSecret[]>
  readChanges(since: number, follower: string): Promise<Look>
  /** Wakes the listeners of all processes when the transaction commits, as far as the database can. */
  announce(tx: Tx): Promise<unknown>[]
  listen(hint: () => void): () => void
  /** The size of what is not in the database's own file yet, in bytes; absent if there is no such file. */
  walBytes?(): number
  close(): Promise<void>
}
