// The verdicts in the words of people: what each means and what to do next.
import type { WireVerdict } from '../api.ts'

interface VerdictWords {
  title: string
  meaning: string
  /** What to do next; undefined where nothing is to be done. */
  next?: string
}

export const verdictWords: Record<WireVerdict['code'], VerdictWords> = {
  valid: {
    title: 'Valid',
    meaning: 'A request with this token may come in, now.',
  },
  malformed: {
    title: 'Not a token',
    meaning: 'This has not the form of a token, so no key was looked for.',
    next: 'Copy it again, the whole of it: the check above says where it was damaged.',
  },
  not_found: {
    title: 'Unknown',
    meaning: 'The form is right, but no key that you may verify has this token.',
    next: 'Ask where it comes from: another Latchkey, such as that of a test, knows other tokens.',
  },
  revoked: {
    title: 'Revoked',
    meaning: 'Somebody revoked its key, and that is final.',
    next: 'See in the key’s audit trail who did and when. To let the customer in again, create a new key.',
  },
  expired: {
    title: 'Expired',
    meaning: 'Its key has passed its expiry.',
    next: 'Give the key a later expiry, and this token works again; or create a new key.',
  },
  rotated: {
    title: 'Rotated away',
    meaning: 'Its key was rotated, and the grace of this token is over. The key itself may live on.',
    next: 'Use the key’s newest token. If nobody has it, rotate the key again.',
  },
  insufficient_permissions: {
    title: 'Not permitted',
    meaning: 'The token is good, but its key lacks permissions that you asked for.',
    next: 'Grant the key what is missing, or ask for less.',
  },
}
