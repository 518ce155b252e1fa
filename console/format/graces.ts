// Graces: which lengths are offered, when one ends, and what becomes of the secrets of a key. Pure.
import type { WireKey, WireRotation, WireSecret } from '../api.ts'
import { lengthOf } from './times.ts'

const minute = 60
const hour = 3_600
const day = 86_400

/** The lengths of grace that are offered, in seconds. */
export const gracePresets = [
  { seconds: 0, label: 'None' },
  { seconds: hour, label: '1 hour' },
  { seconds: day, label: '24 hours' },
  { seconds: 2 * day, label: '48 hours' },
  { seconds: 7 * day, label: '7 days' },
  { seconds: 30 * day, label: '30 days' },
] as const

/** The longest grace that the server takes, in seconds. */
export const longestGraceSeconds = 30 * day

/** What an own length is counted in. */
export const graceUnits = [
  { unit: 'minutes', seconds: minute },
  { unit: 'hours', seconds: hour },
  { unit: 'days', seconds: day },
] as const
export type GraceUnit = (typeof graceUnits)[number]['unit']

/** A grace as a form holds it, in seconds; undefined while an own length is not given, or none. */
export type Grace = number | undefined

/** The lengths of silence that are offered, in seconds. */
export const silencePresets = [
  { seconds: hour, label: '1 hour' },
  { seconds: day, label: '24 hours' },
  { seconds: 3 * day, label: '3 days' },
  { seconds: 7 * day, label: '7 days' },
] as const
export const usualSilenceSeconds = day

/** A grace as it is chosen: of a length, or until nobody has used the old token for `silentSeconds`, of that length at most. */
export interface ChosenGrace {
  seconds: Grace
  silentSeconds?: number
}

/** What is asked of the server for a chosen grace. */
export function rotationOf(seconds: number, silentSeconds: number | undefined): WireRotation {
  return silentSeconds === undefined
    ? { grace_seconds: seconds }
    : { grace: { until_silent_seconds: silentSeconds, at_most_seconds: seconds } }
}

/** Reads an own length, such as `1.5` of `hours`; undefined if it is no length, or one that the server refuses. */
export function readGrace(count: string, unit: GraceUnit): Grace {
  const length = graceUnits.find((one) => one.unit === unit)?.seconds ?? minute
  if (!/^\d{1,7}([.,]\d{1,4})?$/.test(count.trim())) return undefined
  const seconds = Math.round(Number(count.trim().replace(',', '.')) * length)
  return seconds > 0 && seconds <= longestGraceSeconds ? seconds : undefined
}

/** Puts a length into the greatest unit that holds it whole. */
export function splitGrace(seconds: number): { count: string; unit: GraceUnit } {
  const whole = graceUnits.findLast((one) => seconds % one.seconds === 0) ?? graceUnits[0]
  return { count: String(seconds / whole.seconds), unit: whole.unit }
}

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

/** For what a secret in its grace waits: to be silent, or, silent, for all processes to write what they know of its use. */
export function awaitedOf({ silent_at }: WireSecret, now: number): 'silence' | 'reports' | undefined {
  if (silent_at === null) return undefined
  return Date.parse(silent_at) > now ? 'silence' : 'reports'
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
