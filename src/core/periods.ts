// The periods of a quota, by UTC. Instants are milliseconds since 1970.

/** When a quota begins anew; null for never. */
export type Resets = 'hourly' | 'daily' | 'weekly' | 'monthly' | null

/** A span of time from its start, inclusive, to its end, exclusive; null for one that never ends. */
export interface Period {
  start: number
  end: number | null
}

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
/** 1970 began on a Thursday: the first Monday was the 5th of January. */
const firstMondayMs = 4 * dayMs

/**
 * The period in which an instant lies. Weeks begin on Monday and months on the 1st, at midnight; with an anchor they begin
 * on its weekday or on its day of the month, at its time. A month that is too short for that day begins on its last one.
 */
export function periodAt(resets: Resets, anchor: number | null, at: number): Period {
  switch (resets) {
    case null:
      return { start: 0, end: null }
    case 'hourly':
      return evenPeriodAt(hourMs, 0, at)
    case 'daily':
      return evenPeriodAt(dayMs, 0, at)
    case 'weekly':
      return evenPeriodAt(weekMs, anchor ?? firstMondayMs, at)
    case 'monthly':
      return monthAt(anchor ?? 0, at)
  }
}

function evenPeriodAt(lengthMs: number, origin: number, at: number): Period {
  const start = origin + Math.floor((at - origin) / lengthMs) * lengthMs
  return { start, end: start + lengthMs }
}

function monthAt(anchor: number, at: number): Period {
  const date = new Date(at)
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth()
  const start = startOfMonth(anchor, month)
  return at < start
    ? { start: startOfMonth(anchor, month - 1), end: start }
    : { start, end: startOfMonth(anchor, month + 1) }
}

/** When a month begins, counted from the year 0. */
function startOfMonth(anchor: number, month: number): number {
  const year = Math.floor(month / 12)
  const monthOfYear = month - year * 12
  const lastDay = new Date(Date.UTC(year, monthOfYear + 1, 0)).getUTCDate()
  const day = Math.min(new Date(anchor).getUTCDate(), lastDay)
  const timeOfDay = ((anchor % dayMs) + dayMs) % dayMs
  return Date.UTC(year, monthOfYear, day) + timeOfDay
}
