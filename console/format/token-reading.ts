// What can be told of a token without asking anybody: its parts, and where it was damaged. Pure.
import { longestPrefix, parseToken, prefixPattern, tokenBodyLength, tokenHint } from '../../src/core/token.ts'

/** One thing that was looked at; `passed` is undefined where it could not be, for what came before. */
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
  /** `re_0aB…`, which is no secret; undefined where the token is not whole. */
  hint: string | undefined
  checks: TokenCheck[]
}

const scheme = 'secret-token:'
const kidLength = 16
const wholeOnly = 'Only a whole token tells it.'

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

const unprefixed = 'There is no _: a token begins with a prefix, such as re_.'

/** What comes along when more than the token is copied, or less. */
function companionFault(text: string): string | undefined {
  if (/^authorization:/i.test(text)) return 'Leave out “Authorization: Bearer”: the token alone.'
  if (/^bearer\s/i.test(text)) return 'Leave out “Bearer”: the token alone.'
  if (/^(?:secret-token:)/i.test(text)) return 'secret-token: stands before it twice, or not in lower case.'
  if (/^["'`“‘]|["'`”’,;]$/.test(text)) return 'Leave out what stands around it: quotes, commas.'
  if (/…|\.\.\.$/.test(text)) return 'This is a hint, the part that may be shown; the token itself is longer.'
  if (/[•●*]{3}/.test(text)) return 'This is a token with its characters hidden.'
  return undefined
}

function bodyFault(body: string): string | undefined {
  const stranger = /[^0-9A-Za-z]/u.exec(body)
  if (stranger !== null) {
    const place = [...body.slice(0, stranger.index)].length + 1
    return `There is ${nameOf(stranger[0])} at place ${place} after the prefix, where only letters and digits can be.`
  }
  const missing = tokenBodyLength - body.length
  if (missing > 0) return `Too short by ${count(missing)}: copy the whole of it.`
  if (missing < 0) return `Too long by ${count(-missing)}: something else was copied along.`
  return undefined
}

function prefixFault(prefix: string): string | undefined {
  if (prefix.length > longestPrefix) return `At most ${longestPrefix} characters; these are ${prefix.length}.`
  if (prefixPattern.test(prefix)) return undefined
  if (prefix === '') return 'Nothing stands before the _.'
  return 'Lower-case letters and digits, with single _ between, such as re or re_live.'
}

function nameOf(character: string): string {
  if (/[\r\n]/.test(character)) return 'a line break'
  if (/[\s\p{Cc}\p{Cf}]/u.test(character)) return 'a space or an invisible character'
  return `“${character}”`
}

function count(characters: number): string {
  return characters === 1 ? '1 character' : `${characters} characters`
}
