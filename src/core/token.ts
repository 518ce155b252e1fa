// The form of a token: `<prefix>_<kid><secret><check>`. Pure: no clock, no store, no state.

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const kidLength = 16
const secretLength = 43
const checkLength = 6
export const tokenBodyLength = kidLength + secretLength + checkLength
const secretBytes = 32
const groupLength = 3
const groupSize = 62 ** groupLength

/** What a prefix may look like: `re`, `re_live`; at most {@link longestPrefix} characters. */
export const prefixPattern = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/
export const longestPrefix = 24

/** Fills an array with random bytes, like `crypto.getRandomValues`. */
export type RandomSource = (bytes: Uint8Array) => Uint8Array

/** What a well-formed token says in the open. The kid is public; safe to show and to log. */
export interface ParsedToken {
  prefix: string
  kid: string
  /** The token without a `secret-token:` before it (RFC 8959). */
  token: string
}

/** Makes a token with 256 random bits of secret. Throws RangeError for a prefix of another form. */
export function generateToken(prefix: string, random: RandomSource): ParsedToken {
  if (prefix.length > longestPrefix || !prefixPattern.test(prefix)) {
    throw new RangeError(`${prefix} is not a token prefix.`)
  }
  const kid = randomKid(random)
  return { prefix, kid, token: assembleToken(prefix, kid, random(new Uint8Array(secretBytes))) }
}

/** Puts a token together from its parts: a kid of 16 base62 characters, a secret of 32 bytes. */
export function assembleToken(prefix: string, kid: string, secret: Uint8Array): string {
  const unchecked = `${prefix}_${kid}${secretToBase62(secret)}`
  return unchecked + toBase62(crc32(unchecked, unchecked.length), checkLength)
}

/** Takes a token apart; undefined if its shape or its check is wrong. */
export function parseToken(input: string): ParsedToken | undefined {
  const token = input.startsWith('secret-token:') ? input.slice('secret-token:'.length) : input
  if (!isOwnForm(token) || !checkMatches(token)) return undefined
  const bodyStart = token.length - tokenBodyLength
  return { prefix: token.slice(0, bodyStart - 1), kid: kidOf(token), token }
}

/** Tells whether a text has the shape of a token of Latchkey, under any prefix, be its check right or wrong. */
export function isOwnForm(token: string): boolean {
  const bodyStart = token.length - tokenBodyLength
  // Cheap refusals first: a megabyte of rubbish costs no more than its length check.
  if (bodyStart < 2 || bodyStart > longestPrefix + 1) return false
  if (token.charCodeAt(bodyStart - 1) !== 0x5f) return false
  for (let i = bodyStart; i < token.length; i++) if (!isBase62(token.charCodeAt(i))) return false
  return prefixPattern.test(token.slice(0, bodyStart - 1))
}

/** Tells whether a token begins with a prefix. */
export function hasPrefix(token: string, prefix: string): boolean {
  const { length } = prefix
  const start = token.startsWith('secret-token:') ? 'secret-token:'.length : 0
  return token.length === start + length + 1 + tokenBodyLength && token.startsWith(`${prefix}_`, start)
}

/** The form of a kid: of a token of ours, or of one of another system, which begins with `-`. */
export const kidPattern = /^[0-9A-Za-z-][0-9A-Za-z]{15}$/

/** Tells whether something has the form of a kid; any other is unknown without asking a database. */
export function isKid(kid: unknown): boolean {
  return typeof kid === 'string' && kidPattern.test(kid)
}

/** Tells whether a kid is that of another system's token. */
export function isForeignKid(kid: string): boolean {
  return kid.charCodeAt(0) === 0x2d
}

/** The kid of another system's token, from 32 bytes that tell it from every other. */
export function foreignKid(digest: Uint8Array): string {
  return `-${secretToBase62(digest, kidLength - 1)}`
}

/** The kid of a token of ours that is known to be well-formed. Of another system's token it would be a part of the secret. */
export function kidOf(token: string): string {
  return token.slice(token.length - tokenBodyLength, token.length - tokenBodyLength + kidLength)
}

/** The kid of what somebody presents, if it shows one: another system's token does not. */
export function shownKidOf(token: string): string | undefined {
  return isOwnForm(token.startsWith('secret-token:') ? token.slice('secret-token:'.length) : token)
    ? kidOf(token)
    : undefined
}

/**
 * What people are shown of a token: its prefix and its kid, not one character of its secret. Of another system's token the
 * prefix is what its import gave to be shown.
 */
