// `latchkey keys find`: the key of what somebody has in hand.
import { isId } from '../../core/id-form.ts'
import type { Key } from '../../core/shapes/keys.ts'
import { isKid, parseHint, parseToken } from '../../core/token.ts'
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { printNote } from '../kit/output.ts'
import { printKey } from './key-views.ts'

export const findCommand = defineCommand({
  path: 'keys find',
  summary:
    'find a key by its id, or by a token, a hint or a kid that it has or had, from standard input or a hidden prompt; exits 1 if there is none',
  on: serverOrDatabase,
  readsToken: true,
  examples: ['latchkey keys find < token.txt', 'echo 0aB1cD2eF3gH4iJ5 | latchkey keys find --json'],
  notes:
    'A token is taken apart here: only its kid, which is not secret, is sent. It may stand in a longer line, such as a\nheader or a line of a log.',
  run: (connection, { token }) => find(connection, token),
  print: ([key]) =>
    key === undefined ? printNote('No key that you may read has, or had, this.') : printKey(key),
  exitCode: ({ length }) => (length > 0 ? exitCodes.ok : exitCodes.refused),
})

async function find({ keys }: Connection, text: string): Promise<Key[]> {
  const part = partOf(text)
  if (!('id' in part)) return (await keys.list({ ...part, status: 'all' })).items
  return keys.get(part.id).then(
    (key) => [key],
    (error: { code?: string }) => {
      if (error.code === 'key_not_found') return []
      throw error
    },
  )
}

/** What to look for. What is none of these may be part of a secret, and is never told. */
function partOf(text: string): { kid: string } | { hint: string } | { id: string } {
  const kids = new Set(text.split(/[^\w:-]+/).map((word) => parseToken(word)?.kid))
  const [kid, ...others] = [...kids].filter((one) => one !== undefined)
  if (others.length > 0) throw new CommandError(exitCodes.usage, 'These are several tokens. Pass one.')
  if (kid !== undefined) return { kid }
  if (parseHint(text) !== undefined) return { hint: text }
  if (isKid(text)) return { kid: text }
  if (isId(text)) return { id: text }
  throw new CommandError(
    exitCodes.usage,
    'This is no whole token, no hint, no kid and no id of a key. `latchkey token inspect` tells what a token lacks.',
  )
}
