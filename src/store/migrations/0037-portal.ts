import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The sessions of the operator's users on their customers' page, and the names of those users: `store/portal-sessions.ts`. */
export async function up(db: Db, { text, instant, bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('portal_users')
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('portal_users_pkey', ['organization_id', 'id'])
    .execute()
  await db.schema
    .createTable('portal_sessions')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('user_id', text, (column) => column.notNull())
    .addColumn('permissions', text, (column) => column.notNull())
    .addColumn('prefixes', text)
    .addColumn('origin', text)
    .addColumn('return_url', text)
    .addColumn('scheme', text, (column) => column.notNull())
    .addColumn('lang', text)
    .addColumn('link_digest', bytes, (column) => column.unique())
    .addColumn('link_expires_at', instant)
    .addColumn('digest', bytes, (column) => column.unique())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('created_by', text)
    .addColumn('created_by_type', text)
    .addColumn('kid', text)
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addColumn('ended_at', instant)
    .execute()
  for (const [name, columns] of [
    ['portal_sessions_by_user', ['organization_id', 'user_id', 'id']],
    ['portal_sessions_by_expires_at', ['expires_at']],
  ] as const)
    await db.schema
      .createIndex(name)
      .on('portal_sessions')
      .columns([...columns])
      .execute()
  await db.schema.alterTable('audit_events').addColumn('via', text).execute()
}
