// Dates and numbers, as the reader's language writes them.

/** Writes instants, lengths and numbers in a language. */
export interface Format {
  day(instant: string): string
  /** Without the year, for days that follow each other. */
  shortDay(instant: string): string
  time(instant: string | number): string
  ago(instant: string, now?: number): string
  number(value: number): string
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** Makes what writes in a language (BCP 47). */
export function makeFormat(locale: string): Format {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const shortDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const number = new Intl.NumberFormat(locale)
  return {
    day: (instant) => day.format(new Date(instant)),
    shortDay: (instant) => shortDay.format(new Date(instant)),
    time: (instant) => time.format(new Date(instant)),
    ago: (instant, now = Date.now()) => {
      const sinceMs = now - Date.parse(instant)
      // A month ago, the day says more.
      if (sinceMs > 30 * 86_400_000) return day.format(new Date(instant))
      for (const [unit, lengthMs] of units)
        if (sinceMs >= lengthMs) return relative.format(-Math.floor(sinceMs / lengthMs), unit)
      return relative.format(0, 'minute')
    },
    number: (value) => number.format(value),
  }
}
