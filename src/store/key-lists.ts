// Lists of keys, in their orders and by their filters.
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Scope } from '../core/scope.ts'
import type { KeyStatus } from '../core/shapes/key-lists.ts'
import { holds } from './case-folding.ts'
import {
  bytesOf,
  bytesSoFar,
  isAfter,
  isUpTo,
  type Position,
  type Slice,
  type SliceBounds,
  toSlice,
} from './cursors.ts'
import type { KeyRow } from './keys.ts'
import type { Db } from './tables.ts'

/** What a list of keys is asked for; see `listKeysSchema`. */
export interface KeyQuery {
  scope: Scope
  status: KeyStatus | 'all'
  q?: string | undefined
  expiresBefore?: number | undefined
  unusedSince?: number | undefined
  neverUsed?: boolean | undefined
  sort: keyof typeof keyOrders
  after: Position | undefined
  now: number
}

/** The orders of a list of keys, and of what type the values are that it is sorted by. */
export const keyOrders = {
  '-created_at': { column: 'created_at', direction: 'desc', type: 'number' },
  '-last_used_at': { column: 'last_used_at', direction: 'desc', type: 'number' },
  last_used_at: { column: 'last_used_at', direction: 'asc', type: 'number' },
  expires_at: { column: 'expires_at', direction: 'asc', type: 'number' },
  name: { column: 'name_folded', direction: 'asc', type: 'string' },
} as const

/** Reads the next keys of a list, by statements whose cost is bounded however few keys fit. */
export async function readKeySlice(db: Db, query: KeyQuery, bounds: SliceBounds): Promise<Slice<KeyRow>> {
  const order = keyOrders[query.sort]
  const { column, direction } = order
  const conditions = conditionsOf(query)
  const upTo = conditions.length > 0 ? await findWindowEnd(db, query, bounds.window) : undefined
  const rows = await db
    .selectFrom(
      keysWithin(db, query, upTo)
        .where((eb) => eb.and(conditions))
        .selectAll()
        .select(bytesSoFar(order, longColumns).as('bytes'))
        .orderBy(column, direction)
        .orderBy('id', direction)
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    .where((eb) => eb(eb('bytes', '-', bytesOf(longColumns)), '<', bounds.maxBytes))
    .execute()
  return toSlice(rows, bounds, upTo, (row) => positionOf(row, column))
}

/** What of a key may be long. */
const longColumns = ['permissions', 'metadata']

type SortedColumn = (typeof keyOrders)[keyof typeof keyOrders]['column']

function positionOf(row: Pick<KeyRow, SortedColumn | 'id'>, column: SortedColumn): Position {
  // A key without an expiry is in no list by expiry.
  return [row[column] as string | number, row.id]
}

/** Finds where the window ends in which fitting keys are looked for; undefined if the list ends before. */
async function findWindowEnd(db: Db, query: KeyQuery, window: number): Promise<Position | undefined> {
  const { column, direction } = keyOrders[query.sort]
  const row = await keysWithin(db, query, undefined)
    .select([column, 'id'])
    .orderBy(column, direction)
    .orderBy('id', direction)
    .limit(1)
    .offset(window - 1)
    .executeTakeFirst()
  return row && [row[column] as string | number, row.id]
}

/**
 * The keys of a list after its cursor and up to a position. If either is undefined, the filters by what the list is sorted
 * by bound it there, so that nothing is looked for where no key fits. One bound on each side: of two, SQLite may take the
 * one that another index has.
 */
function keysWithin(db: Db, query: KeyQuery, upTo: Position | undefined) {
  const { scope, sort, after } = query
  const order = keyOrders[sort]
  const { column, direction } = order
  const { from, below } = rangeOf(query)
  return db
    .selectFrom('keys')
    .$if(scope !== undefined, (q) => q.where('organization_id', '=', scope as string))
    .$if(column === 'expires_at', (q) => q.where('expires_at', 'is not', null))
    .$if(after !== undefined, (q) => q.where((eb) => isAfter(eb, order, after as Position)))
    .$if(upTo !== undefined, (q) => q.where((eb) => isUpTo(eb, order, upTo as Position)))
    .$if(from !== undefined && (direction === 'asc' ? after : upTo) === undefined, (q) =>
      q.where(column, '>=', from as number),
    )
    .$if(below !== undefined && (direction === 'asc' ? upTo : after) === undefined, (q) =>
      q.where(column, '<', below as number),
    )
}

/** Between which values all keys of a list lie, of what it is sorted by. */
function rangeOf({ sort, status, now, ...filters }: KeyQuery): { from?: number; below?: number } {
  const { expiresBefore, unusedSince, neverUsed } = filters
  const { column } = keyOrders[sort]
  if (column === 'last_used_at') {
    if (neverUsed) return { below: 1 }
    return {
      ...(neverUsed === false && { from: 1 }),
      ...(unusedSince !== undefined && { below: unusedSince }),
    }
  }
  if (column !== 'expires_at') return {}
  const below = Math.min(expiresBefore ?? Infinity, status === 'expired' ? now + 1 : Infinity)
  return { ...(status === 'active' && { from: now + 1 }), ...(below !== Infinity && { below }) }
}

/** Later than any instant, and in no index. */
const expiry = sql<number>`coalesce(expires_at, 253402300800000)`

/** What a key must be, by expressions that are in no index: each list is read from the one that has its order. */
function conditionsOf({ status, q, expiresBefore, unusedSince, neverUsed, now }: KeyQuery) {
  const ofStatus: Record<KeyStatus | 'all', RawBuilder<SqlBool>[]> = {
    all: [],
    revoked: [sql`revoked_at is not null`],
    suspended: [sql`revoked_at is null`, sql`suspended_at is not null`],
    expired: [sql`revoked_at is null`, sql`suspended_at is null`, sql`${expiry} <= ${now}`],
    active: [sql`revoked_at is null`, sql`suspended_at is null`, sql`${expiry} > ${now}`],
  }
  return [
    ...ofStatus[status],
    ...(q === undefined ? [] : [holds('name_folded', q)]),
    ...(expiresBefore === undefined ? [] : [sql<SqlBool>`${expiry} < ${expiresBefore}`]),
    ...(unusedSince === undefined
      ? []
      : [sql<SqlBool>`last_used_at + 0 < ${unusedSince}`, sql<SqlBool>`created_at + 0 < ${unusedSince}`]),
    ...(neverUsed === undefined
      ? []
      : [neverUsed ? sql<SqlBool>`last_used_at + 0 = 0` : sql<SqlBool>`last_used_at + 0 > 0`]),
  ]
}
