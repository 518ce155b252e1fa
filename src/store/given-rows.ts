// Rows that a statement is given as one JSON text. As parameters, the some thousand values of a batch cost more on their way to
// the database than what is done with them there, and each number of rows is a statement of its own.
import { type InsertQueryBuilder, type InsertResult, type RawBuilder, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import { keep } from './kept-statements.ts'
import type { Tables, Tx } from './tables.ts'

/** Of a column. Whole numbers are as wide as they come: a bigint. */
type GivenType = 'text' | 'whole' | 'bytes'
type GivenValue = string | number | Uint8Array | null

/** Selects rows that are given, in their order. */
export function selectGiven<Column extends string>(
  { elementsOf, bytesOf }: StoreDialect,
  columns: Record<Column, GivenType>,
  rows: readonly { [Name in Column]: GivenValue }[],
): RawBuilder<{ [Name in Column]: GivenValue }> {
  return selectFromText({ elementsOf, bytesOf }, columns, textOf(columns, rows))
}

/** Puts rows into the text that {@link selectFromText} takes. */
export function textOf<Column extends string>(
  columns: Record<Column, GivenType>,
  rows: readonly { [Name in Column]: GivenValue }[],
): string {
  const names = Object.keys(columns) as Column[]
  return JSON.stringify(rows.map((row) => names.map((name) => toJson(row[name]))))
}

/** Selects rows that are given as a text already. */
export function selectFromText<Column extends string>(
  { elementsOf, bytesOf }: Pick<StoreDialect, 'elementsOf' | 'bytesOf'>,
  columns: Record<Column, GivenType>,
  text: string,
): RawBuilder<{ [Name in Column]: GivenValue }> {
  const names = Object.keys(columns) as Column[]
  // As one text: the many parts of a wide row would take longer to put together than to send.
  const fields = names.map((name, i) => {
    const field = `value ->> ${i}`
    const typed = { text: field, whole: `cast(${field} as bigint)`, bytes: bytesOf(field) }
    return `${typed[columns[name]]} as "${name}"`
  })
  // Without the condition, SQLite takes the `on` of a conflict for that of a join.
  return sql`select ${sql.raw(fields.join(', '))} from ${elementsOf(text)} where true`
}

/** Begins to insert rows that are given, in their order; columns that are not named get their defaults. */
export function insertGiven<Table extends keyof Tables & string, Column extends keyof Tables[Table] & string>(
  tx: Tx,
  dialect: StoreDialect,
  table: Table,
  columns: Record<Column, GivenType>,
  rows: readonly { [Name in Column]: GivenValue }[],
): Insert<Table> {
  return insertFromText(tx, dialect, table, columns, textOf(columns, rows))
}

type Insert<Table extends keyof Tables> = InsertQueryBuilder<Tables, Table, InsertResult>

/** Keeps a statement that inserts rows which are given, however many; `end` says what follows them. */
export function keepInsert<Table extends keyof Tables & string, Column extends keyof Tables[Table] & string>(
  table: Table,
  columns: Record<Column, GivenType>,
  end: (insert: Insert<Table>) => Insert<Table> = (insert) => insert,
): (tx: Tx, dialect: StoreDialect, rows: readonly { [Name in Column]: GivenValue }[]) => Promise<unknown> {
  const insert = keep((tx: Tx, { text }: { text: string }, dialect: StoreDialect) =>
    end(insertFromText<Table, Column>(tx, dialect, table, columns, text)),
  )
  return (tx, dialect, rows) => insert(tx, { text: textOf(columns, rows) }, dialect)
}

function insertFromText<Table extends keyof Tables & string, Column extends keyof Tables[Table] & string>(
  tx: Tx,
  dialect: StoreDialect,
  table: Table,
  columns: Record<Column, GivenType>,
  text: string,
): Insert<Table> {
  return tx
    .insertInto<Table>(table)
    .columns(Object.keys(columns) as never)
    .expression(selectFromText(dialect, columns, text) as never) as never
}

/** JSON has no bytes: they go as hexadecimal digits. */
function toJson(value: GivenValue): string | number | null {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')
    : value
}

/** The texts of a list, for a condition. */
export function givenTexts({ elementsOf }: StoreDialect, texts: readonly string[]): RawBuilder<string> {
  return sql<string>`(select value ->> 0 from ${elementsOf(JSON.stringify(texts.map((text) => [text])))})`
}
