// `latchkey migrate`: brings the schema up to date without serving.
import type { Command } from 'commander'
import { readDatabaseSettings, withoutPassword } from '../../config.ts'
import { databaseOption, openDatabase } from '../kit/connection.ts'
import { addExamples } from '../kit/options.ts'
import { print } from '../kit/output.ts'
import { whileWaiting } from '../kit/progress.ts'

export function addMigrateCommand(program: Command): void {
  const command = program
    .command('migrate')
    .description('create the database or migrate its schema; `serve` does this by itself')
    .addOption(databaseOption())
    .action(async (options: { database?: string }) => {
      const settings = readDatabaseSettings(options)
      await using _latchkey = await whileWaiting(openDatabase(settings), 'Still migrating the database')
      print(`The schema of ${withoutPassword(settings.database)} is up to date.`)
    })
  addExamples(command, 'latchkey migrate --database postgres://latchkey@db.internal/latchkey')
}
