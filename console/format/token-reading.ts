// What can be told of a token without asking anybody: its parts, and where it was damaged. Pure.
import { longestPrefix, parseToken, prefixPattern, tokenBodyLength, tokenHint } from '../../src/core/token.ts'

/** One thing that was looked at; `passed` is undefined if it could not be, for what came before. */
interface TokenCheck {
  name: 'Shape' | 'Prefix' | 'Kid' | 'Check'
  passed: boolean | undefined
  /** A sentence, or the part itself. */
  tells: string
}

export interface TokenReading {
  /** What to send: without the spaces around it. */
  token: string
  isWhole: boolean
  /** `re_0aB…`, which is no secret; undefined if the token is not whole. */
  hint: string | undefined
  checks: TokenCheck[]
}

const scheme = 'secret-token:'
const kidLength = 16
const wholeOnly = 'Only a whole token shows it.'

/** Looks at a text that should be a token. Nothing that it tells holds a character of a secret. */
export function readToken(text: string): TokenReading {
  const token = text.trim()
  const parsed = parseToken(token)
  if (parsed !== undefined) {
    return {
      token,
      isWhole: true,
      hint: tokenHint(parsed.prefix, parsed.kid),
      checks: [
        { name: 'Shape', passed: true, tells: `A prefix and ${tokenBodyLength} letters and digits.` },
        { name: 'Prefix', passed: true, tells: parsed.prefix },
        { name: 'Kid', passed: true, tells: parsed.kid },
        { name: 'Check', passed: true, tells: 'Matches: no character was lost or mistyped.' },
      ],
    }
  }
  return { token, isWhole: false, hint: undefined, checks: damaged(token) }
}

function damaged(token: string): TokenCheck[] {
  const plain = token.startsWith(scheme) ? token.slice(scheme.length) : token
  const bodyStart = plain.lastIndexOf('_') + 1
  const prefix = plain.slice(0, Math.max(0, bodyStart - 1))
  const body = plain.slice(bodyStart)
  const shape = companionFault(plain) ?? (bodyStart === 0 ? unprefixed : bodyFault(body))
  const badPrefix = prefixFault(prefix)
  const isFormed = shape === undefined && badPrefix === undefined
  return [
    { name: 'Shape', passed: shape === undefined, tells: shape ?? `${tokenBodyLength} letters and digits.` },
    bodyStart === 0
      ? { name: 'Prefix', passed: undefined, tells: 'None found.' }
      : { name: 'Prefix', passed: badPrefix === undefined, tells: badPrefix ?? prefix },
    // Where characters are lost, what seems to be the kid may be part of the secret.
    { name: 'Kid', passed: undefined, tells: isFormed ? body.slice(0, kidLength) : wholeOnly },
    isFormed
      ? { name: 'Check', passed: false, tells: 'Does not match: a character is mistyped.' }
      : { name: 'Check', passed: undefined, tells: wholeOnly },
  ]
}

const unprefixed = 'The prefix is missing: a token begins with one, such as re_.'

/** What comes along when more than the token is copied, or less. */
function companionFault(text: string): string | undefined {
  if (/^authorization:/i.test(text)) return 'Paste the token alone, without “Authorization: Bearer”.'
  if (/^bearer\s/i.test(text)) return 'Paste the token alone, without “Bearer”.'
  if (/^(?:secret-token:)/i.test(text))
    return 'Write secret-token: only once before the token, in lower case.'
  if (/^["'`“‘]|["'`”’,;]$/.test(text)) return 'Paste the token alone, without quotes or commas around it.'
  if (/…|\.\.\.$/.test(text)) return 'This is a hint, the public part of a token. The token itself is longer.'
  if (/[•●*]{3}/.test(text)) return 'The characters of this token are hidden. Copy the token itself.'
  return undefined
}

function bodyFault(body: string): string | undefined {
  const stranger = /[^0-9A-Za-z]/u.exec(body)
  if (stranger !== null) {
    const place = [...body.slice(0, stranger.index)].length + 1
    return `There is ${nameOf(stranger[0])} at position ${place} after the prefix. Only letters and digits can be there.`
  }
  const missing = tokenBodyLength - body.length
  if (missing > 0) return `Too short by ${count(missing)}. Copy the whole token.`
  if (missing < 0) return `Too long by ${count(-missing)}. Copy the token alone.`
  return undefined
}

function prefixFault(prefix: string): string | undefined {
  if (prefix.length > longestPrefix)
    return `Must have at most ${longestPrefix} characters, and has ${prefix.length}.`
  if (prefixPattern.test(prefix)) return undefined
  if (prefix === '') return 'The prefix before the _ is missing.'
  return 'Must be lower-case letters and digits with single _ between them, such as re or re_live.'
}

function nameOf(character: string): string {
  if (/[\r\n]/.test(character)) return 'a line break'
  if (/[\s\p{Cc}\p{Cf}]/u.test(character)) return 'a space or an invisible character'
  return `“${character}”`
}

function count(characters: number): string {
  return characters === 1 ? '1 character' : `${characters} characters`
}
