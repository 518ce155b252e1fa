// What a deletion is: which rows, how long they are kept, and what it goes by.
import type { StoreDialect } from '../store/backend.ts'
import type { Instant } from '../store/instants.ts'
import type { TableName, Tx } from '../store/tables.ts'

/** Rows of usage, of deliveries and of causes are small, and many: as many times more of them are deleted at once. */
export const smallRowsShare = 5

/** Some rows, and what becomes of them. */
export interface Retention {
  table: TableName
  /** Which of its rows, in words. */
  rows: string
  /** How long they are kept, in words. */
  kept: string
  /** What deletes them. */
  by: string
  /** Deletes at most so many of them by one statement or two, and tells how many; absent if something else does. */
  deleteSome?(tx: Tx, terms: DeletionTerms): Promise<number>
}

/** What a deletion goes by. */
export interface DeletionTerms {
  dialect: StoreDialect
  at: Instant
  limit: number
  keptUsage: KeptUsage
  /** Undefined for ever. */
  keptAuditDays: number | undefined
}

/** For how many days usage is kept by the hour and by the day, and places. */
export interface KeptUsage {
  hours: number
  days: number
  places: number
}

type DeleteOld = (
  tx: Tx,
  dialect: StoreDialect,
  deletion: { keptDays: number; limit: number },
  at: Instant,
) => Promise<number>

/** Deletes rows of usage that are kept for some days. */
export function ofUsage(
  deleteOld: DeleteOld,
  keptDaysOf: (keptUsage: KeptUsage) => number,
): NonNullable<Retention['deleteSome']> {
  return (tx, { dialect, at, limit, keptUsage }) =>
    deleteOld(tx, dialect, { keptDays: keptDaysOf(keptUsage), limit: limit * smallRowsShare }, at)
}
