// Reads profiles of the valid calls of a key, over days; see `profiles.ts` for what a row is.
import { type RawBuilder, sql } from 'kysely'
import type { Db } from './tables.ts'

/** Some days since 1970, the last one excluded. */
export interface Days {
  first: number
  end: number
}

/** Valid calls that asked for the same permissions. */
export interface AskedFigure {
  /** With spaces between; null for calls of which it is not known. */
  permissions: string | null
  calls: number
  last: number
}

/** Valid calls with a secret that had the same in common. */
export interface ProfileFigure extends AskedFigure {
  kid: string
  /** Null for what is not known, or is forgotten; so are the others. */
  operation: string | null
  ip: string | null
  userAgent: string | null
}

// Exact as far as numbers are, and beyond that no error.
const calls = sql<number>`sum(cast(calls as double precision))`
const none = 0
const rest = -1

/** Reads by which permissions the valid calls of a key asked: those of most calls first, so many at most. */
export async function readAsked(db: Db, key: number, days: Days, limit: number): Promise<AskedFigure[]> {
  const permissions = sql`case permissions when ${sql.lit(rest)} then null when ${sql.lit(none)} then ''
    else (select text from ${sql.table('usage_texts')} where number = permissions) end`
  const { rows } = await sql<AskedFigure>`select ${permissions} as permissions, calls, last from (
      select permissions, ${calls} as calls, max(last) as last from ${sql.table('usage_profiles')}
      where ${ofValid(key, days)} group by permissions) as counted
    order by calls desc, permissions limit ${limit}`.execute(db)
  return rows.map((row) => ({ ...row, last: Number(row.last) }))
}

/**
 * Reads the profiles of the valid calls of a key, of each day that has any in turn: a result of many rows would hold up the process
 * that reads it.
 */
export async function readProfiles(db: Db, key: number, days: Days): Promise<ProfileFigure[]> {
  const texts = (name: string) => sql`left join ${sql.table('usage_texts')} as ${sql.ref(`${name}_text`)}
    on ${sql.ref(`${name}_text.number`)} = counted.${sql.ref(name)}`
  const profiles: ProfileFigure[] = []
  const { rows: used } = await sql<{ day: number }>`select distinct day from ${sql.table('usage_profiles')}
    where ${ofValid(key, days)} order by day`.execute(db)
  for (const { day } of used) {
    const { rows } = await sql<ProfileFigure>`
      select secret_text.text as kid, operation_text.text as operation, nullif(places.ip, '') as ip,
        nullif(places.user_agent, '') as "userAgent",
        case counted.permissions when ${sql.lit(none)} then '' else permissions_text.text end as permissions,
        calls, last
      from (select * from ${sql.table('usage_profiles')} where ${ofValid(key, { first: day, end: day + 1 })}) as counted
      ${texts('secret')} ${texts('operation')} ${texts('permissions')}
      left join ${sql.table('usage_places')} as places on places.number = counted.place`.execute(db)
    for (const row of rows) profiles.push({ ...row, calls: Number(row.calls), last: Number(row.last) })
  }
  return profiles
}

/** Calls with a secret from a place. */
export interface CallerFigure {
  kid: string
  ip: string | null
  userAgent: string | null
  firstDay: number
  last: number
  calls: number
}

/** Reads from where calls of a key came, whatever their verdict: the last seen places first, so many at most. */
export async function readCallers(db: Db, key: number, days: Days, limit: number): Promise<CallerFigure[]> {
  const { rows } = await sql<CallerFigure>`
    select secrets.text as kid, nullif(places.ip, '') as ip, nullif(places.user_agent, '') as "userAgent",
      min(counted.day) as "firstDay", max(last) as last, ${calls} as calls
    from ${sql.table('usage_profiles')} as counted
    join ${sql.table('usage_texts')} as secrets on secrets.number = counted.secret
    join ${sql.table('usage_places')} as places on places.number = counted.place
    where ${inDays(days, 'counted.')} and counted.key = ${key}
    group by 1, 2, 3 order by last desc, 1, 2, 3 limit ${limit}`.execute(db)
  return rows.map((row) => ({ ...row, last: Number(row.last) }))
}

/** Whether there were calls of a key of which no place is known. */
export async function hasUnplaced(db: Db, key: number, days: Days): Promise<boolean> {
  const { rows } = await sql<{
    day: number
  }>`select counted.day from ${sql.table('usage_profiles')} as counted
    where ${inDays(days, 'counted.')} and counted.key = ${key} and not exists (
      select 1 from ${sql.table('usage_places')} as places where places.number = counted.place) limit 1`.execute(
    db,
  )
  return rows.length > 0
}

/** Which rows are of some days. */
export function inDays({ first, end }: Days, prefix = ''): RawBuilder<unknown> {
  const days = Array.from({ length: end - first }, (_, i) => sql.lit(first + i))
  return sql`${sql.raw(prefix)}day in (${sql.join(days)})`
}

function ofValid(key: number, days: Days): RawBuilder<unknown> {
  return sql`${inDays(days)} and key = ${key} and code = (
    select number from ${sql.table('usage_names')} where kind = 'measure' and name = 'valid')`
}
