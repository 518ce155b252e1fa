// How another system keeps its tokens, so that one is found again: a hash of a part of the token.

/** The hashes that are known; `pepper` is the key of an HMAC. */
export const hashSchemes = ['sha256', 'sha512', 'hmac-sha256'] as const
export type HashScheme = (typeof hashSchemes)[number]

/** How many bytes a hash has. */
export const hashLengths: Readonly<Record<HashScheme, number>> = {
  sha256: 32,
  sha512: 64,
  'hmac-sha256': 32,
}

/** How the bytes of a hash are written. */
export const hashEncodings = ['hex', 'base64', 'base64url'] as const
export type HashEncoding = (typeof hashEncodings)[number]

/** How many recipes a deployment has at most: each token that is not known yet is hashed by all of them. */
export const maxRecipes = 4

/** A way from a token to what another system keeps of it. */
export interface Recipe {
  scheme: HashScheme
  /** What is hashed: `token`, or `after:` and the mark behind whose first place the part begins. */
  part: string
  /** The name of the secret of the settings; null without one. */
  pepper: string | null
}

/** Of which part of a token a hash is. */
export const partPattern = /^(?:token|after:[\x21-\x7e]{1,8})$/

/** The part of a token of which a hash is; undefined if the token has no such part. */
export function partOf(token: string, part: string): string | undefined {
  if (part === 'token') return token
  const mark = part.slice('after:'.length)
  const at = token.indexOf(mark)
  return at < 0 ? undefined : token.slice(at + mark.length)
}

/** The name of a secret of the settings. */
export const pepperNamePattern = /^[A-Za-z0-9_-]{1,64}$/
