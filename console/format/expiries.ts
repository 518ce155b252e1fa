// When a key is to expire: the lengths that are offered, and what is wrong with an instant. Pure.
import { dayMs } from '../../src/core/periods.ts'
import { inFull } from './times.ts'

/** So long before it expires a key is shown with a warning. */
export const expiryWarningMs = 7 * dayMs

/** The lengths that are offered, in days. */
export const expiryPresets = [
  { days: 7, label: '7 days' },
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: '1 year' },
] as const

/** The instant that many days after `now` (milliseconds), in RFC 3339. */
export function expiryAfter(days: number, now: number): string {
  return new Date(now + days * dayMs).toISOString()
}

/** An expiry as a form holds it: an instant in RFC 3339, null for never, undefined where none was given yet. */
export type Expiry = string | null | undefined

/** Says whether a key with one expiry outlives one with another; null is never. */
export function outlives(expiry: string | null, other: string): boolean {
  return expiry === null || Date.parse(expiry) > Date.parse(other)
}

/**
 * Says what keeps an expiry from being sent; undefined if nothing does. `latest` is the latest one that the signed-in
 * key may give, as `useSession()` has it.
 */
export function expiryFault(expiry: Expiry, now: number, latest?: string): string | undefined {
  if (expiry === undefined) return 'Enter a date and a time, or choose another expiry.'
  if (expiry !== null && Date.parse(expiry) <= now) return 'This is in the past. Enter a later date or time.'
  if (latest !== undefined && outlives(expiry, latest))
    return `Your key cannot set a later expiry than ${inFull(latest)}.`
  return undefined
}
