import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Graces that end once their secret is silent, and what shows that it is: `store/grace-evidence.ts`. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  for (const column of ['silent_ms', 'silent_at'])
    await db.schema.alterTable('secrets').addColumn(column, instant).execute()
  // Only what waits for silence is in them: the use of any other secret writes no index.
  for (const column of ['silent_at', 'grace_ends_at'])
    await db.schema
      .createIndex(`secrets_awaiting_silence_by_${column}`)
      .on('secrets')
      .column(column)
      .where(sql<boolean>`silent_at is not null and ended_at is null`)
      .execute()
  await db.schema
    .createTable('flush_marks')
    .addColumn('source', text, (column) => column.primaryKey().notNull())
    .addColumn('follower', text, (column) => column.notNull())
    .addColumn('until', instant, (column) => column.notNull())
    .addColumn('gone_at', instant)
    .execute()
  const watch = ['watched_at', 'watched_since', 'verifiers_at']
  await watch
    .reduce(
      (table, name) => table.addColumn(name, instant, (column) => column.notNull()),
      db.schema.createTable('grace_watch'),
    )
    .execute()
  await db.insertInto('grace_watch').values({ watched_at: 0, watched_since: 0, verifiers_at: 0 }).execute()
}
