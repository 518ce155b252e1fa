// `latchkey keys derive` and `keys children`: keys that are children of others.
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { printNote } from '../kit/output.ts'
import { printCreated, printKeys } from './key-views.ts'

export const childCommands = [
  defineCommand({
    path: 'keys derive',
    summary: 'create a child of the calling key and print its token on standard output, once',
    on: serverOrDatabase,
    shape: async () => (await import('../../core/shapes/key-changes.ts')).deriveKeySchema,
    texts: {
      name: 'a name for people',
      permissions: 'a permission of the calling key (repeatable; default: none)',
      expiresAt: 'when it expires, at the latest with the calling key (default: in an hour)',
      prefix: 'the prefix of the token: one of `latchkey keys prefixes`',
    },
    examples: ['TOKEN=$(latchkey keys derive --name "Job 42" --permission emails:send --expires 10m)'],
    onServerOnly: true,
    makes: true,
    run: ({ keys }, { input, once }) => keys.derive(input, once),
    print: printCreated,
  }),
  defineCommand({
    path: 'keys children',
    summary: 'list the children of a key, newest first, ended ones included',
    on: serverOrDatabase,
    arguments: { id: 'the id of the key' },
    shape: async () => (await import('../../core/shapes/key-lists.ts')).listChildrenSchema,
    texts: { limit: 'maximum number of results (default: 1000)' },
    examples: ['latchkey keys children 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071'],
    run: ({ keys }, { args, input }) => keys.listChildren(args.id, input),
    json: ({ items }) => items,
    print: ({ items, next }) => {
      if (items.length === 0) return printNote('No children.')
      printKeys(items)
      if (next !== undefined) printNote('There are more results. Raise --limit to list them.')
    },
  }),
]
