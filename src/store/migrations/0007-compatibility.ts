import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Which programs may work beside one another, and the names that an older program left unfolded, to be found quickly. */
export async function up(db: Db, { instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('schema_compatibility')
    .ifNotExists()
    .addColumn('version', instant, (column) => column.primaryKey().notNull())
    .addColumn('oldest_compatible', instant, (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('organizations_unfolded')
    .ifNotExists()
    .on('organizations')
    .column('id')
    .where(sql.ref('name_folded'), '=', sql.lit(''))
    .execute()
}
