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
  // Of the children of a key, those that nobody has revoked: they are counted by each new one.
  await sql`create index keys_live_of_parent on ${sql.table('keys')}
    (parent_id, parent_kid, (coalesce(expires_at, 253402300800001))) where parent_id is not null and revoked_at is null`.execute(
    db,
  )
}
