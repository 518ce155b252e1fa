import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Passkeys: each is an identity, whose proofs its public key checks. */
export async function up(db: Db, { text, instant, bytes, small }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('passkeys')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('identity_id', text, (column) => column.notNull().unique().references('identities.id'))
    .addColumn('public_key', bytes, (column) => column.notNull())
    .addColumn('counter', instant, (column) => column.notNull())
    .addColumn('transports', text, (column) => column.notNull())
    .addColumn('backed_up', small, (column) => column.notNull())
    .execute()
}
