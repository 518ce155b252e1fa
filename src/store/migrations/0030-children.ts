import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Keys that are children of others. */
export async function up(db: Db, { text }: ColumnTypes): Promise<void> {
  await db.schema.alterTable('keys').addColumn('parent_id', text).execute()
  await db.schema.alterTable('keys').addColumn('parent_kid', text).execute()
  await db.schema
    .createIndex('keys_by_parent')
    .on('keys')
    .columns(['parent_id', 'created_at', 'id'])
    .where(sql.ref('parent_id'), 'is not', null)
    .execute()
  // Of the children that a key has made itself, those that nobody has revoked: they are counted by each new one.
  await db.schema
    .createIndex('keys_by_parent_and_expiry')
    .on('keys')
    .columns(['parent_id', 'expires_at', 'parent_kid'])
    .where(sql<boolean>`parent_kid is not null and revoked_at is null`)
    .execute()
}
