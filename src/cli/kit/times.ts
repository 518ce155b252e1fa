// Lengths of time and instants, as people type and read them.
import { CommandError, exitCodes } from './failures.ts'

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const

/** Reads `30s`, `10m`, `24h`, `7d`, `2w` or plain seconds, as seconds; undefined for anything else. */
function parseDuration(text: string): number | undefined {
  const [, digits, unit = 's'] = /^(\d{1,10})([smhdw])?$/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) * unitSeconds[unit as keyof typeof unitSeconds]
}

/** Reads the value of an option that takes a length, such as `--grace`, in seconds. Throws CommandError. */
export function readLength(flag: string, text: string): number {
  if (/^0*[1-9]\d*$/.test(text)) throw ofWhat(flag, text)
  const seconds = parseDuration(text)
  if (seconds === undefined)
    throw new CommandError(exitCodes.usage, `${flag}: Must be a duration such as 30s, 10m, 24h or 7d.`)
  return seconds
}

const future =
  'a duration such as 12h, 90d or 1y, a day such as 2030-01-31 (its beginning in UTC), an instant such as 2030-01-31T12:00:00Z'

/** Reads the value of an option that may be `never` (null): a length from now, a day, or RFC 3339. Throws CommandError. */
export function readExpiry(flag: string, text: string, now = Date.now()): Date | null {
  if (text === 'never') return null
  const expiry = readWhen(flag, text, (length) => move(now, length, 1))
  if (expiry) return expiry
  throw new CommandError(exitCodes.usage, `${flag}: Must be ${future}, or never.`)
}

/** Reads the value of an option: a length from now, a day, or RFC 3339. Throws CommandError. */
export function readFuture(flag: string, text: string, now = Date.now()): Date {
  const instant = readWhen(flag, text, (length) => move(now, length, 1))
  if (instant) return instant
  throw new CommandError(
    exitCodes.usage,
    `${flag}: Must be ${future.replace(', an instant', ', or an instant')}.`,
  )
}

/** Reads the value of an option, if any: a length ago, a day, or RFC 3339. Throws CommandError. */
export function readPast(flag: string, text: string | undefined, now = Date.now()): Date | undefined {
  if (text === undefined) return undefined
  const instant = readWhen(flag, text, (length) => move(now, length, -1))
  if (instant) return instant
  throw new CommandError(
    exitCodes.usage,
    `${flag}: Must be an instant such as 2026-01-31T12:00:00Z, a day such as 2026-01-31 (its beginning in UTC), or ` +
      'a duration such as 24h or 7d ago.',
  )
}

/** Reads a length, a day or an instant; undefined for anything else. Throws CommandError for what two may read as two. */
function readWhen(
  flag: string,
  text: string,
  fromLength: (text: string) => Date | undefined,
): Date | undefined {
  if (/^\d+$/.test(text)) throw ofWhat(flag, text)
  const when = fromLength(text) ?? readInstant(text)
  return when && Number.isFinite(when.getTime()) ? when : undefined
}

/** The instant a length after (1) or before (-1) another; a year later is the same day of that year. */
function move(now: number, length: string, direction: 1 | -1): Date | undefined {
  const years = /^(\d{1,4})y$/.exec(length)?.[1]
  if (years === undefined) {
    const seconds = parseDuration(length)
    return seconds === undefined ? undefined : new Date(now + direction * seconds * 1000)
  }
  const date = new Date(now)
  const month = date.getUTCMonth()
  date.setUTCFullYear(date.getUTCFullYear() + direction * Number(years))
  // The 29th of February of a common year is its 28th.
  if (date.getUTCMonth() !== month) date.setUTCDate(0)
  return date
}

/** Says how long ago an instant was, or how far off it is: '3 minutes ago', 'in 2 days'. */
export function formatAgo(instant: Date | null, now: number): string {
  if (instant === null) return 'never'
  const seconds = Math.round((instant.getTime() - now) / 1000)
  if (seconds === 0) return 'now'
  // A second short of an hour is an hour, not sixty minutes.
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= 0.99 * length) ?? ['second', 1]
  // Made when it is needed: its data takes long to load.
  phrases ??= new Intl.RelativeTimeFormat('en', { numeric: 'always' })
  return phrases.format(Math.round(seconds / length), unit)
}

/** The same for a column of a table, as wide as '12 seconds ago': columns do not jump from one call to the next. */
export function formatAgoCell(instant: Date | null, now: number): string {
  return formatAgo(instant, now).padEnd(14)
}

/** Writes a length in the largest unit up to days that holds it whole: 7776000 is '90 days', 5400 '90 minutes'. */
export function formatLength(seconds: number): string {
  // Months and years are not all as long.
  const [unit, length] =
    units.find(([, length]) => length <= unitSeconds.d && seconds % length === 0) ?? (['second', 1] as const)
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(seconds / length)
}

/** Writes an instant and how long ago it was. */
export function formatInstant(instant: Date | null, now: number): string {
  return instant === null ? 'never' : `${instant.toISOString()} (${formatAgo(instant, now)})`
}

let phrases: Intl.RelativeTimeFormat | undefined
const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** Reads RFC 3339, or a day as its beginning in UTC; undefined for what no calendar has, such as the 30th of February. */
export function readInstant(text: string): Date | undefined {
  const form = /^(\d{4}-\d\d-\d\d)([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/
  const day = form.exec(text)?.[1]
  if (day === undefined) return undefined
  // The platform takes the 30th of February for the 2nd of March.
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined
  return new Date(text)
}

function ofWhat(flag: string, count: string): CommandError {
  return new CommandError(
    exitCodes.usage,
    `${flag}: ${count} has no unit. Write ${count}d, ${count}h, ${count}m or ${count}s.`,
  )
}
