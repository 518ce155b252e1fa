// Runs the same tests on SQLite and on PostgreSQL, each test on a database of its own.
import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, inject } from 'vitest'
import { memoryFolder } from './memory-folder.ts'
import { nameDatabase, runOnSharedServer } from './postgres-databases.ts'
import { templates } from './templates.ts'

export const databaseKinds = ['SQLite', 'PostgreSQL'] as const
export type DatabaseKind = (typeof databaseKinds)[number]

/** What a new database has: the tables of today without a row, or nothing at all, not even a file. */
export type Contents = 'tables' | 'nothing'

/** A database of a test's own. It goes away when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  url: string
  remove(): Promise<void>
}

type Suite = (makeDatabase: (contents?: Contents) => Promise<string>, kind: DatabaseKind) => void

/**
 * Defines a suite once for each database. `makeDatabase` makes one without a row and gives its url; it goes away
 * after the test.
 */
export function onEachDatabase(name: string, suite: Suite): void {
  defineOn(databaseKinds, name, suite)
}

/**
 * Defines a suite on one database, for what sees of it no more than the answers over HTTP, which other tests hold to be
 * the same from either. `TEST_EVERY_DATABASE=1` defines it on each.
 */
export function onOneDatabase(kind: DatabaseKind, name: string, suite: Suite): void {
  defineOn(process.env.TEST_EVERY_DATABASE === '1' ? databaseKinds : [kind], name, suite)
}

function defineOn(kinds: readonly DatabaseKind[], name: string, suite: Suite): void {
  describe.each(kinds)(`${name} on %s`, (kind) => {
    const cleanups: (() => Promise<void>)[] = []
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    })
    suite(async (contents) => {
      const { url, remove } = await makeDatabase(kind, contents)
      cleanups.push(remove)
      return url
    }, kind)
  })
}

/** Makes a database without a row. */
export async function makeDatabase(kind: DatabaseKind, contents?: Contents): Promise<TestDatabase> {
  return kind === 'SQLite' ? makeSqlite(contents) : makePostgres(contents)
}

/** Makes a folder for an SQLite database, and the database in it unless it is to have nothing. */
export function makeSqlite(contents: Contents = 'tables'): TestDatabase & { path: string } {
  const folder = mkdtempSync(join(memoryFolder(), 'latchkey-sqlite-'))
  const path = join(folder, 'latchkey.db')
  const { sqlite } = templates()
  if (sqlite !== undefined && contents === 'tables') copyFileSync(sqlite, path)
  return disposable({
    url: `sqlite:${path}`,
    path,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  })
}

/** Makes a database on the PostgreSQL of the test run. */
export async function makePostgres(contents: Contents = 'tables'): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `latchkey_test_${randomUUID().replaceAll('-', '')}`
  const { postgres } = templates()
  // Files are copied with less work than their pages are logged.
  const from =
    postgres !== undefined && contents === 'tables' ? ` template ${postgres} strategy file_copy` : ''
  await runOnSharedServer(server, `create database ${name}${from}`)
  return disposable({
    url: nameDatabase(server, name),
    remove: () => runOnSharedServer(server, `drop database if exists ${name} with (force)`),
  })
}

function disposable<Database extends { remove(): Promise<void> }>(
  database: Database,
): Database & AsyncDisposable {
  return { ...database, [Symbol.asyncDispose]: database.remove }
}
