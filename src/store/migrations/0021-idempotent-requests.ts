import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Requests that came with an Idempotency-Key, with their sealed answers: `store/idempotent-requests.ts`. */
export async function up(db: Db, { text, instant, bytes }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('idempotent_requests')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('key_id', text, (column) => column.notNull())
    .addColumn('kept_until', instant, (column) => column.notNull())
    .addColumn('made_id', text)
    .addColumn('salt', bytes)
    .addColumn('body_mac', bytes)
    .addColumn('answer', bytes)
    .execute()
  for (const [name, columns] of [
    ['idempotent_requests_by_key_id', ['key_id', 'kept_until']],
    ['idempotent_requests_by_kept_until', ['kept_until']],
  ] as const)
    await db.schema
      .createIndex(name)
      .on('idempotent_requests')
      .columns([...columns])
      .execute()
}
