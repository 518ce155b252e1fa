// The verdicts in the words of people: what each means and what to do next.
import type { WireVerdict } from '../api.ts'
import { lengthOf } from './times.ts'

interface VerdictWords {
  title: string
  meaning: string
  /** What to do next; undefined if nothing is to be done. */
  next?: string
}

export const verdictWords: Record<WireVerdict['code'], VerdictWords> = {
  valid: {
    title: 'Valid',
    meaning: 'Your API can accept a request with this token now.',
  },
  malformed: {
    title: 'Not a token',
    meaning: 'This does not have the form of a token, so Latchkey looked for no key.',
    next: 'Copy the whole token again. The check above says what is wrong with it.',
  },
  not_found: {
    title: 'Unknown',
    meaning: 'The form is right, but no key that you may verify has this token.',
    next: 'Find out where it comes from: another Latchkey, such as a test instance, has other tokens.',
  },
  wrong_environment: {
    title: 'Other environment',
    meaning: 'The token has another prefix than the one asked for.',
    next: 'Use a key of this environment.',
  },
  revoked: {
    title: 'Revoked',
    meaning: 'Its key was revoked permanently.',
    next: 'The history of the key says who revoked it, and when. To give the customer access again, create a new key.',
  },
  suspended: {
    title: 'Suspended',
    meaning: 'Its key, or the organization of its key, is suspended.',
    next: 'Resume the key or the organization to make this token valid again.',
  },
  expired: {
    title: 'Expired',
    meaning: 'Its key has expired.',
    next: 'Set a later expiry to make this token valid again, or create a new key.',
  },
  not_yet_valid: {
    title: 'Not valid yet',
    meaning: 'Its key begins to be valid later.',
    next: 'Wait until then, or set an earlier beginning.',
  },
  rotated: {
    title: 'Rotated',
    meaning:
      'Its key was rotated, and the grace period of this token has ended. The key itself may be active.',
    next: 'Use the key’s newest token. If nobody has it, rotate the key again.',
  },
  ip_not_allowed: {
    title: 'Address not allowed',
    meaning: 'The token is valid, but its key may not be used from this address.',
    next: 'Call from an allowed address, or add this one to the key. A check without an address is refused as well.',
  },
  insufficient_permissions: {
    title: 'Missing permission',
    meaning: 'The token is valid, but its key lacks a required permission.',
    next: 'Grant the key the missing permissions, or require fewer.',
  },
  quota_exceeded: {
    title: 'Quota used up',
    meaning: 'The token is valid, but too few units of a quota are left for this call.',
    next: 'Wait for the quota to begin anew, add units, or raise the limit.',
  },
  rate_limited: {
    title: 'Too many calls',
    meaning: 'The token is valid, but its calls come more quickly than a limit allows.',
    next: 'Wait a little, or raise the limit.',
  },
}

/** Whose limit it is. */
export const limitOwners = {
  key: 'of the key',
  organization: 'of its organization',
  ancestor: 'of the key that created it',
} as const

/** When a call that limits refuse may be made again. */
export function retryWords(retryAfterMs: number | null): string {
  return retryAfterMs === null
    ? 'Waiting does not help: raise the limit or add units.'
    : `In ${lengthOf(Math.max(1, Math.ceil(retryAfterMs / 1000)))}`
}