export function tokenHint(prefix: string, kid: string): string {
  return isForeignKid(kid) ? `${prefix}…` : `${prefix}_${kid}…`
}

/** Takes a hint apart; its `…` may be missing, or be three dots. */
export function parseHint(hint: string): Pick<ParsedToken, 'prefix' | 'kid'> | undefined {
  const [, prefix = '', kid = ''] = /^(.+)_([0-9A-Za-z]{16})(?:…|\.\.\.)?$/.exec(hint) ?? []
  return prefix.length <= longestPrefix && prefixPattern.test(prefix) ? { prefix, kid } : undefined
}

/**
 * How much of a token must stand in a text: its kid and 12 characters of its secret. Ids that other systems make (UUID,
 * ULID, KSUID, nanoid) are shorter after their `_`, or hold letters of one case only, which a part so long does not.
 */
const longestUntoldPart = kidLength + 11
// Of the prefix only its last character: to look for its beginning would take quadratic time in a long text.
const tokenPart = new RegExp(`[a-z0-9]_[0-9A-Za-z]{${longestUntoldPart + 1},}`, 'g')
const secretPart = new RegExp(`([a-z0-9]_[0-9A-Za-z]{${kidLength}})[0-9A-Za-z]+`, 'g')

/** The secrets of invitations, and of portal links and sessions, or the greater part of one. */
const pageSecret = /(?<![0-9A-Za-z])lk[ilp]_[0-9A-Za-z_-]{12,}/
const pageSecrets = /(?<![0-9A-Za-z])(lk[ilp]_)[0-9A-Za-z_-]+/g

/**
 * Tells whether a text holds something of a token's form, such as a URL that must not: a whole one, or one that lacks
 * its check or more of its end, for what is left may be all of the secret.
 */
export function containsToken(text: string): boolean {
  if (text.length < 16) return false
  return pageSecret.test(text) || (text.match(tokenPart)?.some(isTokenPart) ?? false)
}

function isTokenPart(part: string): boolean {
  const body = part.slice(2)
  return body.length >= tokenBodyLength || (/[A-Z]/.test(body) && /[a-z]/.test(body))
}

/** Cuts each thing of a token's form in a text down to its kid, also if it holds no more than one character beyond, and other secrets to what they begin with. */
export function redactTokens(text: string): string {
  return text.replace(pageSecrets, '$1…').replace(secretPart, '$1…')
}

function randomKid(random: RandomSource): string {
  let kid = ''
  const bytes = new Uint8Array(24)
  while (kid.length < kidLength) {
    for (const byte of random(bytes)) {
      // 248 is 4 × 62: bytes above it would make the first characters of the alphabet likelier.
      if (byte < 248 && kid.length < kidLength) kid += alphabet[byte % 62]
    }
  }
  return kid
}

/** The 32 bytes of a secret as one number, or its last digits, in groups of digits. BigInt would take most of the time that a token takes. */
function secretToBase62(secret: Uint8Array, length = secretLength): string {
  const { buffer, byteOffset, byteLength } = secret
  const words = new DataView(buffer, byteOffset, byteLength)
  const groups = new Float64Array(Math.ceil(secretLength / groupLength))
  for (let at = 0; at < byteLength; at += 4) {
    let carry = words.getUint32(at)
    for (let i = 0; i < groups.length; i++) {
      // Below 2^50, so every number here is exact.
      const sum = (groups[i] as number) * 2 ** 32 + carry
      carry = Math.floor(sum / groupSize)
      groups[i] = sum - carry * groupSize
    }
  }
  let digits = ''
  for (let i = 0; digits.length < length; i++) digits = toBase62(groups[i] as number, groupLength) + digits
  return digits.slice(-length)
}

function toBase62(value: number, length: number): string {
  let digits = ''
  for (let rest = value; digits.length < length; rest = Math.floor(rest / 62))
    digits = alphabet[rest % 62] + digits
  return digits
}

function isBase62(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

function checkMatches(token: string): boolean {
  const checkStart = token.length - checkLength
  let rest = crc32(token, checkStart)
  for (let i = token.length - 1; i >= checkStart; i--) {
    if (token.charCodeAt(i) !== alphabet.charCodeAt(rest % 62)) return false
    rest = Math.floor(rest / 62)
  }
  return rest === 0
}

// CRC-32 as in ISO-HDLC (RFC 1952, section 8). A table of our own: this file also serves runtimes without zlib.
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
  return crc
})

function crc32(text: string, end: number): number {
  let crc = 0xffffffff
  for (let i = 0; i < end; i++) crc = (crcTable[(crc ^ text.charCodeAt(i)) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
