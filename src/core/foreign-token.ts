// Tokens that another system made: their form, and what Latchkey calls them. What has the form of our own is never one.
import { isOwnForm, type ParsedToken } from './token.ts'

/** How long such a token is, in characters. */
const leastForeignLength = 16
const maxForeignLength = 512
const scheme = 'secret-token:'
/** No token of any system is longer as it is presented. */
export const maxPresentedLength = scheme.length + maxForeignLength

/** A token that may be of another system: only a read can tell. */
export interface ForeignToken {
  /** Its kid is not in it: each recipe gives it another one. */
  kid: undefined
  token: string
}

/** A token as somebody presents it: one of ours taken apart, or one that may be of another system. */
export type PresentedToken = ParsedToken | ForeignToken

/** Why a text is no token of another system, in a sentence; undefined if it may be one. */
export function foreignFault(token: string): string | undefined {
  if (token.length < leastForeignLength || token.length > maxForeignLength)
    return `Must have ${leastForeignLength} to ${maxForeignLength} characters.`
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return 'Must be visible ASCII characters without a space.'
  }
  if (token.startsWith(scheme))
    return `Must not begin with ${scheme}, which comes before any token (RFC 8959).`
  if (isOwnForm(token))
    return 'Must not have the form of a token of Latchkey: a prefix, _ and 65 letters and digits.'
  return undefined
}

/** Takes a token for one of another system, if it has the form; `secret-token:` before it is left out (RFC 8959). */
export function parseForeign(input: string): ForeignToken | undefined {
  const token = input.startsWith(scheme) ? input.slice(scheme.length) : input
  return foreignFault(token) === undefined ? { kid: undefined, token } : undefined
}
