// How long a session lasts: by its beginning, and by when it was last seen. Pure.

/** A session is over so long after it began, used or not. */
export const longestSessionMs = 12 * 3_600_000
export const longestIdleMs = 3_600_000

/** By what a session is over; in milliseconds since 1970. */
export function sessionLimitsAt(now: number): { now: number; idleSince: number } {
  return { now, idleSince: now - longestIdleMs }
}

/** Tells whether a session is over at an instant. */
export function isSessionOver(row: { expires_at: number; last_seen_at: number }, now: number): boolean {
  return row.expires_at <= now || row.last_seen_at <= sessionLimitsAt(now).idleSince
}
