// What can be told of a token without asking anybody: its parts, and where it was damaged. Pure.
import { longestPrefix, parseToken, prefixPattern, tokenBodyLength, tokenHint } from '../../src/core/token.ts'

/** One thing that was looked at; `passed` is undefined if it could not be, or if it proves nothing yet. */
interface TokenCheck {
  name: 'Shape' | 'Prefix' | 'Kid' | 'Check'
  passed: boolean | undefined
  /** A sentence, or the part itself. */
  tells: string
}

export interface TokenReading {
  /** What to send: without what was copied along. */
  token: string
  isWhole: boolean
  /** Whether it looks like a key of another service. */
  isStranger: boolean
  /** `re_0aB…`, which is no secret; undefined if the token is not whole. */
  hint: string | undefined
  /** The public id of its secret; undefined where the token is not whole. */
  kid: string | undefined
  checks: TokenCheck[]
}

const scheme = 'secret-token:'
const kidLength = 16
const longestText = 4096
const wholeOnly = 'Only a whole token shows it.'

/** Which service makes keys that begin so: those that people paste by mistake. */
const strangers: [beginning: RegExp, service: string][] = [
  [/^[sp]k_(live|test)_|^rk_(live|test)_|^whsec_/, 'Stripe'],
  [/^(gh[opsur]_|github_pat_)/, 'GitHub'],
  [/^glpat-/, 'GitLab'],
  [/^xox[abeprs]-|^xapp-/, 'Slack'],
  [/^A(KIA|SIA)[0-9A-Z]/, 'AWS'],
  [/^AIza/, 'Google'],
  [/^ya29\./, 'Google'],
  [/^sk-ant-/, 'Anthropic'],
  [/^sk-/, 'OpenAI'],
  [/^SG\./, 'SendGrid'],
  [/^npm_/, 'npm'],
  [/^pypi-/, 'PyPI'],
  [/^hf_/, 'Hugging Face'],
  [/^dop_v1_/, 'DigitalOcean'],
]
const webToken = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/

/** What people copy along before a token, and after it. */
const before =
  /^(?:(?:export\s+)?[A-Z][A-Z0-9_]*=|(?:proxy-)?authorization\s*:|x-api-key\s*:|bearer\s|["'`“”‘’<(]|\s)+/i
const after = /["'`“”‘’>),;\s]+$/
const tokenForm = new RegExp(
  `(?<![0-9A-Za-z_])(?:${scheme})?[a-z][0-9a-z_]{0,${longestPrefix - 1}}_[0-9A-Za-z]{${tokenBodyLength}}(?![0-9A-Za-z_])`,
  'g',
)

/**
 * Gives the token in a text that was pasted: without `Bearer`, the name of a header or a variable, quotes. Where one
 * whole token stands in a longer text, that one. The text itself if it holds none, or several.
 */
function tokenIn(text: string): string {
  const whole = new Set((text.match(tokenForm) ?? []).filter((found) => parseToken(found) !== undefined))
  const [only] = whole
  if (whole.size === 1 && only !== undefined) return only
  // A longer text is some other file.
  return text.length > longestText ? text : text.replace(before, '').replace(after, '').trim()
}

/** Tells what else a text looks like, such as `a key of Stripe`; undefined if it may be a token of Latchkey. */
export function strangerIn(text: string): string | undefined {
  const token = tokenIn(text)
  // One of the right length may be a token of a deployment that has taken such a prefix.
  if (new RegExp(`_[0-9A-Za-z]{${tokenBodyLength}}$`).test(token)) return undefined
  if (webToken.test(token)) return 'a JSON Web Token'
  const service = strangers.find(([beginning]) => beginning.test(token))?.[1]
  return service === undefined ? undefined : `a key of ${service}`
}

/** Looks at a text that should be a token. Nothing that it tells holds a character of a secret. */
export function readToken(text: string): TokenReading {
  const token = tokenIn(text)
  const parsed = parseToken(token)
  if (parsed !== undefined) {
    return {
      token,
      isWhole: true,
      isStranger: false,
      hint: tokenHint(parsed.prefix, parsed.kid),
      kid: parsed.kid,
      checks: [
        { name: 'Shape', passed: true, tells: `A prefix and ${tokenBodyLength} letters and digits.` },
        { name: 'Prefix', passed: true, tells: parsed.prefix },
        { name: 'Kid', passed: true, tells: parsed.kid },
        { name: 'Check', passed: true, tells: 'Matches: no character was lost or mistyped.' },
      ],
    }
  }
  const stranger = strangerIn(token)
  return {
    token,
    isWhole: false,
    isStranger: stranger !== undefined,
    hint: undefined,
    kid: undefined,
    checks: stranger === undefined ? damaged(token) : foreign(stranger),
  }
}

function foreign(stranger: string): TokenCheck[] {
  return [
    { name: 'Shape', passed: false, tells: `This looks like ${stranger}.` },
    ...(['Prefix', 'Kid', 'Check'] as const).map((name) => ({ name, passed: undefined, tells: wholeOnly })),
  ]
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
      : {
          name: 'Prefix',
          // A prefix proves nothing before the rest is right: others make keys of such beginnings too.
          passed: badPrefix === undefined ? (isFormed ? true : undefined) : false,
          tells: badPrefix ?? prefix,
        },
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
  if ((text.match(tokenForm) ?? []).length > 1) return 'There are several tokens. Paste one of them.'
  if (/^(?:secret-token:)/i.test(text))
    return 'Write secret-token: only once before the token, in lower case.'
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
