// What tests read of usage in the tables themselves.
import { connectDirectly } from './direct.ts'

export const hourMs = 3_600_000

/** What a row of a key has, `late` of it after its hour was closed. */
export interface WrittenUsage {
  period: number
  organization: string
  key: string
  measure: string
  amount: number
  late: number
}

/** The rows of keys in a table, by their place. */
export async function readUsageRows(
  url: string,
  table: 'hours' | 'days' | 'months' = 'hours',
): Promise<WrittenUsage[]> {
  await using direct = await connectDirectly(url)
  const rows = await direct.run(`select period, organizations.name as organization, keys.name as key,
    measures.name as measure, amount, late from usage_${table} as written
    join usage_names as organizations on organizations.number = written.organization
    join usage_names as keys on keys.number = written.key
    join usage_names as measures on measures.number = written.measure
    order by period, written.organization, written.key, written.measure`)
  return rows.map(({ period, organization, key, measure, amount, late }) => ({
    period: Number(period),
    organization: String(organization),
    key: String(key),
    measure: String(measure),
    amount: Number(amount),
    late: Number(late ?? 0),
  }))
}

/** The amounts of a table, by period, key and measure. */
export async function readAmounts(
  url: string,
  table: 'hours' | 'days' | 'months' = 'hours',
): Promise<Record<string, number>> {
  const rows = await readUsageRows(url, table)
  return Object.fromEntries(
    rows.map(({ period, key, measure, amount }) => [`${period} ${key} ${measure}`, amount]),
  )
}

/** A row of profiles, with the texts that its numbers stand for. */
export interface WrittenProfile {
  day: number
  key: string
  kid: string
  operation: string
  ip: string
  userAgent: string
  permissions: string
  code: string
  isRest: boolean
  calls: number
  last: number
}

/** All rows of profiles. */
export async function readProfileRows(url: string): Promise<WrittenProfile[]> {
  await using direct = await connectDirectly(url)
  const rows = await direct.run(`select written.day, keys.name as key, secrets.text as kid,
    operations.text as operation, ip, user_agent, permissions.text as permissions, codes.name as code,
    written.operation as number, calls, last from usage_profiles as written
    join usage_names as keys on keys.number = written.key
    join usage_names as codes on codes.number = written.code
    join usage_texts as secrets on secrets.number = written.secret
    left join usage_texts as operations on operations.number = written.operation
    left join usage_texts as permissions on permissions.number = written.permissions
    left join usage_places as places on places.number = written.place
    order by written.day, keys.name, secrets.text, operations.text, ip, user_agent, permissions.text, codes.name`)
  return rows.map((row) => ({
    day: Number(row.day),
    key: String(row.key),
    kid: String(row.kid),
    operation: String(row.operation ?? ''),
    ip: String(row.ip ?? ''),
    userAgent: String(row.user_agent ?? ''),
    permissions: String(row.permissions ?? ''),
    code: String(row.code),
    isRest: Number(row.number) === -1,
    calls: Number(row.calls),
    last: Number(row.last),
  }))
}
