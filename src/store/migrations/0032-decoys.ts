import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Keys that open nothing, and tell when they are tried: `store/decoys.ts`. */
export async function up(db: Db, { instant }: ColumnTypes): Promise<void> {
  for (const name of ['decoy_tries', 'decoy_tried_at', 'decoy_told_at'])
    await db.schema.alterTable('keys').addColumn(name, instant).execute()
}
