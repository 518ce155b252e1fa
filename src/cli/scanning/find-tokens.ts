// Finds tokens in bytes, whatever they are: by their shape, and by the check in each, so that nothing else is taken for one.
import { isOwnForm, longestPrefix, type ParsedToken, parseToken, tokenBodyLength } from '../../core/token.ts'

/** A token among bytes, and where it begins. */
export interface Found extends ParsedToken {
  at: number
}

/** The most bytes that a token takes: what is searched in parts overlaps by one less. */
export const longestToken = longestPrefix + 1 + tokenBodyLength

const underscore = 0x5f
const isBase62 = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/^[0-9A-Za-z]$/.test(String.fromCharCode(byte))),
)

/**
 * Finds the first tokens in bytes, in order. Looks at each run of letters and digits from its end: a run shorter than a token's is
 * left as soon as one other byte is seen, so that most bytes are never looked at.
 */
export function findTokens(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): Found[] {
  const found: Found[] = []
  const { length } = bytes
  // Where a body may begin: behind a byte that is no letter and no digit.
  let start = 0
  while (start + tokenBodyLength <= length && found.length < most) {
    let at = start + tokenBodyLength - 1
    while (at >= start && isBase62[bytes[at] as number]) at--
    if (at >= start) {
      start = at + 1
      continue
    }
    if (start > 0 && bytes[start - 1] === underscore) {
      const token = tokenBefore(bytes, start)
      if (token) found.push(token)
    }
    // No body begins within a run: only behind its end.
    start += tokenBodyLength
    while (start < length && isBase62[bytes[start] as number]) start++
    start++
  }
  return found
}

/**
 * The token whose body begins here. Where its prefix begins, its check tells: before it may stand anything, such as the `n` of
 * an escape.
 */
function tokenBefore(bytes: Uint8Array, body: number): Found | undefined {
  const end = body + tokenBodyLength
  for (let at = body - 2; at >= 0 && at >= body - 1 - longestPrefix; at--) {
    const byte = bytes[at] as number
    const isOfPrefix = byte === underscore || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a)
    if (!isOfPrefix) return undefined
    const text = latin1(bytes, at, end)
    const token = isOwnForm(text) ? parseToken(text) : undefined
    if (token) return { ...token, at }
  }
  return undefined
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
