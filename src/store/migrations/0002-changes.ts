import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What tells processes of each other's changes: a counter, the changes under their numbers, and who follows them. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('change_counter')
    .addColumn('value', instant, (column) => column.notNull())
    .execute()
  await db.insertInto('change_counter').values({ value: 0 }).execute()

  await db.schema
    .createTable('changes')
    .addColumn('sequence', instant, (column) => column.primaryKey().notNull())
    .addColumn('key_id', text)
    .execute()

  await db.schema
    .createTable('followers')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('confirmed_sequence', instant, (column) => column.notNull())
    .execute()
}
