// From when on a key is valid, and what is wrong with that. Pure.
import type { Expiry } from './expiries.ts'

/** A beginning as a form holds it: an instant in RFC 3339, null for at once, undefined where none was given yet. */
export type Beginning = string | null | undefined

/** Says what keeps a beginning from being sent, of a key that expires so; undefined if nothing does. */
export function beginningFault(beginning: Beginning, expiry: Expiry): string | undefined {
  if (beginning === undefined) return 'Enter a date and a time, or choose at once.'
  if (beginning === null || typeof expiry !== 'string') return undefined
  return Date.parse(beginning) < Date.parse(expiry)
    ? undefined
    : 'The key would expire before it begins. Enter an earlier date or time.'
}
