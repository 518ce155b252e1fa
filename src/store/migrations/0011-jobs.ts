import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Work that nobody waits for, and what finds the sessions of all organizations that are over. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('jobs')
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('organization_id', text)
    .addColumn('payload', text, (column) => column.notNull())
    .addColumn('due_at', instant)
    .addColumn('again_at', instant)
    .addColumn('owner', text)
    .addColumn('lease', instant, (column) => column.notNull().defaultTo(0))
    .addColumn('attempts', instant, (column) => column.notNull().defaultTo(0))
    .addColumn('finished_at', instant)
    .addPrimaryKeyConstraint('jobs_of_kind', ['kind', 'subject'])
    .execute()
  await db.schema
    .createIndex('jobs_by_due_at')
    .on('jobs')
    .columns(['kind', 'due_at'])
    .where(sql.ref('due_at'), 'is not', null)
    .execute()
  await db.schema
    .createIndex('jobs_by_finished_at')
    .on('jobs')
    .column('finished_at')
    .where(sql.ref('finished_at'), 'is not', null)
    .execute()
  for (const instantOfEnd of ['last_seen_at', 'expires_at'])
    await db.schema.createIndex(`sessions_by_${instantOfEnd}`).on('sessions').column(instantOfEnd).execute()
}
