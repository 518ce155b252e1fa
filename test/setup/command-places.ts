// Commands of the command line on the database itself and on a server.

import type { TestCommand } from './command.ts'
import type { Contents } from './databases.ts'

/** A key as `--json` prints it. */
export interface WireKey {
  id: string
  key: string
  organization_id: string
  name: string
  status: string
  permissions: string[]
  metadata: object
  expires_at: string | null
  secrets: { kid: string; expires_at: string | null }[]
}

/** Where commands work, on a database with its tables, by what a test calls it; each gives the environment for that. */
export const places = {
  'the database': async (_: TestCommand, database: string) => ({
    url: '',
    env: { LATCHKEY_DATABASE_URL: database },
  }),
  'a server': async (command: TestCommand, database: string) => {
    const { url, rootKey } = await command.serveInProcess(database)
    return { url, env: { LATCHKEY_URL: url, LATCHKEY_KEY: rootKey } }
  },
}

/** Their names. */
export const placeNames = Object.keys(places) as (keyof typeof places)[]

/** Runs commands on a new database, itself or by way of a server. One of nothing they bring up to date first. */
export async function beginCommands(
  command: TestCommand,
  makeDatabase: (contents?: Contents) => Promise<string>,
  place: keyof typeof places,
  contents?: Contents,
) {
  const database = await makeDatabase(contents)
  if (contents === 'nothing' && place === 'the database')
    await command.run(['migrate', '--database', database])
  const { env } = await places[place](command, database)
  return {
    database,
    run: (args: string[], input?: string) => command.run(args, { env, ...(input && { input }) }),
    json: <T>(args: string[], input?: string) => command.json<T>(args, { env, ...(input && { input }) }),
  }
}
