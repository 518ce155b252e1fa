import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What calls of a key had in common on a day, from where they came, and from where each key was last used. */
export async function up(
  db: Db,
  { text, instant, small, identity, byPrimaryKey }: ColumnTypes,
): Promise<void> {
  const numbers = ['day', 'key', 'secret', 'operation', 'place', 'permissions', 'code']
  await numbers
    .reduce(
      (table, name) => table.addColumn(name, small, (column) => column.notNull()),
      db.schema
        .createTable('usage_profiles')
        .addColumn('calls', instant, (column) => column.notNull())
        .addColumn('last', instant, (column) => column.notNull()),
    )
    // By day first: what is written and deleted is of one day, and a reader names its days.
    .addPrimaryKeyConstraint('usage_profiles_of_day', numbers as never[])
    .modifyEnd(byPrimaryKey)
    .execute()
  await db.schema
    .createTable('usage_texts')
    .addColumn('number', identity)
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('text', text, (column) => column.notNull())
    .addColumn('day', small, (column) => column.notNull())
    .addUniqueConstraint('usage_texts_by_text', ['kind', 'text'])
    .execute()
  // A place is of one day and key, so that it can be deleted with no look at others.
  await db.schema
    .createTable('usage_places')
    .addColumn('number', identity)
    .addColumn('day', small, (column) => column.notNull())
    .addColumn('key', small, (column) => column.notNull())
    .addColumn('ip', text, (column) => column.notNull())
    .addColumn('user_agent', text, (column) => column.notNull())
    .addUniqueConstraint('usage_places_of_day', ['day', 'key', 'ip', 'user_agent'])
    .execute()
  await db.schema.createIndex('usage_texts_by_day').on('usage_texts').column('day').execute()
  await db.schema
    .createTable('last_uses')
    .addColumn('key_id', text, (column) => column.primaryKey().notNull())
    .addColumn('at', instant, (column) => column.notNull())
    .addColumn('kid', text, (column) => column.notNull())
    .addColumn('operation', text)
    .addColumn('ip', text)
    .addColumn('user_agent', text)
    .execute()
  await db.schema
    .createIndex('last_uses_with_place')
    .on('last_uses')
    .column('at')
    .where(sql<boolean>`ip is not null or user_agent is not null`)
    .execute()
}
