import { fold } from '../case-folding.ts'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

const batch = 500

/** What organizations are found by, and what a key did. */
export async function up(db: Db, { text }: ColumnTypes): Promise<void> {
  await db.schema
    .alterTable('organizations')
    .addColumn('name_folded', text, (column) => column.notNull().defaultTo(''))
    .execute()
  await foldNames(db)

  await db.schema.createIndex('audit_events_by_actor').on('audit_events').columns(['actor', 'id']).execute()
}

/** Here and not in SQL: SQLite folds ASCII alone. */
async function foldNames(db: Db): Promise<void> {
  let last = ''
  for (;;) {
    const rows = await db
      .selectFrom('organizations')
      .select(['id', 'name'])
      .where('id', '>', last)
      .orderBy('id')
      .limit(batch)
      .execute()
    for (const { id, name } of rows) {
      await db
        .updateTable('organizations')
        .set({ name_folded: fold(name) })
        .where('id', '=', id)
        .execute()
    }
    if (rows.length < batch) return
    last = rows.at(-1)?.id as string
  }
}
