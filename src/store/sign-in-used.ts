// The table of what was used of sign-ins. Who fails, and who never comes back, leaves no row.
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import type { Instant } from './instants.ts'
import type { Tx } from './tables.ts'

/** Notes that something is used that opens once; false if it was. Two that do so at once wait for each other. */
export async function useOnce(tx: Tx, digest: Uint8Array, expiresAt: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('sign_ins_used')
    .values({ digest, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Deletes what would open nothing any more; tells how many. */
export async function deleteOldSignIns(
  tx: Tx,
  dialect: StoreDialect,
  { limit }: { limit: number },
  at: Instant,
): Promise<number> {
  const old = tx.selectFrom('sign_ins_used').where('expires_at', '<=', at).orderBy('expires_at').limit(limit)
  return deleteFound(tx, dialect, 'sign_ins_used', ['digest'], old)
}
