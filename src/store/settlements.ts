// The table of settlements: reservations that were settled, kept until nobody can settle them again.
import type { Selectable } from 'kysely'
import type { SettlementsTable } from './answer-tables.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import type { Instant } from './instants.ts'
import type { Tx } from './tables.ts'

export type SettlementRow = Selectable<SettlementsTable>

/**
 * Notes a settlement unless its reservation was settled before; gives what was noted then. Two at once wait for each other.
 */
export async function insertSettlement(tx: Tx, row: SettlementRow): Promise<SettlementRow | undefined> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('settlements')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows === 1n) return undefined
  return tx.selectFrom('settlements').selectAll().where('id', '=', row.id).executeTakeFirstOrThrow()
}

/** Writes what a settlement answers, until when it is known. */
export async function answerSettlement(tx: Tx, id: string, answer: string): Promise<void> {
  await tx.updateTable('settlements').set({ answer }).where('id', '=', id).execute()
}

/** Deletes some of the settlements that nobody can ask for any more; tells how many. */
export function deleteSettlements(
  tx: Tx,
  dialect: StoreDialect,
  { limit }: { limit: number },
  at: Instant,
): Promise<number> {
  const over = tx.selectFrom('settlements').where('kept_until', '<=', at).orderBy('kept_until').limit(limit)
  return deleteFound(tx, dialect, 'settlements', ['id'], over)
}
