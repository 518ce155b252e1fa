// `latchkey keys find`: the key of what somebody has in hand.
import { kidsOfForeign, usualRecipes } from '../../core/foreign-kids.ts'
import { parseForeign } from '../../core/foreign-token.ts'
import { isId } from '../../core/id-form.ts'
import type { Key, Keys } from '../../core/shapes/keys.ts'
import { containsToken, isKid, parseHint, parseToken } from '../../core/token.ts'
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
    'A token is taken apart here: only its kid, which is not secret, is sent. It may stand in a longer line, such as a\nheader or a line of a log. Of a token of another system, alone on its line, the kid is reckoned here from what\n`latchkey keys recipes` tells; one that is hashed with a pepper is not found.',
  run: (connection, { token }) => find(connection, token),
  print: ([key]) =>
    key === undefined ? printNote('No key that you may read has, or had, this.') : printKey(key),
  exitCode: ({ length }) => (length > 0 ? exitCodes.ok : exitCodes.refused),
})

async function find({ keys }: Connection, text: string): Promise<Key[]> {
  const part = partOf(text)
  // First: what looks like an id or a kid may be a token, and is sent only if no key has it.
  const foreign = part !== undefined && 'own' in part ? undefined : await findForeign(keys, text)
  if (foreign !== undefined && foreign.length > 0) return foreign
  if (part === undefined) {
    if (foreign !== undefined) return foreign
    throw new CommandError(
      exitCodes.usage,
      'This is no whole token, no hint, no kid and no id of a key. `latchkey token inspect` tells what a token lacks.',
    )
  }
  if ('own' in part) return listed(keys, { kid: part.own })
  if (!('id' in part)) return listed(keys, part)
  return keys.get(part.id).then(
    (key) => [key],
    (error: { code?: string }) => {
      if (error.code === 'key_not_found') return []
      throw error
    },
  )
}

async function listed(keys: Keys, part: { kid: string } | { hint: string }): Promise<Key[]> {
  return (await keys.list({ ...part, status: 'all' })).items
}

/** Finds the key of a token of another system; undefined for what is none, or where nothing was imported. */
async function findForeign(keys: Keys, text: string): Promise<Key[] | undefined> {
  const token = parseForeign(text)?.token
  // What lacks a character of a token of Latchkey is told so.
  if (token === undefined || containsToken(token)) return undefined
  const recipes = await keys.listRecipes().catch((error: { code?: string }) => {
    if (error.code === 'root_organization_required' || error.code === 'missing_permission')
      return usualRecipes
    throw error
  })
  if (recipes.length === 0) return undefined
  for (const kid of await kidsOfForeign(token, recipes)) {
    const found = await listed(keys, { kid })
    if (found.length > 0) return found
  }
  return []
}

/** What to look for; undefined for what is none of these: it may be part of a secret, and is never told. */
function partOf(
  text: string,
): { own: string } | { kid: string } | { hint: string } | { id: string } | undefined {
  const kids = new Set(text.split(/[^\w:-]+/).map((word) => parseToken(word)?.kid))
  const [own, ...others] = [...kids].filter((one) => one !== undefined)
  if (others.length > 0) throw new CommandError(exitCodes.usage, 'These are several tokens. Pass one.')
  if (own !== undefined) return { own }
  if (parseHint(text) !== undefined) return { hint: text }
  if (isKid(text)) return { kid: text }
  return isId(text) ? { id: text } : undefined
}
