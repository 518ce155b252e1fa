import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Events that nobody caused: what was told of, how far was looked, and by what it is found. */
export async function up(db: Db, { text, instant, byPrimaryKey }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('event_causes')
    .addColumn('cause', text, (column) => column.primaryKey().notNull())
    .addColumn('kept_until', instant)
    .modifyEnd(byPrimaryKey)
    .execute()
  await db.schema
    .createIndex('event_causes_by_kept_until')
    .on('event_causes')
    .column('kept_until')
    .where(sql.ref('kept_until'), 'is not', null)
    .execute()
  await db.schema
    .createTable('event_marks')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
    .addColumn('since', instant, (column) => column.notNull())
    .addColumn('due_at', instant, (column) => column.notNull())
    .addColumn('id', text, (column) => column.notNull())
    .execute()
  // Null for what was set when the key was created, or by a program of before.
  await db.schema.alterTable('keys').addColumn('expiry_set_at', instant).execute()
  await db.schema
    .createIndex('secrets_by_grace_ends_at')
    .on('secrets')
    .columns(['grace_ends_at', 'kid'])
    .where(sql<boolean>`grace_ends_at is not null and silent_ms is null`)
    .execute()
}
