import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Limits of keys, of organizations and of plans, and the counters from which calls draw. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('plans')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('permissions', text)
    .addColumn('limits', text, (column) => column.notNull())
    .addColumn('key_limits', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .execute()
  const list = sql`'[]'`
  await db.schema
    .alterTable('keys')
    .addColumn('limits', text, (column) => column.notNull().defaultTo(list))
    .execute()
  // The key that made it, if it draws from the limits of that one as well.
  await db.schema.alterTable('keys').addColumn('limits_from', text).execute()
  await db.schema
    .alterTable('organizations')
    .addColumn('limits', text, (column) => column.notNull().defaultTo(list))
    .execute()
  await db.schema.alterTable('organizations').addColumn('plan', text).execute()
  const counters = db.schema
    .createTable('counters')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull())
  const numbers = ['epoch', 'as_of', 'period', 'level', 'rest', 'window_ms', 'spent', 'added']
  await numbers
    .reduce((table, name) => table.addColumn(name, instant, (column) => column.notNull()), counters)
    .addColumn('holders', text, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('unit_additions')
    .addColumn('counter_owner', text, (column) => column.notNull())
    .addColumn('reference', text, (column) => column.notNull())
    .addColumn('units', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('unit_additions_by_reference', ['counter_owner', 'reference'])
    .execute()
  await db.schema
    .createTable('settlements')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('cost', text, (column) => column.notNull())
    .addColumn('answer', text, (column) => column.notNull())
    .addColumn('kept_until', instant, (column) => column.notNull())
    .execute()
  await db.schema.createIndex('settlements_by_kept_until').on('settlements').column('kept_until').execute()
}
