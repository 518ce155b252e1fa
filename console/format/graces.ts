// Graces: which lengths are offered, when one ends, and what becomes of the secrets of a key. Pure.
import type { WireKey, WireSecret } from '../api.ts'
import { lengthOf } from './times.ts'

const hour = 3_600
const day = 86_400

/** The lengths of grace that the slider offers, in seconds. */
export const graceSteps: readonly number[] = [0, hour, 6 * hour, day, 3 * day, 7 * day, 14 * day, 30 * day]

/** `No grace`, `7 days`. */
export function graceName(seconds: number): string {
  return seconds === 0 ? 'No grace' : lengthOf(seconds)
}

/** When the old token ends, in milliseconds, and whether that is because the key itself expires then. */
export function graceEnd(
  seconds: number,
  expiresAt: string | null,
  now: number,
): { at: number; isExpiry: boolean } {
  const at = now + seconds * 1000
  const expiry = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
  return seconds > 0 && expiry < at ? { at: expiry, isExpiry: true } : { at, isExpiry: false }
}

export type SecretState = 'live' | 'grace' | 'ended'

/** What a secret opens now: all that the key does, the same until its grace ends, or nothing. */
export function secretState({ expires_at }: WireSecret, { status }: WireKey, now: number): SecretState {
  if (status !== 'active') return 'ended'
  if (expires_at === null) return 'live'
  return Date.parse(expires_at) > now ? 'grace' : 'ended'
}

/** When a secret ends or has ended, by itself or with its key, whichever comes first; undefined if nothing ends it. */
export function secretEnd(secret: WireSecret, key: WireKey): string | undefined {
  const ends = [secret.expires_at, key.revoked_at, key.expires_at].filter((at) => at !== null)
  return ends.sort((a, b) => Date.parse(a) - Date.parse(b))[0]
}

/** The secret whose grace runs now; undefined where none does. */
export function findGrace(key: WireKey & { secrets: WireSecret[] }, now: number): WireSecret | undefined {
  return key.secrets.find((secret) => secretState(secret, key, now) === 'grace')
}

/** Uses reach the store in batches, so late at the most. */
export const usesAreLateSeconds = 10
const recentMs = 60_000

/** Whether an old secret is still in use: by what has been told until now, which `mayBeLate` right after a change. */
export function usesSince(
  { last_used_at }: WireSecret,
  rotatedAt: string,
  now: number,
): { isUsed: boolean; mayBeLate: boolean } {
  const isUsed = last_used_at !== null && Date.parse(last_used_at) >= Date.parse(rotatedAt)
  return { isUsed, mayBeLate: now - Date.parse(isUsed ? last_used_at : rotatedAt) < recentMs }
}
