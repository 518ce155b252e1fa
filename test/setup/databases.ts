// Runs the same tests on SQLite and on PostgreSQL, each test on an empty database of its own.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, describe, inject } from 'vitest'

export const databaseKinds = ['SQLite', 'PostgreSQL'] as const
export type DatabaseKind = (typeof databaseKinds)[number]

type Suite = (makeDatabase: () => Promise<string>, kind: DatabaseKind) => void

/**
 * Defines a suite once for each database. `makeDatabase` makes an empty one and gives its url; it goes away
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
    suite(async () => {
      const { url, remove } = kind === 'SQLite' ? makeSqlite() : await makePostgres()
      cleanups.push(remove)
      return url
    }, kind)
  })
}

export function makeSqlite(): { url: string; path: string; remove: () => Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sqlite-'))
  const path = join(folder, 'latchkey.db')
  return { url: `sqlite:${path}`, path, remove: async () => rmSync(folder, { recursive: true, force: true }) }
}

export async function makePostgres(): Promise<{ url: string; remove: () => Promise<void> }> {
  const server = inject('postgresUrl')
  const name = `latchkey_test_${randomUUID().replaceAll('-', '')}`
  await runOnServer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, remove: () => runOnServer(server, `drop database if exists ${name} with (force)`) }
}

async function runOnServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
