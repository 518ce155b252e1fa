// Lists are read page by page: a cursor names the last row seen by what it was sorted by and its id, so that
// no page costs more than the first and rows that come or go meanwhile neither repeat nor hide others.
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { refuseField } from '../errors.ts'
import type { Tables } from './tables.ts'

/** Where a page ended: the value that it is sorted by, and the id that settles ties. */
export type Position = readonly [value: string | number, id: string]

/** Writes a position as an opaque cursor for URLs, which serves the list of this name and sort only. */
export function toCursor(list: string, position: Position): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString('base64url')
}

/** Reads a cursor of a list that is sorted by values of the given type. Throws `invalid_input` for anything else. */
export function fromCursor(
  cursor: string | undefined,
  list: string,
  type: 'string' | 'number',
): Position | undefined {
  if (cursor === undefined) return undefined
  const parts = parseJson(Buffer.from(cursor, 'base64url').toString())
  if (Array.isArray(parts) && parts.length === 3) {
    const [of, value, id] = parts as unknown[]
    if (of === list && isValue(value) && typeof value === type && isText(id)) return [value, id]
  }
  refuseField('after', 'Not a cursor of this list: take it from the page before, with the same sort.')
}

/** Tells, in SQL, whether a row comes after the position in the list's order. */
export function isAfter<Table extends keyof Tables & string>(
  eb: ExpressionBuilder<Tables, Table>,
  column: string,
  direction: 'asc' | 'desc',
  [value, id]: Position,
): Expression<SqlBool> {
  const columns = eb.refTuple(column as never, 'id' as never)
  return eb(columns, direction === 'asc' ? '>' : '<', eb.tuple(value, id) as never)
}

/** Cuts the one row too many off a page that was read with `limit + 1`, and makes the cursor from the last left. */
export function cutPage<Row>(
  rows: Row[],
  limit: number,
  list: string,
  position: (row: Row) => Position,
): { rows: Row[]; next: string | undefined } {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return {
    rows: kept,
    next: rows.length > limit && last !== undefined ? toCursor(list, position(last)) : undefined,
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
