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
