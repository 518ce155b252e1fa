// Reads of a verification on SQLite share a snapshot, and never one from before an answer that others may have had.
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kidOf } from '../src/core/token.ts'
import { openLatchkey } from '../src/index.ts'
import { SqliteFacts } from '../src/store/sqlite-facts.ts'
import { SqliteFile } from '../src/store/sqlite-file.ts'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'

describe('reads of secrets on SQLite', () => {
  let database: ReturnType<typeof makeSqlite>
  let writer: DatabaseSync
  let reader: DatabaseSync
  let facts: SqliteFacts
  let kid: string

  beforeEach(async () => {
    database = makeSqlite()
    const latchkey = await openLatchkey({ database: database.url })
    await createAcme(latchkey)
    kid = kidOf((await latchkey.keys.create({ organizationId: 'acme', name: 'x', permissions: ['a'] })).key)
    await latchkey.close()
    const { path } = database
    writer = new DatabaseSync(path)
    reader = new DatabaseSync(path, { readOnly: true })
    facts = new SqliteFacts(reader, new SqliteFile(path, () => {}))
    facts.find(kid)
    facts.find('another')
    expect(reader.isTransaction).toBe(true)
    expect(facts.find(kid)?.revokedAt).toBeNull()
    writer.exec('update keys set revoked_at = 1')
  })

  afterEach(async () => {
    facts.end()
    reader.close()
    writer.close()
    await database.remove()
  })

  test('see every change once the microtasks have run', async () => {
    await Promise.resolve()
    expect(reader.isTransaction).toBe(false)
    expect(facts.find(kid)?.revokedAt).toBe(1)
    expect(writer.prepare('pragma wal_checkpoint(truncate)').get()).toMatchObject({ busy: 0 })
  })

  test('see every change after this thread was blocked in the same turn', () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    expect(facts.find(kid)?.revokedAt).toBe(1)
  })

  test('see every change that a look at the changes has shown', () => {
    facts.end()
    expect(facts.find(kid)?.revokedAt).toBe(1)
  })

  test('go on after a read that failed', async () => {
    expect(() => facts.find(Symbol('kid') as unknown as string)).toThrow()
    await Promise.resolve()
    expect(facts.find(kid)?.revokedAt).toBe(1)
  })
})
