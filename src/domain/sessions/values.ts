// The two values by which a browser shows its session: one in a cookie, and one that the console's page alone holds.
// A cookie goes to every port of its host (RFC 6265, section 8.5), so a program there has it; the storage of a page
// belongs to one origin, port included. Either value alone opens nothing.

import type { SessionValues } from '../../core/shapes/sessions.ts'
import type { RandomSource } from '../../core/token.ts'
import { digestToken, sameDigest } from '../../verification/digest.ts'

const valueBytes = 32
const valuePattern = /^[A-Za-z0-9_-]{43}$/

/** Draws the values of a new session. */
export function drawValues(random: RandomSource): SessionValues {
  const draw = () => Buffer.from(random(new Uint8Array(valueBytes))).toString('base64url')
  return { value: draw(), pageValue: draw() }
}

/** Tells whether two values have the form of a session's; any other opens nothing, without asking a database. */
export function areSessionValues({ value, pageValue }: SessionValues): boolean {
  return valuePattern.test(value) && valuePattern.test(pageValue)
}

/** What is stored of one of the values. */
export function digestValue(value: string): Uint8Array {
  return digestToken(value)
}

/** Compares a page's value with what is stored of it, in a time that tells nothing of where they differ. */
export function matchesPage(pageValue: string, stored: Uint8Array | null): boolean {
  return stored !== null && sameDigest(digestToken(pageValue), stored)
}
