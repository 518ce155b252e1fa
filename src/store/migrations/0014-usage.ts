import type { Db } from '../tables.ts'
import type { ColumnTypes } from './column-types.ts'

/** What was counted of each key, by hour, day and month. */
export async function up(
  db: Db,
  { text, instant, small, identity, byPrimaryKey }: ColumnTypes,
): Promise<void> {
  // Whole numbers stand for ids there: a row of texts takes three times as much.
  await db.schema
    .createTable('usage_names')
    .addColumn('number', identity)
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addUniqueConstraint('usage_names_by_name', ['kind', 'name'])
    .execute()
  for (const table of ['usage_hours', 'usage_days', 'usage_months'])
    await db.schema
      .createTable(table)
      // The widest first: then PostgreSQL leaves no gap in a row.
      .addColumn('amount', instant, (column) => column.notNull())
      .addColumn('period', small, (column) => column.notNull())
      .addColumn('organization', small, (column) => column.notNull())
      .addColumn('key', small, (column) => column.notNull())
      .addColumn('measure', small, (column) => column.notNull())
      .addColumn('late', instant)
      // By period first: what is written, closed, rolled up and deleted is of one period.
      .addPrimaryKeyConstraint(`${table}_of_period`, ['period', 'organization', 'key', 'measure'])
      .modifyEnd(byPrimaryKey)
      .execute()
  await db.schema
    .createTable('usage_sources')
    .addColumn('id', text, (column) => column.primaryKey().notNull())
    .addColumn('owner', text, (column) => column.notNull())
    .addColumn('number', instant, (column) => column.notNull())
    .addColumn('written', instant, (column) => column.notNull())
    .addColumn('flushed_at', instant, (column) => column.notNull())
    .execute()
  for (const column of ['owner', 'flushed_at'])
    await db.schema.createIndex(`usage_sources_by_${column}`).on('usage_sources').column(column).execute()
  const marks = db.schema
    .createTable('usage_marks')
    .addColumn('name', text, (column) => column.primaryKey().notNull())
  await ['until', 'organization', 'key', 'measure']
    .reduce((table, name) => table.addColumn(name, small, (column) => column.notNull().defaultTo(0)), marks)
    .execute()
  await db
    .insertInto('usage_marks')
    .values(['closed', 'hours', 'days'].map((name) => ({ name, until: 0 })))
    .execute()
}
