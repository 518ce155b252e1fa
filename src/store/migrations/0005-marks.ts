import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What tells a restored database from the one that it was, and the secrets of a key that nobody has ended. */
export async function up(db: Db, { text }: ColumnTypes): Promise<void> {
  // Null in changes of before, and in those that a process of an older release still makes.
  await db.schema.alterTable('changes').addColumn('mark', text).execute()

  // A grace that has run out is ended for good at the next rotation; those of before are ended here.
  await sql`update ${sql.table('secrets')} set ended_at = expires_at
    where ended_at is null and expires_at <= ${Date.now()}`.execute(db)
  await db.schema
    .createIndex('secrets_not_ended')
    .on('secrets')
    .columns(['key_id', 'created_at'])
    .where(sql.ref('ended_at'), 'is', null)
    .execute()
}
