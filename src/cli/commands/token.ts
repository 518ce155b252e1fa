// `latchkey token …`: what can be done with a token offline.
import { getRandomValues } from 'node:crypto'
import type { Command } from 'commander'
import { readDatabaseSettings } from '../../config.ts'
import { generateToken, parseToken, type RandomSource, tokenHint } from '../../core/token.ts'
import { exitCodes } from '../kit/failures.ts'
import { addExamples } from '../kit/options.ts'
import { formatFields, print, printJson, printNote } from '../kit/output.ts'
import { readToken } from '../kit/terminal.ts'

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('create and inspect tokens offline')
  addInspect(token)
  addNew(token)
}

function addInspect(token: Command): void {
  const command = token
    .command('inspect')
    .description(
      'show the shape, prefix and kid of a token, and verify its check; exits 1 if the check is wrong',
    )
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean }) => {
      const inspection = inspect(await readToken())
      if (options.json) printJson(inspection)
      else print(...formatFields(describe(inspection)))
      if (!inspection.wellFormed) process.exitCode = exitCodes.refused
    })
  addExamples(command, 'latchkey token inspect', 'latchkey token inspect < token.txt')
}

function addNew(token: Command): void {
  const command = token
    .command('new')
    .description('print a new token for LATCHKEY_ROOT_KEY; no database knows it yet')
    .option(
      '--key-prefix <prefix>',
      'the prefix of the token (or the first of LATCHKEY_KEY_PREFIX; default: re)',
    )
    .action((options: { keyPrefix?: string }) => {
      const [prefix] = readDatabaseSettings(options).prefixes
      print(generateToken(prefix, getRandomValues as RandomSource).token)
      printNote(
        'No database has stored this token. As LATCHKEY_ROOT_KEY, it becomes the first root key of an empty database.',
      )
    })
  addExamples(command, 'latchkey token new > root-key.txt')
}

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
