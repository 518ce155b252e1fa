// The line of a key: the key of which it is a child, the one of which that is, and so on. By it a key is judged at every instant.
import { sql } from 'kysely'
import { maxChildren } from '../core/bounds.ts'
import {
  bytesOf,
  bytesSoFar,
  isAfter,
  type Position,
  type Slice,
  type SliceBounds,
  toSlice,
} from './cursors.ts'
import { type KeyRow, longKeyColumns } from './keys.ts'
import { allDone } from './statements.ts'
import type { Db, Tx } from './tables.ts'

/** Each key of a line by the alias that it has in a statement, with that of the one before it, and of the secret that made that. */
const links = [
  { of: 'keys', to: 'first', by: 'first_maker' },
  { of: 'first', to: 'second', by: 'second_maker' },
  { of: 'second', to: 'third', by: 'third_maker' },
] as const

const judged = ['revoked_at', 'expires_at', 'suspended_at', 'not_before'] as const

/**
 * The lines that `readAncestors` reads, in a statement with the keys from which a key draws as `first`, `second` and `third`, and
 * with {@link makers}. No JSON has a line break in it. Null for a key that is no child.
 */
export const ancestors = `case when keys.parent_id is null then null else ${links
  .map(({ of, to, by }, i) => {
    const isNone = links.slice(0, i + 1).map((link) => `${link.of}.parent_id is null`)
    const ended = `case when ${of}.parent_kid is null then '' when ${by}.kid is null then '0'
      else ${textOf(`${by}.ended_at`)} end`
    const parts = [
      `${to}.id`,
      `${to}.permissions`,
      `coalesce(${to}.allowed_ips, '')`,
      ...judged.map((column) => textOf(`${to}.${column}`)),
      ended,
      textOf(`${by}.grace_ends_at`),
    ]
    return `case when ${isNone.join(' or ')} then '' else ${parts.join(` || '\n' || `)} || '\n' end`
  })
  .join(' || ')} end`

/** The secrets by which the keys of a line were made. A prefix stands before the table's name. */
export const makers = (prefix: string) =>
  links
    .map(({ of, by }) => `left join ${prefix}secrets as ${by} on ${by}.kid = ${of}.parent_kid`)
    .join('\n    ')

function textOf(column: string): string {
  return `coalesce(cast(${column} as text), '')`
}

/** A key that is to have a child. */
export interface ParentRow {
  id: string
  organization_id: string
  permissions: string
  expires_at: number | null
  revoked_at: number | null
  ancestors: string | null
  /** Null but for a decoy. */
  decoy_tries: number | null
  /** The keys from whose limits it draws, the nearest first. */
  limits_from: string | null
  second: string | null
  third: string | null
}

