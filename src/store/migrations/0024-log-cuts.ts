import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Up to where each log is cut: `store/log-cuts.ts`. */
export async function up(db: Db, { instant }: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable('audit_heads')
    .addColumn('cut', instant, (column) => column.notNull().defaultTo(0))
    .execute()
}
