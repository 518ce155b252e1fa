import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** The log tells of what a change is, and of whose: today of keys, later of more. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  // Each process that starts registers anew and needs none of what the log held.
  await db.schema.dropTable('changes').execute()
  await db.schema
    .createTable('changes')
    .addColumn('sequence', instant, (column) => column.primaryKey().notNull())
    // An older program writes no topic, and an unknown column besides: the database refuses its changes.
    .addColumn('topic', text, (column) =>
      column.check(
        sql`topic is null or (subject_id is not null and organization_id is not null and organization_sequence is not null)`,
      ),
    )
    .addColumn('subject_id', text)
    .addColumn('organization_id', text)
    .addColumn('mark', text)
    .addColumn('organization_sequence', instant)
    .execute()
}