/** Finds keys with their lines. */
export async function findParents(tx: Tx, ids: readonly string[]): Promise<Map<string, ParentRow>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .selectFrom('keys')
    .leftJoin('keys as first', 'first.id', 'keys.limits_from')
    .leftJoin('keys as second', 'second.id', 'first.limits_from')
    .leftJoin('keys as third', 'third.id', 'second.limits_from')
    .leftJoin('secrets as first_maker', 'first_maker.kid', 'keys.parent_kid')
    .leftJoin('secrets as second_maker', 'second_maker.kid', 'first.parent_kid')
    .leftJoin('secrets as third_maker', 'third_maker.kid', 'second.parent_kid')
    .select([
      ...(['keys.id', 'keys.organization_id', 'keys.permissions'] as const),
      ...(['keys.expires_at', 'keys.revoked_at', 'keys.limits_from', 'keys.decoy_tries'] as const),
      ...(['first.limits_from as second', 'second.limits_from as third'] as const),
      sql<string | null>`${sql.raw(ancestors)}`.as('ancestors'),
    ])
    .where('keys.id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Counts the live children of keys, each up to as many as one may have: those that have ended with the secret by which they were
 * made are none.
 */
export async function countChildren(
  tx: Tx,
  parentIds: readonly string[],
  now: number,
): Promise<Map<string, number>> {
  const counts = parentIds.map(async (id): Promise<[string, number]> => {
    const given = tx
      .selectFrom('keys')
      .select('keys.parent_id')
      .where('keys.parent_id', '=', id)
      .where('keys.parent_kid', 'is', null)
      .where('keys.revoked_at', 'is', null)
      .where(ending, '>', now)
      .limit(maxChildren)
    const made = tx
      .selectFrom('secrets')
      .innerJoin('keys', 'keys.parent_kid', 'secrets.kid')
      .select('keys.parent_id')
      .where('secrets.key_id', '=', id)
      .where('secrets.ended_at', 'is', null)
      .where((eb) => eb.or([eb('secrets.grace_ends_at', 'is', null), eb('secrets.grace_ends_at', '>', now)]))
      .where('keys.parent_id', '=', id)
      .where('keys.revoked_at', 'is', null)
      .where(ending, '>', now)
      .limit(maxChildren)
    const { count } = await tx
      .selectFrom(
        tx
          .selectFrom(given.as('given'))
          .selectAll()
          .unionAll(tx.selectFrom(made.as('made')).selectAll())
          .as('live'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    return [id, Number(count)]
  })
  return new Map(await allDone(counts))
}

/** When a key ends, as the index of live children has it: far away if never. */
const ending = sql<number>`coalesce(keys.expires_at, 253402300800001)`

/** A live key below another one. */
export interface KeyBelow {
  id: string
  organization_id: string
  /** The secret by which that one made it, or the key above it; null if another key did. */
  made_by: string | null
}

/** Finds the live keys below a key: its children, theirs and so on, the nearest first, so many at most. */
export async function findKeysBelow(
  db: Db,
  key: Pick<KeyRow, 'id' | 'organization_id'>,
  now: number,
  limit: number,
): Promise<KeyBelow[]> {
  const found: KeyBelow[] = []
  let level: KeyBelow[] = [{ ...key, made_by: null }]
  while (level.length > 0 && found.length < limit) {
    const above = new Map(level.map((one) => [one.id, one]))
    const rows = await db
      .selectFrom('keys')
      .select(['keys.id', 'keys.parent_id', 'keys.parent_kid'])
      .where('keys.parent_id', 'in', [...above.keys()])
      .where('keys.organization_id', '=', key.organization_id)
      .where('keys.revoked_at', 'is', null)
      .where(ending, '>', now)
      .limit(limit - found.length)
      .execute()
    level = rows.map(({ id, parent_id, parent_kid }) => ({
      ...{ id, organization_id: key.organization_id },
      made_by: parent_id === key.id ? parent_kid : (above.get(parent_id as string)?.made_by ?? null),
    }))
    found.push(...level)
  }
  return found
}

/** Has the children that a key has made by some of its secrets end with another one. */
export async function moveChildren(
  tx: Tx,
  parent: Pick<KeyRow, 'id' | 'organization_id'>,
  kids: readonly string[],
  to: string,
): Promise<void> {
  if (kids.length === 0) return
  await tx
    .updateTable('keys')
    .set({ parent_kid: to })
    .where('parent_id', '=', parent.id)
    .where('organization_id', '=', parent.organization_id)
    .where('parent_kid', 'in', kids)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Reads the next children of a key, newest first. */
export async function readChildren(
  db: Db,
  parent: Pick<KeyRow, 'id' | 'organization_id'>,
  after: Position | undefined,
  bounds: SliceBounds,
): Promise<Slice<KeyRow>> {
  const rows = await db
    .selectFrom(
      db
        .selectFrom('keys')
        .where('parent_id', '=', parent.id)
        .where('organization_id', '=', parent.organization_id)
        .$if(after !== undefined, (q) => q.where((eb) => isAfter(eb, newestFirst, after as Position)))
        .selectAll()
        .select(bytesSoFar(newestFirst, longKeyColumns).as('bytes'))
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    .where((eb) => eb(eb('bytes', '-', bytesOf(longKeyColumns)), '<', bounds.maxBytes))
    .execute()
  return toSlice(rows, bounds, undefined, (row) => [row.created_at, row.id])
}

const newestFirst = { column: 'created_at', direction: 'desc' } as const
