import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/**
 * Descriptions and tags of keys, and the terms under which keys are found: `store/key-terms.ts`. A job writes those of the
 * keys that are there, so that this step takes no longer for a million of them.
 */
export async function up(db: Db, { text, instant, byPrimaryKey }: ColumnTypes): Promise<void> {
  for (const [name, value] of [
    ['description', sql`''`],
    ['description_folded', sql`''`],
    ['tags', sql`'[]'`],
  ] as const)
    await db.schema
      .alterTable('keys')
      .addColumn(name, text, (column) => column.notNull().defaultTo(value))
      .execute()
  await db.schema
    .alterTable('keys')
    .addColumn('terms_revision', instant, (column) => column.notNull().defaultTo(-1))
    .execute()
  await db.schema
    .createIndex('keys_without_terms')
    .on('keys')
    .column('id')
    .where(sql<boolean>`terms_revision <> revision`)
    .execute()
  // In the order of the primary key: the integrity check of SQLite 3.40 takes another one for a fault.
  await db.schema
    .createTable('key_terms')
    .addColumn('term', text, (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('key_id', text, (column) => column.notNull())
    .addColumn('organization_id', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('key_terms_by_term', ['term', 'created_at', 'key_id'])
    .modifyEnd(byPrimaryKey)
    .execute()
  await db.schema
    .createIndex('key_terms_of_organization')
    .on('key_terms')
    .columns(['organization_id', 'term', 'created_at', 'key_id'])
    .execute()
}
