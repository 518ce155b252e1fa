import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The sessions of people who signed in with a key. */
export async function up(db: Db, { text, instant, bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('digest', bytes, (column) => column.notNull().unique())
    .addColumn('key_id', text, (column) => column.notNull().references('keys.id'))
    .addColumn('organization_id', text, (column) => column.notNull())
    .addColumn('kid', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addColumn('last_seen_at', instant, (column) => column.notNull())
    .addColumn('ip', text)
    .addColumn('user_agent', text)
    .execute()
  for (const owner of ['key', 'organization']) {
    await db.schema
      .createIndex(`sessions_of_${owner}`)
      .on('sessions')
      .columns([`${owner}_id`, 'last_seen_at'])
      .execute()
  }
}
