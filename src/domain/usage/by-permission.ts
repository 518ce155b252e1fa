// Usage by the permissions that calls asked for: from profiles of calls, which are of whole days.

import { keptProfilesDays } from '../../core/bounds.ts'
import { refuseField } from '../../core/errors.ts'
import { dayMs } from '../../core/periods.ts'
import type { UsagePeriod, UsageRow, UsageSort } from '../../core/shapes/usage.ts'
import {
  type AskedCalls,
  readAskedLists,
  readCallsOfLists,
  readLists,
} from '../../store/permission-figures.ts'
import type { Db } from '../../store/tables.ts'
import { findUsageNumber } from '../../store/usage-figures.ts'
import { periodHolding, type UsageRange } from './ranges.ts'
import { addCalls, newRow } from './rows.ts'

/** So many lists of permissions are told apart, those of most calls: the calls that asked for others are of no known permission. */
const maxLists = 1_000

/** What is asked of permissions, once its range is known. */
interface Question {
  by: UsagePeriod
  sort: UsageSort
  limit: number
}

/** Refuses what profiles cannot tell. Throws `invalid_input`. */
export function requireWholeDays(by: UsagePeriod, days: number, isOfAll: boolean): void {
  if (by === 'hour') refuseField('by', 'Permissions are counted by the day. Ask by day, month or total.')
  if (days > keptProfilesDays)
    refuseField('since', `Permissions are compared over at most ${keptProfilesDays} days.`)
  // Whole months of all keys are far more than a week.
  if (by === 'month' && isOfAll)
    refuseField('by', 'The permissions of all organizations are told by day or total. Name an organization.')
}

/** Reads rows of the top permissions, by period and then in their order. */
export async function readByPermission(
  db: Db,
  { by, sort, limit }: Question,
  range: UsageRange,
  { organizationId, keyId }: { organizationId: string | undefined; keyId: string | undefined },
): Promise<UsageRow[]> {
  const key = keyId === undefined ? undefined : await findUsageNumber(db, 'key', keyId)
  if (keyId !== undefined && key === undefined) return []
  const scope = { organizationId, key }
  const days = { first: range.since / dayMs, end: range.until / dayMs }
  const calls = await readAskedLists(db, days, scope, maxLists)
  const lists = await readLists(db, [...new Set(calls.map(({ list }) => list))])
  const namesOf = ({ list }: AskedCalls) => lists.get(list) ?? [null]
  const rows = new Map<string, UsageRow>()
  const top = topOf(calls, namesOf, sort, limit)
  const add = (start: number, asked: AskedCalls) => {
    for (const name of namesOf(asked)) {
      if (!top.includes(name)) continue
      const place = JSON.stringify([start, name])
      const row = rows.get(place) ?? newRow(start, name)
      rows.set(place, row)
      addCalls(row, asked.code, asked.calls)
    }
  }
  if (by === 'total') for (const asked of calls) add(range.since, asked)
  // Each day's in turn: a result of many rows would hold up the process that reads it.
  else
    for (let day = days.first; day < days.end; day++) {
      const start = periodHolding(day * dayMs, by, range)
      for (const asked of await readCallsOfLists(db, { first: day, end: day + 1 }, scope, [...lists.keys()]))
        add(start, asked)
    }
  return [...rows.values()].sort(
    (a, b) => a.start.getTime() - b.start.getTime() || top.indexOf(a.id) - top.indexOf(b.id),
  )
}

/** The permissions with most calls; null for calls of which it is not known. */
function topOf(
  calls: readonly AskedCalls[],
  namesOf: (asked: AskedCalls) => readonly (string | null)[],
  sort: UsageSort,
  limit: number,
): (string | null)[] {
  const totals = new Map<string | null, number>()
  for (const asked of calls) {
    const isWanted = sort === '-calls' || (asked.code === 'valid') === (sort === '-valid')
    if (isWanted) for (const name of namesOf(asked)) totals.set(name, (totals.get(name) ?? 0) + asked.calls)
  }
  const byName = (a: string | null, b: string | null) => ((a ?? '') < (b ?? '') ? -1 : 1)
  return [...totals]
    .sort(([one, a], [other, b]) => b - a || byName(one, other))
    .slice(0, limit)
    .map(([name]) => name)
}
