import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The number that each organization gives its own changes, so that it need not hear the number of all changes. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('organization_sequences')
    .addColumn('organization_id', text, (column) => column.primaryKey().notNull())
    .addColumn('value', instant, (column) => column.notNull())
    .execute()
  // They have no number of their own. Each process that starts registers anew and needs none of them.
  await db.deleteFrom('changes').execute()
  await db.schema
    .alterTable('changes')
    // An older program counts no numbers of organizations: the database refuses its changes.
    .addColumn('organization_sequence', instant, (column) =>
      column.check(sql`key_id is null or organization_sequence is not null`),
    )
    .execute()
}
