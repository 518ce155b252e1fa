// What an instant makes of keys, secrets and sessions. Instants are milliseconds since 1970; null is never.
import { maxIdleMs } from './bounds.ts'

/** Tells whether an instant has come. */
export function hasPassed(instant: number | null, now: number): boolean {
  return instant !== null && instant <= now
}

/** Tells whether one end is later than another. */
export function isLater(end: number | null, than: number | null): boolean {
  return than !== null && (end === null || end > than)
}

/** The status of a key. */
export function statusOf(
  revokedAt: number | null,
  suspendedAt: number | null,
  expiresAt: number | null,
  now: number,
): 'active' | 'expired' | 'suspended' | 'revoked' {
  if (revokedAt !== null) return 'revoked'
  if (suspendedAt !== null) return 'suspended'
  return hasPassed(expiresAt, now) ? 'expired' : 'active'
}

/** Tells whether a secret has been rotated away: somebody ended it, or the grace of its rotation is over. */
export function isRotated(isEnded: boolean, graceEndsAt: number | null, now: number): boolean {
  return isEnded || hasPassed(graceEndsAt, now)
}

/** By what a session is over. */
export function sessionLimitsAt(now: number): { now: number; idleSince: number } {
  return { now, idleSince: now - maxIdleMs }
}

/** Tells whether a session is over. */
export function isSessionOver(row: { expires_at: number; last_seen_at: number }, now: number): boolean {
  return hasPassed(row.expires_at, now) || hasPassed(row.last_seen_at, sessionLimitsAt(now).idleSince)
}
