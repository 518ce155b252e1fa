// The retention of the audit log: what is old enough is cut, and the log verifies as before, by the hashes that stay.
import { dayMs } from '../core/periods.ts'
import type { StoreDialect } from '../store/backend.ts'
import type { Instant } from '../store/instants.ts'
import { readCuttable, writeCut } from '../store/log-cuts.ts'
import type { Tx } from '../store/tables.ts'
import { cutLeaf } from '../transparency/leaf.ts'

/** Cuts some events that a checkpoint covers which was kept so many days ago, and tells how many. */
export async function cutSome(
  tx: Tx,
  dialect: StoreDialect,
  { keptDays, limit }: { keptDays: number; limit: number },
  at: Instant,
): Promise<number> {
  const { cut, rows } = await readCuttable(tx, { keptMs: keptDays * dayMs, limit }, at)
  const salts = { details_salt: null, origin_salt: null }
  const left = rows.map((row) => ({ ...row, ...salts, leaf: cutLeaf(row.leaf) }))
  if (left.length > 0) await writeCut(tx, dialect, cut, left)
  return left.length
}
