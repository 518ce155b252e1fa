// Reports of leaked tokens, and of which secrets was told that they are exposed.
import { type Selectable, sql } from 'kysely'
import { dayMs } from '../core/periods.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import { givenTexts, insertGiven } from './given-rows.ts'
import { after, type Instant } from './instants.ts'
import type { LeakReportsTable, LeaksToldTable } from './leak-tables.ts'
import type { Db, Tx } from './tables.ts'

export type LeakReportRow = Selectable<LeakReportsTable>

const reportColumns = {
  id: 'text',
  kid: 'text',
  digest: 'bytes',
  source: 'text',
  url: 'text',
  request_id: 'text',
  due_at: 'whole',
} as const

/** Writes reports, by one statement of one shape for whatever is reported. */
export async function insertReports(
  tx: Tx,
  dialect: StoreDialect,
  rows: readonly LeakReportRow[],
): Promise<void> {
  await insertGiven(tx, dialect, 'leak_reports', reportColumns, rows).execute()
}

/** Reads the reports that are due, the longest due first. */
export async function readDueReports(db: Db, at: Instant, limit: number): Promise<LeakReportRow[]> {
  return db
    .selectFrom('leak_reports')
    .selectAll()
    .where('due_at', '<=', at)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Deletes reports that were acted on. */
export async function deleteReports(tx: Tx, dialect: StoreDialect, ids: readonly string[]): Promise<void> {
  await tx.deleteFrom('leak_reports').where('id', 'in', givenTexts(dialect, ids)).execute()
}

/** Has reports that could not be acted on wait. */
export async function postponeReports(
  tx: Tx,
  dialect: StoreDialect,
  ids: readonly string[],
  dueAt: Instant,
): Promise<void> {
  await tx
    .updateTable('leak_reports')
    .set({ due_at: dueAt })
    .where('id', 'in', givenTexts(dialect, ids))
    .execute()
}

const toldColumns = { kid: 'text', source: 'text', day: 'whole' } as const

/** Notes that secrets are told of on a day, and gives those of which nobody had told on it: each kid and source once. */
export async function noteTold(
  tx: Tx,
  dialect: StoreDialect,
  rows: readonly Selectable<LeaksToldTable>[],
): Promise<Pick<LeakReportRow, 'kid' | 'source'>[]> {
  if (rows.length === 0) return []
  return insertGiven(tx, dialect, 'leaks_told', toldColumns, rows)
    .onConflict((conflict) =>
      conflict
        .columns(['kid', 'source'])
        .doUpdateSet((eb) => ({ day: eb.ref('excluded.day') }))
        // A day that is to come was noted by a clock that was ahead, and must not keep it quiet; that of one process may be so by a bit.
        .where(sql<boolean>`leaks_told.day < excluded.day or leaks_told.day > excluded.day + ${dayMs}`),
    )
    .returning(['kid', 'source'])
    .execute()
}

/** Deletes notes of days that are over; tells how many. */
export function deleteOldTold(
  tx: Tx,
  dialect: StoreDialect,
  { limit }: { limit: number },
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('leaks_told')
    .where('day', '<', after(at, -2 * dayMs))
    .orderBy('day')
    .limit(limit)
  return deleteFound(tx, dialect, 'leaks_told', ['kid', 'source'], over)
}
