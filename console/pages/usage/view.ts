// What the filters of an address come to: what the API is asked, how its figures are cut, and what is wrong. Pure.
import { dayMs, hourMs } from '../../../src/core/periods.ts'
import { filterFaults } from '../../format/filters.ts'
import { startOfRange, type UsageCut, type UsageRange, usageRanges } from '../../format/usage.ts'
import type { UsageSearch } from '../../searches.ts'
import type { UsageQuestion } from '../../usage-queries.ts'

export interface UsageView {
  question: UsageQuestion
  cut: UsageCut
  /** What the figures are, in a line. */
  label: string
  /** The same time and owner, for a file. */
  exported: UsageQuestion
}

export type UsageFaults = Partial<Record<keyof UsageSearch, string>>

export const defaultRange: UsageRange = '7d'

/** The longest time that the API tells by each, in days. */
const longest = { hour: 35, day: 800, month: 24_000 } as const
/** Over how many days the keys and the permissions of all organizations are compared, and permissions at all. */
const longestOfAll = 7
const longestOfPermissions = 90

/** What is wrong with filters, each in a sentence; nothing is asked for while something is. Who is not root asks of their own. */
export function faultsOf(search: UsageSearch, now: number, isRoot: boolean): UsageFaults {
  const { organization, key, by, group } = search
  const [from, to] = timeOf(search, now)
  const days = (to - from) / dayMs
  const isOfAll = isRoot && organization === undefined && key === undefined
  return {
    ...filterFaults(search),
    // Without an end it is now.
    ...(from >= to && { until: 'Must not be before the first day.' }),
    ...(by !== undefined && days > longest[by] && { by: `By ${by} a time has at most ${longest[by]} days.` }),
    ...((group === 'key' || group === 'permission') &&
      isOfAll &&
      days > longestOfAll + 1 && {
        group: `The ${group}s of all organizations are compared over ${longestOfAll} days. Choose an organization, or a shorter time.`,
      }),
    ...(group === 'permission' &&
      !isOfAll &&
      days > longestOfPermissions + 1 && {
        group: `Permissions are compared over ${longestOfPermissions} days. Choose a shorter time.`,
      }),
  }
}

/** What to ask for filters that are right. */
export function viewOf(search: UsageSearch, now: number): UsageView {
  const [from, to] = timeOf(search, now)
  const isOpen = search.until === undefined
  const by = search.by ?? (to - from <= 2 * dayMs ? 'hour' : to - from <= 400 * dayMs ? 'day' : 'month')
  // Hours are kept for five weeks: days of the reader's own are made of them.
  const isOwnDay = by === 'day' && to - from <= longest.hour * dayMs
  const cut: UsageCut = by === 'day' && !isOwnDay ? 'utc-day' : by
  const time = {
    since: Number.isFinite(from) ? new Date(Math.ceil(from / hourMs) * hourMs).toISOString() : undefined,
    ...(!isOpen && { until: search.until }),
    organization_id: search.organization,
    key_id: search.key,
  }
  const range = search.since === undefined && isOpen ? (search.range ?? defaultRange) : undefined
  return {
    question: { ...time, by: isOwnDay ? 'hour' : by },
    cut,
    label: `Calls by ${by}${range === undefined ? '' : ` ${usageRanges[range].lead}`}`,
    exported: { ...time, by },
  }
}

/** The time that is looked at: days that are given, or a range up to now. */
function timeOf(
  { range = defaultRange, since, until }: UsageSearch,
  now: number,
): [from: number, to: number] {
  const to = until === undefined ? now + hourMs : Date.parse(until)
  if (since !== undefined) return [Date.parse(since), to]
  return [until === undefined ? startOfRange(range, now) : to - usageRanges[range].periods * dayMs, to]
}
