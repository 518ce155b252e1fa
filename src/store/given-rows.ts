// Rows that a statement is given as one JSON text. As parameters, the some thousand values of a batch cost more on their way to
// the database than what is done with them there, and each number of rows is a statement of its own.
import { type RawBuilder, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'

type GivenType = 'text' | 'whole'

/** Selects rows that are given, in their order. A column of whole numbers is as wide as they come: a bigint. */
export function selectGiven<Column extends string>(
  { elementsOf }: StoreDialect,
  columns: Record<Column, GivenType>,
  rows: readonly { [Name in Column]: string | number | null }[],
): RawBuilder<{ [Name in Column]: string | number | null }> {
  const names = Object.keys(columns) as Column[]
  const fields = names.map((name, i) => {
    const field = sql`value ->> ${sql.lit(i)}`
    return sql`${columns[name] === 'text' ? field : sql`cast(${field} as bigint)`} as ${sql.ref(name)}`
  })
  const elements = elementsOf(JSON.stringify(rows.map((row) => names.map((name) => row[name]))))
  // Without the condition, SQLite takes the `on` of a conflict for that of a join.
  return sql`select ${sql.join(fields)} from ${elements} where true`
}

/** The texts of a list, for a condition. */
export function givenTexts({ elementsOf }: StoreDialect, texts: readonly string[]): RawBuilder<string> {
  return sql<string>`(select value ->> 0 from ${elementsOf(JSON.stringify(texts.map((text) => [text])))})`
}
