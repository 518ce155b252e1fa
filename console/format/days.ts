// Days as date inputs name them, in the reader's zone, and the instants between which they lie. Pure.

/** The instant at which a day (`2026-01-31`) begins; undefined if it names none. */
export function startOfDay(day: string): string | undefined {
  return midnight(day, 0)
}

/** The instant at which a day has ended, and so the next one begins. */
export function endOfDay(day: string): string | undefined {
  return midnight(day, 1)
}

/** The day within which an instant lies; the empty string where there is none. */
export function dayInput(instant: string | undefined): string {
  const date = new Date(instant ?? '')
  if (Number.isNaN(date.getTime())) return ''
  const pad = (number: number, length = 2) => String(number).padStart(length, '0')
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}

/** The last day before an instant that ends a range. */
export function lastDayInput(until: string | undefined): string {
  const at = Date.parse(until ?? '')
  return Number.isNaN(at) ? '' : dayInput(new Date(at - 1).toISOString())
}

function midnight(day: string, later: number): string | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)?.slice(1).map(Number)
  if (parts === undefined) return undefined
  const [year = 0, month = 0, date = 0] = parts
  // Not by adding 24 hours: where the clocks change, a day has 23 or 25.
  const instant = new Date(year, month - 1, date + later)
  return year < 1970 || Number.isNaN(instant.getTime()) ? undefined : instant.toISOString()
}
