// Lists are read page by page: a cursor names the last row seen by what it was sorted by and its id, so that
// no page costs more than the first and rows that come or go meanwhile neither repeat nor hide others.
import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import { refuseField } from '../core/errors.ts'
import type { Tables } from './tables.ts'

/** Where a page ended: the value that it is sorted by, and the id that settles ties. */
export type Position = readonly [value: string | number, id: string]

/** Writes a position as an opaque cursor for URLs, which serves the list of this name and sort only. */
export function toCursor(list: string, position: Position): string {
  // Base64url with `~` for `_`: what follows a `_` in a URL could be taken for a token.
  return Buffer.from(JSON.stringify([list, ...position]))
    .toString('base64url')
    .replaceAll('_', '~')
}

/** Reads a cursor of a list that is sorted by values of the given type. Throws `invalid_input` for anything else. */
export function fromCursor(
  cursor: string | undefined,
  list: string,
  type: 'string' | 'number',
): Position | undefined {
  if (cursor === undefined) return undefined
  const parts = parseJson(Buffer.from(cursor.replaceAll('~', '_'), 'base64url').toString())
  if (Array.isArray(parts) && parts.length === 3) {
    const [of, value, id] = parts as unknown[]
    if (of === list && isValue(value) && typeof value === type && isText(id)) return [value, id]
  }
  refuseField('after', 'Must be the cursor of the previous page of this list, with the same sort.')
}

/** In which order a list comes: by a column, and by ids if that ties. */
export interface Order {
  column: string
  direction: 'asc' | 'desc'
}

/** How much one statement of a list may cost. */
export interface SliceBounds {
  /** How many rows it gives at the most. */
  limit: number
  /** How many rows it looks at if a filter leaves some out. */
  window: number
  /** The bytes of the rows' long columns after which it gives no more. One row always comes. */
  maxBytes: number
}

/** What one statement of a list gave. */
export interface Slice<Row> {
  rows: Row[]
  /** Up to where the list was looked through; undefined at its end. */
  next: Position | undefined
  /** How many rows were looked at, about. */
  looked: number
  /** How many bytes the long columns of the rows have. */
  bytes: number
}

/** Tells, in SQL, whether a row comes after the position in the list's order. */
export function isAfter<Table extends keyof Tables & string>(
  eb: ExpressionBuilder<Tables, Table>,
  { column, direction }: Order,
  [value, id]: Position,
): Expression<SqlBool> {
  const columns = eb.refTuple(column as never, 'id' as never)
  return eb(columns, direction === 'asc' ? '>' : '<', eb.tuple(value, id) as never)
}

/** Tells, in SQL, whether a row comes no later than the position in the list's order. */
export function isUpTo<Table extends keyof Tables & string>(
  eb: ExpressionBuilder<Tables, Table>,
  { column, direction }: Order,
  [value, id]: Position,
): Expression<SqlBool> {
  const columns = eb.refTuple(column as never, 'id' as never)
  return eb(columns, direction === 'asc' ? '<=' : '>=', eb.tuple(value, id) as never)
}

/** The bytes of some text columns of a row and of all the rows before it, in SQL, in the list's order. */
export function bytesSoFar({ column, direction }: Order, columns: readonly string[]): RawBuilder<number> {
  const terms = [...new Set([column, 'id'])].map((name) => sql`${sql.ref(name)} ${sql.raw(direction)}`)
  return sql`cast(sum(${bytesOf(columns)}) over (order by ${sql.join(terms)} rows unbounded preceding) as bigint)`
}

/** The bytes of some text columns of a row, in SQL. */
export function bytesOf(columns: readonly string[]): RawBuilder<number> {
  return sql`(${sql.join(
    columns.map((column) => sql`octet_length(${sql.ref(column)})`),
    sql` + `,
  )})`
}

/**
 * Makes a slice of rows that were read with `limit + 1`, up to a position where the list goes on or, without one, to
 * its end. The bytes so far grow from row to row, and so tell the rows' order.
 */
export function toSlice<Row extends { bytes: number }>(
  rows: Row[],
  { limit, maxBytes, window }: SliceBounds,
  upTo: Position | undefined,
  position: (row: Row) => Position,
): Slice<Row> {
  rows.sort((one, other) => one.bytes - other.bytes)
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  const isCut = rows.length > limit || (last !== undefined && last.bytes >= maxBytes)
  return {
    rows: kept,
    next: isCut && last ? position(last) : upTo,
    looked: upTo === undefined ? rows.length : window,
    bytes: last?.bytes ?? 0,
  }
}

function isValue(value: unknown): value is string | number {
  return isText(value) || Number.isSafeInteger(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
