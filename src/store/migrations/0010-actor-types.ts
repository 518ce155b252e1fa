import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What it is that did what an event tells of; null in events of before, and in those of an older program beside this one. */
export async function up(db: Db, { text }: ColumnTypes): Promise<void> {
  await db.schema.alterTable('audit_events').addColumn('actor_type', text).execute()
}
