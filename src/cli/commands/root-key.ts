// `latchkey root-key`: a new root key, for an operator who holds the database and lost the others.
import { readOwnDatabase } from '../../config.ts'
import type { Latchkey } from '../../latchkey.ts'
import { openDatabase, requireDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { databaseOption, jsonOption } from '../kit/options.ts'
import type { Place } from '../kit/place.ts'

/** A database that exists, and never the one of a server that the environment names. */
const ownDatabase: Place<Latchkey> = {
  options: () => [databaseOption(), jsonOption()],
  use: async (options, work) => {
    const settings = readOwnDatabase('root-key', options)
    await requireDatabase(settings)
    await using latchkey = await openDatabase(settings)
    return await work(latchkey)
  },
}

export const rootKeyCommand = defineCommand({
  path: 'root-key',
  summary: 'create another root key and print its token on standard output, once',
  on: ownDatabase,
  examples: ['latchkey root-key --database sqlite:latchkey.db'],
  run: (latchkey) => latchkey.createRootKey(),
  print: async (key) => {
    const { printToken } = await import('./key-views.ts')
    printToken(key, [
      'Created a root key, which acts on every organization. Revoke the root keys that you lost.',
    ])
  },
})
