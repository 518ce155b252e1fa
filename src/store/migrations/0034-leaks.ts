import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Reports of leaked tokens that wait to be acted on, what was told of them, and the mark on the key: `store/leaks.ts`. */
export async function up(db: Db, { text, instant, bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('leak_reports')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('kid', text, (column) => column.notNull())
    .addColumn('digest', bytes, (column) => column.notNull())
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('url', text)
    .addColumn('request_id', text)
    .addColumn('due_at', instant, (column) => column.notNull())
    .execute()
  await db.schema.createIndex('leak_reports_due').on('leak_reports').columns(['due_at', 'id']).execute()
  await db.schema
    .createTable('leaks_told')
    .addColumn('kid', text, (column) => column.notNull())
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('day', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('leaks_told_pkey', ['kid', 'source'])
    .execute()
  await db.schema.createIndex('leaks_told_by_day').on('leaks_told').column('day').execute()
  await db.schema.alterTable('keys').addColumn('exposed_at', instant).execute()
  await db.schema.alterTable('keys').addColumn('exposure', text).execute()
}
