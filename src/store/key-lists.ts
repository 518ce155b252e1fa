// Lists of keys, in their orders and by their filters.
//
// A list is read in one of three ways (`findWay`), each by statements whose cost is bounded:
//
// - set:  a filter leaves few keys, which an index finds: those that fit among them are sorted.
// - term: newest first, the keys of a term come from its index in this order, a window of them at a time.
// - walk: all keys come from the index of the list's order, a window of them at a time.
//
// The way is only where to look. In each of them every filter is asked of the key itself.
import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
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
import { decoyTerm, findByTerm, lacksTerms, termOf } from './key-terms.ts'
import { type KeyRow, longKeyColumns } from './keys.ts'
import { findKeyOfKid } from './secrets.ts'
import { findSeenKeys, hasSeenToken, isCreatorGone } from './seen-tokens.ts'
import type { Db, Tables } from './tables.ts'

/** What a list of keys is asked for; see `listKeysSchema`. */
export interface KeyQuery {
  scope: Scope
  status: KeyStatus | 'all'
  q?: string | undefined
  tag?: readonly string[] | undefined
  permission?: string | undefined
  createdBy?: string | undefined
  /** Made by a member who is gone. */
  creator?: 'gone' | undefined
  /** The member who has seen one of its valid tokens. */
  tokenSeenBy?: string | undefined
  prefixes?: readonly string[] | undefined
  /** The prefixes of which a caller reaches the keys, any one of them; null for all. */
  reach?: readonly string[] | null
  /** Of any secret that a key has or had. */
  kid?: string | undefined
  expiresBefore?: number | undefined
  unusedSince?: number | undefined
  neverUsed?: boolean | undefined
  decoy?: boolean | undefined
  /** Whether somebody has reported their leak. */
  exposed?: boolean | undefined
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

/** Where the keys of a list are looked for. */
export type Way = { ids: readonly string[] } | { term: string } | 'walk'

/** Reads the next keys of a list, by statements whose cost is bounded however few keys fit. */
export async function readKeySlice(
  db: Db,
  query: KeyQuery,
  bounds: SliceBounds,
  way: Way = 'walk',
): Promise<Slice<KeyRow>> {
  const order = keyOrders[query.sort]
  const { column, direction } = order
  const { keys, upTo } = await findWindow(db, query, bounds, way)
  const rows = await db
    .selectFrom(
      keys
        .selectAll()
        .select(bytesSoFar(order, longKeyColumns).as('bytes'))
        .orderBy(column, direction)
        .orderBy('id', direction)
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    .where((eb) => eb(eb('bytes', '-', bytesOf(longKeyColumns)), '<', bounds.maxBytes))
    .execute()
  return toSlice(rows, bounds, upTo, (row) => positionOf(row, column))
}

/** Counts the keys of a list that its next window has; `next` is where that ends, and undefined at the end of the list. */
export async function countKeySlice(
  db: Db,
  query: KeyQuery,
  window: number,
  way: Way,
): Promise<{ count: number; next: Position | undefined }> {
  const { keys, upTo } = await findWindow(db, query, { window, limit: maxSet }, way, true)
  const { count } = await keys
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  return { count: Number(count), next: upTo }
}

/** Finds the ids of the keys that the next window of a list has; `next` is as in {@link countKeySlice}. */
export async function readKeyIds(
  db: Db,
  query: KeyQuery,
  window: number,
  way: Way,
): Promise<{ ids: string[]; next: Position | undefined }> {
  const { keys, upTo } = await findWindow(db, query, { window, limit: maxSet }, way, true)
  const rows = await keys.select('id').execute()
  return { ids: rows.map(({ id }) => id), next: upTo }
}

/** Finds how to read a list, by at most so many looks at indexes as it has filters. */
export async function findWay(db: Db, query: KeyQuery): Promise<Way> {
  const { kid, scope, tokenSeenBy, now } = query
  if (kid !== undefined) return { ids: await findKeyOfKid(db, kid) }
  if (tokenSeenBy !== undefined) {
    const ids = await findSeenKeys(db, tokenSeenBy, now, maxSet + 1)
    if (ids.length <= maxSet) return { ids }
  }
  const terms = termsOf(query)
  const finders = [
    ...(terms.length > 0 && !(await lacksTerms(db)) ? terms : []).map(
      (term) => (limit: number) => findByTerm(db, { scope, term, after: undefined, limit }),
    ),
    ...rangesOf(query).map((sort) => async (limit: number) => {
      const found = await keysWithin(db, { ...query, sort, after: undefined }, undefined)
        .select('id')
        .orderBy(keyOrders[sort].column)
        .limit(limit)
        .execute()
      return found
    }),
  ]
  let least: readonly string[] | undefined
  for (const find of finders) {
    // More than the least of the filters before it leaves would not do: they need not be counted.
    const limit = least?.length ?? maxSet + 1
    if (limit === 0) break
    const found = await find(limit)
    if (found.length < limit) least = found.map(({ id }) => id)
  }
  if (least) return { ids: least }
  const [term] = finders.length > rangesOf(query).length ? terms : []
  return term !== undefined && query.sort === '-created_at' ? { term } : 'walk'
}

/** So many keys are sorted at once, and fetched one by one by a statement. */
const maxSet = 1_000

/** The terms that a list asks for. */
function termsOf({ tag = [], permission, createdBy, prefixes = [], decoy, exposed }: KeyQuery): string[] {
  return [
    ...(decoy ? [decoyTerm] : []),
    ...(exposed ? [termOf('exposed', 'true')] : []),
    ...tag.map((value) => termOf('tag', value)),
    ...(createdBy === undefined ? [] : [termOf('created_by', createdBy)]),
    ...(permission === undefined ? [] : [termOf('permission', permission)]),
    ...prefixes.map((value) => termOf('prefix', value)),
  ]
}

/** By which orders a filter of a list bounds it, but for its own order, which it is walked in. */
function rangesOf({ sort, expiresBefore, unusedSince, neverUsed }: KeyQuery): KeyQuery['sort'][] {
  const { column } = keyOrders[sort]
  return [
    ...(expiresBefore === undefined || column === 'expires_at' ? [] : (['expires_at'] as const)),
    ...((unusedSince ?? neverUsed) === undefined || column === 'last_used_at'
      ? []
      : (['last_used_at'] as const)),
  ]
}

/** Finds the part of a list in which fitting keys are looked for next, and where it ends; undefined for the list's own end. */
async function findWindow(
  db: Db,
  query: KeyQuery,
  { window, limit }: Pick<SliceBounds, 'window' | 'limit'>,
  way: Way,
  isBound = false,
) {
  const conditions = conditionsOf(query)
  if (way === 'walk') {
    const upTo = isBound || conditions.length > 0 ? await findWindowEnd(db, query, window) : undefined
    return { keys: keysWithin(db, query, upTo).where((eb) => eb.and(conditions)), upTo }
  }
  if ('ids' in way)
    return {
      keys: keysWithin(db, query, undefined, way.ids).where((eb) => eb.and(conditions)),
      upTo: undefined,
    }
  // Each is fetched by its id, which takes longer than a row of an index: as many as are wanted, and more if few of them fit.
  const most = Math.min(Math.max(limit, window >> 2), maxSet)
  const found = await findByTerm(db, { ...query, ...way, limit: most })
  const last = found.length === most ? found.at(-1) : undefined
  const ids = found.map(({ id }) => id)
  return {
    keys: keysWithin(db, query, undefined, ids).where((eb) => eb.and(conditions)),
    upTo: last && ([last.created_at, last.id] as const),
  }
}

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
function keysWithin(db: Db, query: KeyQuery, upTo: Position | undefined, ids?: readonly string[]) {
  const { scope, sort, after } = query
  const order = keyOrders[sort]
  const { column, direction } = order
  const { from, below } = rangeOf(query)
  return (ids === undefined ? db.selectFrom('keys') : keysOf(db, ids))
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

/** Some keys alone. The limit keeps a database from reading them in another way than by their ids. */
function keysOf(db: Db, ids: readonly string[]): SelectQueryBuilder<Tables, 'keys', object> {
  // An empty list is no SQL on PostgreSQL, and no key has an empty id.
  const found = db
    .selectFrom('keys')
    .selectAll()
    .where('id', 'in', ids.length > 0 ? ids : [''])
    .limit(maxSet)
  return db.selectFrom(found.as('keys')) as never
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
function conditionsOf(query: KeyQuery) {
  const {
    status,
    q,
    tag = [],
    permission,
    createdBy,
    creator,
    tokenSeenBy,
    prefixes = [],
    reach = null,
    expiresBefore,
    unusedSince,
    neverUsed,
    decoy,
    exposed,
    now,
  } = query
  const ofStatus: Record<KeyStatus | 'all', RawBuilder<SqlBool>[]> = {
    all: [],
    revoked: [sql`revoked_at is not null`],
    suspended: [sql`revoked_at is null`, sql`suspended_at is not null`],
    expired: [sql`revoked_at is null`, sql`suspended_at is null`, sql`${expiry} <= ${now}`],
    active: [sql`revoked_at is null`, sql`suspended_at is null`, sql`${expiry} > ${now}`],
  }
  return [
    ...ofStatus[status],
    ...(q === undefined
      ? []
      : [sql<SqlBool>`(${holds('name_folded', q)} or ${holds('description_folded', q)})`]),
    ...tag.map((value) => listHolds('tags', value)),
    ...(permission === undefined ? [] : [listHolds('permissions', permission)]),
    ...(createdBy === undefined ? [] : [sql<SqlBool>`created_by = ${createdBy}`]),
    ...(creator === undefined ? [] : [isCreatorGone]),
    ...(tokenSeenBy === undefined ? [] : [hasSeenToken(tokenSeenBy, now)]),
    ...prefixes.map((prefix) => sql<SqlBool>`prefix = ${prefix}`),
    ...(reach === null ? [] : [sql<SqlBool>`prefix in (${sql.join(reach)})`]),
    ...(expiresBefore === undefined ? [] : [sql<SqlBool>`${expiry} < ${expiresBefore}`]),
    ...(unusedSince === undefined
      ? []
      : [sql<SqlBool>`last_used_at + 0 < ${unusedSince}`, sql<SqlBool>`created_at + 0 < ${unusedSince}`]),
    ...(decoy === undefined
      ? []
      : [decoy ? sql<SqlBool>`decoy_tries is not null` : sql<SqlBool>`decoy_tries is null`]),
    ...(exposed === undefined
      ? []
      : [exposed ? sql<SqlBool>`exposed_at is not null` : sql<SqlBool>`exposed_at is null`]),
    ...(neverUsed === undefined
      ? []
      : [neverUsed ? sql<SqlBool>`last_used_at + 0 = 0` : sql<SqlBool>`last_used_at + 0 > 0`]),
  ]
}

/**
 * Tells, in SQL, whether a list as JSON has a text, in which nothing is to be escaped there. Not by `like`, for which SQLite takes
 * the letters of both cases for the same.
 */
function listHolds(column: 'tags' | 'permissions', text: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`replace(${sql.ref(column)}, ${JSON.stringify(text)}, '') <> ${sql.ref(column)}`
}
