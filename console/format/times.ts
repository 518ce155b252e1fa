// Instants in words: how far off in English, dates and times as the reader's browser writes them, in their own zone.
import { dayMs } from '../../src/core/periods.ts'

const minuteMs = 60_000
/** From the smallest on: a distance is told by the first unit of which it is fewer than `most`, rounded. */
const distances: [unit: Intl.RelativeTimeFormatUnit, ms: number, most: number][] = [
  ['minute', minuteMs, 60],
  ['hour', 60 * minuteMs, 24],
  ['day', dayMs, 30],
  // The mean month and year of the Gregorian calendar.
  ['month', 30.436875 * dayMs, 12],
  ['year', 365.2425 * dayMs, Number.POSITIVE_INFINITY],
]
const lengths: [unit: string, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const counts = new Intl.NumberFormat('en')

/** `3 minutes ago`, `in 3 months`, rounded; below a minute `just now` or `in a moment`. */
export function fromNow(instant: string, now: number): string {
  const distance = Date.parse(instant) - now
  if (Math.abs(distance) < minuteMs) return distance > 0 ? 'in a moment' : 'just now'
  for (const [unit, ms, most] of distances) {
    const count = Math.round(distance / ms)
    if (Math.abs(count) < most) return relative.format(count, unit)
  }
  return ''
}

/** `2 days`, `10 hours 30 minutes`, `45 seconds`: a length of time, to the minute if it is an hour or more. */
export function lengthOf(seconds: number): string {
  let rest = seconds >= 3_570 ? Math.round(seconds / 60) * 60 : Math.round(seconds)
  const parts: string[] = []
  for (const [unit, length] of lengths) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) parts.push(plural(count, unit))
  }
  return parts.join(' ') || '0 seconds'
}

function plural(count: number, unit: string): string {
  return `${counts.format(count)} ${unit}${count === 1 ? '' : 's'}`
}

/** How dates and times are written; by the browser's own language and region if no `locale` is given. */
export function timeFormats(locale?: string, timeZone?: string) {
  const zone = timeZone === undefined ? {} : { timeZone }
  const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'long', ...zone })
  const short = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', ...zone })
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long', ...zone })
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', ...zone })
  const formatBy = (format: Intl.DateTimeFormat) => (instant: string) => format.format(new Date(instant))
  return {
    /** The instant with its seconds and its zone, the month in full. */
    inFull: formatBy(whole),
    /** The instant to the minute. */
    inShort: formatBy(short),
    /** The instant with its seconds and its zone, in little room. */
    exactly: formatBy(exact),
    /** The day alone. */
    dayOf: formatBy(day),
  }
}

export const { inFull, inShort, exactly, dayOf } = timeFormats()

/** A day of UTC, such as `2026-10-29`, as the reader's browser writes days. */
export const { dayOf: utcDayOf } = timeFormats(undefined, 'UTC')

/** An instant as `<input type="datetime-local">` has it, in the reader's zone. */
export function toLocalInput(instant: string): string {
  const date = new Date(instant)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** The instant that such an input names; undefined if it names none. */
export function fromLocalInput(value: string): string | undefined {
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
