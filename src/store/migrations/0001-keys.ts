import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Organizations, keys, their secrets, and the audit log. */
export async function up(db: Db, { text, instant, bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('organizations')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .execute()

  await db.schema
    .createIndex('organizations_by_created_at')
    .on('organizations')
    .columns(['created_at', 'id'])
    .execute()

  await db.schema
    .createTable('keys')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('organization_id', text, (column) => column.notNull().references('organizations.id'))
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('name_folded', text, (column) => column.notNull())
    .addColumn('permissions', text, (column) => column.notNull())
    .addColumn('metadata', text, (column) => column.notNull())
    .addColumn('created_by', text)
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant)
    .addColumn('revoked_at', instant)
    .addColumn('last_used_at', instant, (column) => column.notNull().defaultTo(0))
    .addColumn('prefix', text, (column) => column.notNull())
    .addColumn('kid', text, (column) => column.notNull())
    .addColumn('revision', instant, (column) => column.notNull().defaultTo(0))
    .execute()

  await db.schema
    .createTable('secrets')
    .addColumn('kid', text, (column) => column.primaryKey().notNull())
    .addColumn('key_id', text, (column) => column.notNull().references('keys.id'))
    .addColumn('organization_id', text, (column) => column.notNull())
    .addColumn('prefix', text, (column) => column.notNull())
    .addColumn('digest', bytes, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant)
    .addColumn('ended_at', instant)
    .addColumn('last_used_at', instant, (column) => column.notNull().defaultTo(0))
    .execute()
  await db.schema.createIndex('secrets_of_key').on('secrets').columns(['key_id', 'created_at']).execute()

  await db.schema
    .createTable('audit_events')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('at', instant, (column) => column.notNull())
    .addColumn('action', text, (column) => column.notNull())
    .addColumn('actor', text)
    .addColumn('organization_id', text, (column) => column.notNull())
    .addColumn('key_id', text)
    .addColumn('changes', text, (column) => column.notNull())
    .addColumn('request_id', text)
    .addColumn('ip', text)
    .execute()

  // One index a listing: a sort within an organization, and the same for the root organization across all.
  // The instants at the end let a status be judged in the index, before any row is read.
  for (const sort of ['created_at', 'last_used_at', 'name_folded']) {
    const judged = ['id', 'revoked_at', 'expires_at']
    await db.schema
      .createIndex(`keys_by_${sort}`)
      .on('keys')
      .columns([sort, ...judged])
      .execute()
    await db.schema
      .createIndex(`keys_of_organization_by_${sort}`)
      .on('keys')
      .columns(['organization_id', sort, ...judged])
      .execute()
  }
  for (const filter of ['organization_id', 'key_id', 'action']) {
    await db.schema
      .createIndex(`audit_events_by_${filter}`)
      .on('audit_events')
      .columns([filter, 'id'])
      .execute()
  }
}
