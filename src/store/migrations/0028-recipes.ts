import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** Secrets that other systems made: how each is found from its token. */
export async function up(db: Db, { text, instant }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('recipes')
    .addColumn('id', instant, (column) => column.primaryKey().notNull())
    .addColumn('scheme', text, (column) => column.notNull())
    .addColumn('part', text, (column) => column.notNull())
    .addColumn('pepper', text)
    .addColumn('created_at', instant, (column) => column.notNull())
    .execute()
  await db.schema.alterTable('secrets').addColumn('recipe', instant).execute()
  await db.schema
    .createIndex('secrets_by_recipe')
    .on('secrets')
    .columns(['recipe', 'kid'])
    .where(sql<boolean>`recipe is not null and ended_at is null`)
    .execute()
}
