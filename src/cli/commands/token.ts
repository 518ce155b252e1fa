// `latchkey token …`: what can be done with a token offline.
import { getRandomValues } from 'node:crypto'
import { Option } from 'commander'
import { readDatabaseSettings } from '../../config.ts'
import { generateToken, parseToken, type RandomSource, tokenHint } from '../../core/token.ts'
import { defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { jsonOption } from '../kit/options.ts'
import { formatFields, print, printNote } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'

export const tokenCommands = [
  defineCommand({
    path: 'token inspect',
    summary: 'show the shape, prefix and kid of a token, and verify its check; exits 1 if the check is wrong',
    on: nothing,
    options: [jsonOption('print JSON')],
    readsToken: true,
    examples: ['latchkey token inspect', 'latchkey token inspect < token.txt'],
    run: async (_, { token }) => inspect(token),
    print: (inspection) => print(...formatFields(describe(inspection))),
    exitCode: ({ wellFormed }) => (wellFormed ? exitCodes.ok : exitCodes.refused),
  }),
  defineCommand({
    path: 'token new',
    summary: 'print a new token for LATCHKEY_ROOT_KEY; no database knows it yet',
    on: nothing,
    options: [
      new Option(
        '--key-prefix <prefix>',
        'the prefix of the token (or the first of LATCHKEY_KEY_PREFIX; default: re)',
      ),
    ],
    examples: ['latchkey token new > root-key.txt'],
    run: async (_, { options }) => {
      const [prefix] = readDatabaseSettings(options as { keyPrefix?: string }).prefixes ?? ['re']
      return generateToken(prefix, getRandomValues as RandomSource)
    },
    print: ({ token }) => {
      print(token)
      printNote(
        'No database has stored this token. As LATCHKEY_ROOT_KEY, it becomes the first root key of an empty database.',
      )
    },
  }),
]

interface Inspection {
  wellFormed: boolean
  /** Whether it has the parts of a token, in their alphabet and length. */
  shape: boolean
  prefix: string | null
  kid: string | null
  /** Whether the checksum fits the rest; null if there is none. */
  check: boolean | null
}

function inspect(input: string): Inspection {
  const parsed = parseToken(input)
  const [, prefix, kid] = parsed
    ? [input, parsed.prefix, parsed.kid]
    : (/^(?:secret-token:)?([a-z](?:_?[a-z0-9]){0,23})_([0-9A-Za-z]{16})[0-9A-Za-z]{49}$/.exec(input) ?? [])
  if (prefix === undefined || kid === undefined) {
    return { wellFormed: false, shape: false, prefix: null, kid: null, check: null }
  }
  return { wellFormed: parsed !== undefined, shape: true, prefix, kid, check: parsed !== undefined }
}

function describe({ shape, prefix, kid, check }: Inspection): [string, string][] {
  if (!shape || prefix === null || kid === null) {
    return [['Shape', 'not a token: <prefix>_<65 letters and digits>']]
  }
  return [
    ['Shape', 'a token'],
    ['Prefix', prefix],
    ['Kid', kid],
    ['Hint', tokenHint(prefix, kid)],
    ['Check', check ? 'right' : 'wrong: a character was changed or lost in copying'],
  ]
}
