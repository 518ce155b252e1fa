import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Revisions of organizations and plans, as keys have them: `store/revisions.ts`. */
export async function up(db: Db, { instant }: ColumnTypes): Promise<void> {
  for (const table of ['organizations', 'plans'])
    await db.schema
      .alterTable(table)
      .addColumn('revision', instant, (column) => column.notNull().defaultTo(0))
      .execute()
}
