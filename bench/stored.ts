// Databases of several sizes, each filled when it is first asked for and shared by the sections after it.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { createDatabase, fillDatabase } from './dataset.ts'
import { say } from './rounds.ts'
import type { Settings } from './settings.ts'

export const databaseKinds = ['SQLite', 'PostgreSQL'] as const
export type DatabaseKind = (typeof databaseKinds)[number]

/** The url of a database with so many keys. */
export async function storedDatabase(settings: Settings, kind: DatabaseKind, count: number): Promise<string> {
  const name = `stored_${count}`
  const path = join(settings.folder, `${name}.db`)
  const known = kind === 'SQLite' ? existsSync(path) : await hasDatabase(settings.postgresUrl, name)
  if (kind === 'PostgreSQL' && known)
    return Object.assign(new URL(settings.postgresUrl), { pathname: `/${name}` }).href
  const url = kind === 'SQLite' ? `sqlite:${path}` : await createDatabase(settings.postgresUrl, name)
  if (known) return url
  const rate = await fillDatabase(url, count)
  if (kind === 'PostgreSQL') await settle(url)
  // What the system still holds of the file would be written beside whatever is measured next.
  await promisify(execFile)('sync')
  say(`${kind} has ${count} keys: loaded in ${(count / rate).toFixed(1)} s, ${Math.round(rate)} a second`)
  return url
}

/** Has PostgreSQL do now what it would do soon after so many rows were loaded: beside that, everything else is slow. */
async function settle(postgresUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  await client.query('vacuum (analyze)')
  await client.query('checkpoint')
  await client.end()
}

async function hasDatabase(postgresUrl: string, name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  const { rows } = await client.query('select 1 from pg_database where datname = $1', [name])
  await client.end()
  return rows.length > 0
}
