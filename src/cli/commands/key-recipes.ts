// `latchkey keys recipes`: in which ways imported tokens are found, and how many are left of each.
import { maxCountedTokens } from '../../core/bounds.ts'
import type { RecipeUse } from '../../core/shapes/imports.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'

const columns: Column<RecipeUse>[] = [
  { heading: 'HASH', value: ({ scheme }) => scheme },
  { heading: 'OF', value: ({ of }) => of },
  {
    heading: 'PEPPER',
    value: ({ pepper, isReady }) => (pepper === null ? '' : isReady ? pepper : `${pepper} (missing here)`),
  },
  {
    heading: 'TOKENS',
    value: ({ tokens }) => (tokens < maxCountedTokens ? String(tokens) : `more than ${maxCountedTokens - 1}`),
  },
]

export const recipesCommand = defineCommand({
  path: 'keys recipes',
  summary: 'count imported tokens that no rotation has ended, by how they are found',
  on: serverOrDatabase,
  examples: ['latchkey keys recipes'],
  notes: 'A pepper of which no token is left is not needed any more.',
  run: ({ keys }) => keys.listRecipes(),
  print: (uses) =>
    uses.length === 0 ? print('No imported tokens.') : printTable(columns, uses, { isWide: false }),
})
