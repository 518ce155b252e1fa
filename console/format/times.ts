// Instants in words, in the reader's zone and manner.

const units: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['week', 7 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const lengths = new Intl.NumberFormat('en')
const whole = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long' })
const short = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

/** `3 minutes ago`, `in 2 days`; below a minute `just now` or `in a moment`. */
export function fromNow(instant: string, now: number): string {
  const distance = Date.parse(instant) - now
  for (const [unit, ms] of units) {
    if (Math.abs(distance) >= ms) return relative.format(Math.trunc(distance / ms), unit)
  }
  return distance > 0 ? 'in a moment' : 'just now'
}

/** `2 days`, `1 hour`, `45 seconds`: a length of time by its greatest unit that fits whole, else by the next. */
export function lengthOf(seconds: number): string {
  for (const [unit, ms] of units.slice(3)) {
    const count = (seconds * 1000) / ms
    if (count >= 1 && (Number.isInteger(count) || count >= 10)) return plural(Math.round(count), unit)
  }
  if (seconds >= 60) return plural(Math.round(seconds / 60), 'minute')
  return plural(Math.round(seconds), 'second')
}

function plural(count: number, unit: string): string {
  return `${lengths.format(count)} ${unit}${count === 1 ? '' : 's'}`
}

/** The instant with its seconds and its zone. */
export function inFull(instant: string): string {
  return whole.format(new Date(instant))
}

/** The instant to the minute. */
export function inShort(instant: string): string {
  return short.format(new Date(instant))
}

export function dayOf(instant: string): string {
  return day.format(new Date(instant))
}

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
