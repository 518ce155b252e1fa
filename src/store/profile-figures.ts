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

/** Reads the profiles of the valid calls of a key, each as the days have it together: those of most calls first. */
export async function readProfiles(db: Db, key: number, days: Days): Promise<ProfileFigure[]> {
  const texts = (name: string) => sql`left join ${sql.table('usage_texts')} as ${sql.ref(`${name}_text`)}
    on ${sql.ref(`${name}_text.number`)} = counted.${sql.ref(name)}`
  const { rows } = await sql<ProfileFigure>`
    select secret_text.text as kid, operation_text.text as operation, nullif(places.ip, '') as ip,
      nullif(places.user_agent, '') as "userAgent",
      case counted.permissions when ${sql.lit(none)} then '' else permissions_text.text end as permissions,
      ${calls} as calls, max(last) as last
    from (select * from ${sql.table('usage_profiles')} where ${ofValid(key, days)}) as counted
    ${texts('secret')} ${texts('operation')} ${texts('permissions')}
    left join ${sql.table('usage_places')} as places on places.number = counted.place
    group by 1, 2, 3, 4, 5 order by calls desc, 1, 2, 3, 4, 5`.execute(db)
  return rows.map((row) => ({ ...row, last: Number(row.last) }))
}

function ofValid(key: number, { first, end }: Days): RawBuilder<unknown> {
  const days = Array.from({ length: end - first }, (_, i) => sql.lit(first + i))
  return sql`day in (${sql.join(days)}) and key = ${key} and code = (
    select number from ${sql.table('usage_names')} where kind = 'measure' and name = 'valid')`
}
