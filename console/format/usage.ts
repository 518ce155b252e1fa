// Usage as charts and tables show it: the time that is looked at, cut into hours, days or months, and what was counted in
// each. Pure.
import { dayMs, hourMs } from '../../src/core/periods.ts'
import type { WireUsageRow } from '../api.ts'
import { countOf } from './limits.ts'
import { verdictWords } from './verdicts.ts'

/** The times that one looks at most: up to now, by hours or by the reader's days. */
export const usageRanges = {
  '24h': { label: '24 hours', lead: 'in the last 24 hours', by: 'hour', periods: 24 },
  '7d': { label: '7 days', lead: 'in the last 7 days', by: 'day', periods: 7 },
  '30d': { label: '30 days', lead: 'in the last 30 days', by: 'day', periods: 30 },
} as const

export type UsageRange = keyof typeof usageRanges

/** What a bar of a chart and a row of its table stand for. */
export interface UsageBucket {
  /** In milliseconds since 1970. */
  start: number
  end: number
  /** Whether it still runs: what is counted in it is less than what will be. */
  isRunning: boolean
  calls: number
  valid: number
  /** How many were refused, by the code of the verdict. */
  refused: Record<string, number>
}

/** How buckets are cut: hours, days of the reader's own, or days and months by UTC, as usage is kept for long. */
export type UsageCut = 'hour' | 'day' | 'utc-day' | 'month'

/** When a range begins: with a whole hour, or with a day of the reader's. */
export function startOfRange(range: UsageRange, now: number): number {
  const { by, periods } = usageRanges[range]
  if (by === 'hour') return (Math.floor(now / hourMs) - periods + 1) * hourMs
  const day = new Date(now)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - periods + 1).getTime()
}

/** Over how long the API compares the keys of all organizations. */
const longestOfAllKeys: UsageRange = '7d'

/** The range in which keys are compared: over all organizations it is bounded. */
export function rangeOfKeys(range: UsageRange, organization: string | undefined): UsageRange {
  return organization === undefined && usageRanges[range].periods > 24 ? longestOfAllKeys : range
}

/** Cuts rows, which come by hours or are days and months already, into the buckets of a chart. */
export function cutUsage(rows: readonly WireUsageRow[], cut: UsageCut, now: number): UsageBucket[] {
  const buckets: UsageBucket[] = []
  for (const row of rows) {
    const [start, end] = periodOf(Date.parse(row.start), cut)
    let bucket = buckets.at(-1)
    if (bucket?.start !== start) {
      bucket = { start, end, isRunning: start <= now && now < end, calls: 0, valid: 0, refused: {} }
      buckets.push(bucket)
    }
    addTo(bucket, row)
  }
  return buckets
}

/** What was counted in all rows together. */
export function totalOf(rows: readonly Counted[]): Counted {
  const total: Counted = { calls: 0, valid: 0, refused: {} }
  for (const row of rows) addTo(total, row)
  return total
}

/** The codes of refusals, the most frequent first, with how many there were of each. */
export function reasonsOf({ refused }: Pick<Counted, 'refused'>): [code: string, calls: number][] {
  return Object.entries(refused).sort(([a, calls], [b, others]) => others - calls || (a < b ? -1 : 1))
}

type Counted = Pick<WireUsageRow, 'calls' | 'valid' | 'refused'>

function addTo(sum: Counted, { calls, valid, refused }: Counted): void {
  sum.calls += calls
  sum.valid += valid
  for (const [code, count] of Object.entries(refused)) sum.refused[code] = (sum.refused[code] ?? 0) + count
}

function periodOf(at: number, cut: UsageCut): [start: number, end: number] {
  const date = new Date(at)
  if (cut === 'hour') return [at, at + hourMs]
  if (cut === 'utc-day') return [at, at + dayMs]
  if (cut === 'month') return [at, Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)]
  // Not by 24 hours: where the clocks change, a day has 23 or 25.
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  return [new Date(year, month, day).getTime(), new Date(year, month, day + 1).getTime()]
}

/** The title of a verdict by its code; the code of a newer server as it is. */
export function codeTitle(code: string): string {
  return Object.hasOwn(verdictWords, code)
    ? verdictWords[code as keyof typeof verdictWords].title
    : code.replaceAll('_', ' ')
}

const percents = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })

/** `3.2%`: which part of all calls some are; what there is of them is never nothing. */
export function shareOf(part: number, all: number): string {
  if (part > 0 && part < all / 1_000) return '<0.1%'
  return part < all && part > 0.999 * all ? '>99.9%' : percents.format(all === 0 ? 0 : part / all)
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

const mostInFull = 9_999_999

/** A count in full as long as a column of a table holds it: `1,234,567`, `12.3M`. */
export function countInColumn(count: number): string {
  return count > mostInFull ? compactCount(count) : countOf(count)
}

/** `12.5K`: a count where there is little room. */
export function compactCount(count: number): string {
  return compact.format(count)
}

/** How buckets are written: by the browser's own language and region if no `locale` is given. */
function bucketFormats(locale?: string, timeZone?: string) {
  const own = timeZone === undefined ? {} : { timeZone }
  const utc = { timeZone: 'UTC' }
  const by = (zone: object, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, ...zone })
  const weekday = { weekday: 'short', day: 'numeric', month: 'short' } as const
  const hour = by(own, { ...weekday, hour: '2-digit', minute: '2-digit' })
  const time = by(own, { hour: '2-digit', minute: '2-digit' })
  const names = {
    day: by(own, weekday),
    'utc-day': by(utc, { ...weekday, year: 'numeric' }),
    month: by(utc, { month: 'long', year: 'numeric' }),
  }
  const ticks = {
    hour: time,
    day: by(own, { day: 'numeric', month: 'short' }),
    'utc-day': by(utc, { day: 'numeric', month: 'short' }),
    month: by(utc, { month: 'short', year: '2-digit' }),
  }
  return {
    /** `Fri 27 Nov, 14:00–15:00`, `Fri 27 Nov`, `November 2026`. */
    nameOf: ({ start, end }: Pick<UsageBucket, 'start' | 'end'>, cut: UsageCut): string =>
      cut === 'hour' ? hour.formatRange(start, end) : names[cut].format(start),
    /** The same on the axis of a chart. */
    tickOf: (start: number, cut: UsageCut): string => ticks[cut].format(start),
  }
}

export const { nameOf, tickOf } = bucketFormats()
