// `latchkey migrate`: brings the schema up to date without serving.
import { type DatabaseSettings, readOwnDatabase, withoutPassword } from '../../config.ts'
import { openDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { databaseOption } from '../kit/options.ts'
import { print } from '../kit/output.ts'
import type { Place } from '../kit/place.ts'
import { whileWaiting } from '../kit/progress.ts'

/** A database that this command creates if there is none, and whose schema it migrates. */
const migratedDatabase: Place<DatabaseSettings> = {
  options: () => [databaseOption()],
  use: async (options, work) => {
    const settings = readOwnDatabase('migrate', options)
    await using _latchkey = await whileWaiting(
      openDatabase({ ...settings, prefixes: undefined }),
      'Still migrating the database',
    )
    return await work(settings)
  },
}

export const migrateCommand = defineCommand({
  path: 'migrate',
  summary: 'create the database or migrate its schema; `serve` does this by itself',
  on: migratedDatabase,
  examples: ['latchkey migrate --database postgres://latchkey@db.internal/latchkey'],
  run: async (settings) => settings,
  print: ({ database }) => print(`The schema of ${withoutPassword(database)} is up to date.`),
})
