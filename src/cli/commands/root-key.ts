// `latchkey root-key`: a new root key, for an operator who holds the database and lost the others.
import type { Command } from 'commander'
import { readOwnDatabase } from '../../config.ts'
import { databaseOption, openDatabase, requireDatabase } from '../kit/connection.ts'
import { addExamples } from '../kit/options.ts'
import { printJson } from '../kit/output.ts'

export function addRootKeyCommand(program: Command): void {
  const command = program
    .command('root-key')
    .description('create another root key and print its token on standard output, once')
    .addOption(databaseOption())
    .option('--json', "print the API's JSON")
    .action(async (options: { database?: string; json?: boolean }) => {
      const settings = readOwnDatabase('root-key', options)
      await requireDatabase(settings)
      await using latchkey = await openDatabase(settings)
      const key = await latchkey.createRootKey()
      const { printToken } = await import('./key-views.ts')
      options.json
        ? printJson(key)
        : printToken(key, [
            'Created a root key, which acts on every organization. Revoke the root keys that you lost.',
          ])
    })
  addExamples(command, 'latchkey root-key --database sqlite:latchkey.db')
}
