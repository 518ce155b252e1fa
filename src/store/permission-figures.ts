// Reads for which permissions calls asked, by their profiles; see `profiles.ts` for what a row is.
import { type RawBuilder, sql } from 'kysely'
import { type Days, inDays } from './profile-figures.ts'
import type { Db } from './tables.ts'

/** Calls of one verdict that asked for the same permissions. */
export interface AskedCalls {
  /** The number of the list of permissions; that of the rest for calls of which it is not known. */
  list: number
  code: string
  calls: number
}

/** Whose calls are read: of a key, by its number in usage, or with the keys of an organization; all if nothing is named. */
export interface AskingScope {
  key?: number | undefined
  organizationId?: string | undefined
}

const none = 0
/** The number of what is not known. */
const restOfLists = -1

/**
 * Reads how many calls asked for which lists of permissions: the lists of most calls, so many at most, and all others together
 * with what is not known. Calls that asked for none are left out.
 */
export async function readAskedLists(
  db: Db,
  days: Days,
  scope: AskingScope,
  limit: number,
): Promise<AskedCalls[]> {
  const { rows } = await sql<AskedCalls>`
    with counted as (${countedOf(days, scope)}),
    ranked as (
      select permissions as list, row_number() over (order by sum(calls) desc, permissions) as rank
      from counted where permissions > ${sql.lit(none)} group by permissions)
    select coalesce(list, ${sql.lit(restOfLists)}) as list, names.name as code, sum(calls) as calls
    from counted left join ranked on list = permissions and rank <= ${limit}
    join ${sql.table('usage_names')} as names on names.number = counted.code group by 1, 2`.execute(db)
  return rows
}

/** The same of some lists, the others together. */
export async function readCallsOfLists(
  db: Db,
  days: Days,
  scope: AskingScope,
  lists: readonly number[],
): Promise<AskedCalls[]> {
  const known =
    lists.length === 0 ? sql`1 = 0` : sql`permissions in (${sql.join(lists.map((list) => sql.lit(list)))})`
  const { rows } = await sql<AskedCalls>`
    select list, names.name as code, sum(calls) as calls from (
      select case when ${known} then permissions else ${sql.lit(restOfLists)} end as list, code, calls
      from (${countedOf(days, scope)}) as summed) as counted
    join ${sql.table('usage_names')} as names on names.number = counted.code group by 1, 2`.execute(db)
  return rows
}

/** The permissions of lists, by their numbers; a list whose text is not kept any more has none. */
export async function readLists(db: Db, lists: readonly number[]): Promise<Map<number, string[]>> {
  if (lists.length === 0) return new Map()
  const rows = await db
    .selectFrom('usage_texts')
    .select(['number', 'text'])
    .where('number', 'in', lists)
    .execute()
  return new Map(rows.map(({ number, text }) => [number, text.split(' ')]))
}

// Exact as far as numbers are, and beyond that no error.
function countedOf(days: Days, { key, organizationId }: AskingScope): RawBuilder<unknown> {
  const conditions = [inDays(days), sql`permissions <> ${sql.lit(none)}`]
  if (key !== undefined) conditions.push(sql`key = ${key}`)
  else if (organizationId !== undefined)
    conditions.push(sql`key in (select names.number from ${sql.table('keys')} as keys
      join ${sql.table('usage_names')} as names on names.kind = 'key' and names.name = keys.id
      where keys.organization_id = ${organizationId})`)
  return sql`select permissions, code, sum(cast(calls as double precision)) as calls
    from ${sql.table('usage_profiles')} where ${sql.join(conditions, sql` and `)} group by permissions, code`
}
