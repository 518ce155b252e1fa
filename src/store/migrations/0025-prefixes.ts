import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The prefixes that new keys may have, in their order. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('prefixes')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('place', instant, (column) => column.notNull())
    .execute()
}
