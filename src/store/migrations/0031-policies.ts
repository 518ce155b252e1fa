import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What keys may be: `store/policies.ts`. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('policies')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('rules', text, (column) => column.notNull())
    .addColumn('set_for', text, (column) => column.notNull())
    .addColumn('set_at', instant, (column) => column.notNull())
    .addColumn('revision', instant, (column) => column.notNull())
    .execute()
  // The keys of an organization that are neither revoked nor expired, which a rule counts. By a condition of its own, so that no
  // list is read from it, which has another order; with all that the count asks of a key, so that no key itself is read.
  await sql`create index keys_live on ${sql.table('keys')}
    (organization_id, (coalesce(expires_at, 253402300800001)), revoked_at, expires_at)
    where coalesce(revoked_at, -1) = -1`.execute(db)
}
