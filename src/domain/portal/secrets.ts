// The secrets of the customers' page: of a link, which opens a session once, and of the session itself.
import { LatchkeyError } from '../../core/errors.ts'
import type { RandomSource } from '../../core/token.ts'

const secretBytes = 32
const linkPattern = /^lkl_[A-Za-z0-9_-]{43}$/
const tokenPattern = /^lkp_[A-Za-z0-9_-]{43}$/

/** Draws the secret of a link, or the token of a session. */
export function drawPortalSecret(prefix: 'lkl_' | 'lkp_', random: RandomSource): string {
  return prefix + Buffer.from(random(new Uint8Array(secretBytes))).toString('base64url')
}

/** Tells whether a text has the form of a link's secret; any other opens nothing, without asking a database. */
export function isLinkSecret(text: string): boolean {
  return linkPattern.test(text)
}

/** The same of a session's token. */
export function isPortalToken(text: string): boolean {
  return tokenPattern.test(text)
}

// One sentence for all of them: nobody learns which secret once opened something.
export function linkOver(): LatchkeyError {
  return new LatchkeyError(
    'invalid_token',
    'The link was used, is older than five minutes, or never was. Go back to where it came from, and open it again.',
  )
}

export function originNotAllowed(): LatchkeyError {
  return new LatchkeyError(
    'origin_not_allowed',
    'The session is for pages of another origin. Make one whose origin is exactly that of the page.',
  )
}
