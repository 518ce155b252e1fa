// `latchkey root-key`: a new root key, for an operator who holds the database and lost the others.
import { ownDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'

export const rootKeyCommand = defineCommand({
  path: 'root-key',
  summary: 'create another root key and print its token on standard output, once',
  on: ownDatabase('root-key'),
  examples: ['latchkey root-key --database sqlite:latchkey.db'],
  run: (latchkey) => latchkey.createRootKey(),
  print: async (key) => {
    const { printToken } = await import('./key-views.ts')
    printToken(key, [
      'Created a root key, which acts on every organization. Revoke the root keys that you lost.',
    ])
  },
})
