import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The catalogue of permissions: `store/catalogue.ts`. */
export async function up(db: Db, { text }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('catalogue')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('description', text)
    .addColumn('group_name', text)
    .execute()
}
