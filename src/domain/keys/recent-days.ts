// The days, by UTC, over which calls of a key are looked at.
import { dayMs } from '../../core/periods.ts'
import type { Days } from '../../store/profile-figures.ts'

/** So many days, the running one included. */
export function daysBefore(now: number, count: number): Days {
  const end = Math.floor(now / dayMs) + 1
  return { first: end - count, end }
}

/** When a day begins that is counted since 1970. */
export function startOfDay(day: number): Date {
  return new Date(day * dayMs)
}
