// Which rows tell of a range: months and days that are rolled up, and hours for the rest. Periods are counted since 1970, by UTC.
import { hourMs } from '../../core/periods.ts'
import type { UsagePeriod } from '../../core/shapes/usage.ts'
import type { UsagePiece, UsageState } from '../../store/usage-figures.ts'
import { monthOf } from '../../store/usage-rollup.ts'

const dayMs = 24 * hourMs

/** A range of whole periods, in milliseconds since 1970. */
export interface UsageRange {
  since: number
  until: number
}

const previous: Record<UsagePeriod, (at: number) => number> = {
  hour: (at) => Math.floor(at / hourMs) * hourMs,
  day: (at) => Math.floor(at / dayMs) * dayMs,
  month: (at) => startOf('months', monthOf(Math.floor(at / dayMs))),
  total: (at) => Math.floor(at / hourMs) * hourMs,
}
const next: Record<UsagePeriod, (at: number) => number> = {
  hour: (at) => at + hourMs,
  day: (at) => at + dayMs,
  month: (at) => startOf('months', monthOf(Math.floor(at / dayMs)) + 1),
  total: (at) => at + hourMs,
}

/** The whole periods that a range touches. */
export function alignRange({ since, until }: UsageRange, by: UsagePeriod): UsageRange {
  const begin = previous[by](since)
  const last = previous[by](until)
  return { since: begin, until: last === until && last > begin ? last : next[by](last) }
}

/** When each period of a range begins; `total` is one. */
export function periodsOf({ since, until }: UsageRange, by: UsagePeriod): number[] {
  if (by === 'total') return [since]
  const starts: number[] = []
  for (let at = since; at < until; at = next[by](at)) starts.push(at)
  return starts
}

/** The period that holds the beginning of another one. */
export function periodHolding(at: number, by: UsagePeriod, { since }: UsageRange): number {
  return by === 'total' ? since : previous[by](at)
}

/** When a period of a table begins. */
export function startOf(table: UsagePiece['table'], period: number): number {
  if (table === 'hours') return period * hourMs
  return table === 'days' ? period * dayMs : Date.UTC(1970, period)
}

/** The rows that tell of a range of whole hours: the fewest, without one that tells of anything else. */
export function piecesOf(range: UsageRange, by: UsagePeriod, { hours, days }: UsageState): UsagePiece[] {
  const [first, end] = [range.since / hourMs, range.until / hourMs]
  const [firstDay, endDay] =
    by === 'hour'
      ? [0, 0]
      : within(Math.ceil(first / 24), Math.min(Math.floor(end / 24), Math.floor(hours / 24)))
  if (firstDay >= endDay) return hoursOf(first, end, hours)
  return [
    ...hoursOf(first, firstDay * 24, hours),
    ...daysOf(firstDay, endDay, by === 'day' ? 0 : days),
    ...hoursOf(endDay * 24, end, hours),
  ]
}

function within(first: number, end: number): [number, number] {
  return [first, Math.max(first, end)]
}

/** Days of a range, and the whole months in it that are rolled up: those that end by a day. */
function daysOf(first: number, end: number, rolled: number): UsagePiece[] {
  const firstDayOf = (month: number) => startOf('months', month) / dayMs
  const month = monthOf(first)
  const firstMonth = firstDayOf(month) === first ? month : month + 1
  const endMonth = monthOf(Math.min(end, rolled))
  if (firstMonth >= endMonth) return piece('days', first, end, true)
  return [
    ...piece('days', first, firstDayOf(firstMonth), true),
    ...piece('months', firstMonth, endMonth, true),
    ...piece('days', firstDayOf(endMonth), end, true),
  ]
}

/** Hours of a range: those that have sums, and the others. */
function hoursOf(first: number, end: number, rolled: number): UsagePiece[] {
  const middle = Math.min(Math.max(first, rolled), end)
  return [...piece('hours', first, middle, true), ...piece('hours', middle, end, false)]
}

function piece(table: UsagePiece['table'], first: number, end: number, isSummed: boolean): UsagePiece[] {
  if (first >= end) return []
  return [{ table, periods: Array.from({ length: end - first }, (_, i) => first + i), isSummed }]
}

/** The number of the period of a table that holds an instant. */
export function numberOf(table: UsagePiece['table'], at: number): number {
  if (table === 'months') return monthOf(Math.floor(at / dayMs))
  return Math.floor(at / (table === 'hours' ? hourMs : dayMs))
}
