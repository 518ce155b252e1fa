import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What the console's page holds of a session beside the cookie, and until when its sign-in is fresh. */
export async function up(db: Db, { instant, bytes }: ColumnTypes): Promise<void> {
  // No default: a session that began before, or that an older process still begins, has no page and opens nothing.
  await db.schema.alterTable('sessions').addColumn('page_digest', bytes).execute()
  await db.schema
    .alterTable('sessions')
    .addColumn('fresh_until', instant, (column) => column.notNull().defaultTo(0))
    .execute()
}
