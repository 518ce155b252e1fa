import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Ways to sign in: what was used once, by what an organization's people sign in, and which provider's rule made a member. */
export async function up(db: Db, { text, instant, bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('sign_ins_used')
    .addColumn('digest', bytes, (column) => column.primaryKey().notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sign_ins_used_by_expires_at')
    .on('sign_ins_used')
    .column('expires_at')
    .execute()
  await db.schema
    .alterTable('organizations')
    .addColumn('sign_in', text, (column) => column.notNull().defaultTo('any'))
    .execute()
  await db.schema.alterTable('members').addColumn('rule_provider', text).execute()
}
