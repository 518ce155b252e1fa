// What the store promises of every change, on each database.
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { parseToken } from '../src/core/token.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makePostgres, makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'

onEachDatabase('the store', (makeDatabase, kind) => {
  test('a change and its audit event are durable together, or neither is', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.keys.rotate(id, { graceSeconds: 60 })
    const kid = parseToken(key)?.kid as string
    const changes: Record<string, (latchkey: Latchkey) => Promise<unknown>> = {
      createOrganization: ({ organizations }) => organizations.create({ id: 'globex', name: 'Globex' }),
      updateOrganization: ({ organizations }) => organizations.update('acme', { name: 'Other' }),
      create: ({ keys }) => keys.create({ organizationId: 'acme', name: 'Other' }),
      update: ({ keys }) => keys.update(id, { name: 'Other' }),
      rotate: ({ keys }) => keys.rotate(id),
      endSecret: ({ keys }) => keys.endSecret(id, kid),
      revoke: ({ keys }) => keys.revoke(id),
      createRootKey: (latchkey) => latchkey.createRootKey(),
    }
    const before = await readAll(database)
    await using direct = await connectDirectly(database)
    await direct.run('alter table audit_events rename to audit_events_away')
    for (const [name, change] of Object.entries(changes)) {
      expect(await codeOf(change(latchkey)), name).toBe('store_unavailable')
    }
    await direct.run('alter table audit_events_away rename to audit_events')
    expect(await readAll(database)).toBe(before)
    // The same changes, where nothing is in their way: each is one event.
    const { items } = await latchkey.audit.list()
    for (const change of Object.values(changes)) await change(latchkey)
    const events = (await latchkey.audit.list()).items.slice(0, -items.length).reverse()
    expect(events.map((event) => event.action)).toEqual([
      'organization.created',
      'organization.updated',
      'key.created',
      'key.updated',
      'key.rotated',
      'key.revoked',
      'organization.created',
      'key.created',
    ])
  })

  test('a store that fails is an error, and never a verdict', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await using direct = await connectDirectly(database)
    await direct.run('alter table secrets rename to secrets_away')
    expect(await codeOf(latchkey.verify(key))).toBe('store_unavailable')
    expect(await codeOf(latchkey.verifyBatch([{ key }]))).toBe('store_unavailable')
    expect((await latchkey.verify('rubbish')).code).toBe('malformed')
    await direct.run('alter table secrets_away rename to secrets')
    expect((await latchkey.verify(key)).valid).toBe(true)
  })

  test('two processes on one database see each other’s changes, and none is lost', async () => {
    const database = await makeDatabase()
    await using one = await openLatchkey({ database })
    await using two = await openLatchkey({ database })
    await createAcme(one)
    const { id } = await two.keys.create({ organizationId: 'acme', name: 'CI' })
    const both = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : two))
    const [created, updated] = await Promise.all([
      Promise.all(both.map(({ keys }, i) => keys.create({ organizationId: 'acme', name: `key ${i}` }))),
      Promise.all(both.map(({ keys }, i) => keys.update(id, { name: `CI ${i}` }))),
    ])
    expect(updated).toHaveLength(20)
    for (const latchkey of [one, two]) {
      const ids = (await latchkey.keys.list()).items.map((key) => key.id)
      expect(ids.sort()).toEqual([id, ...created.map((key) => key.id)].sort())
    }
    const { items } = await one.audit.list({ keyId: id, action: 'key.updated' })
    expect(items).toHaveLength(20)
    // Each change started from what the one before it had made.
    const names = new Map(
      items.map(({ changes }) => Object.values(changes.name as object) as [string, string]),
    )
    let name: string | undefined = 'CI'
    for (let i = 0; i < 20; i++) name = names.get(name as string)
    expect(name).toBe((await two.keys.get(id)).name)
  })

  test('twenty processes that open an empty database at once make one schema and one root key', async () => {
    const database = await makeDatabase('nothing')
    const opened = await Promise.all(Array.from({ length: 20 }, () => openLatchkey({ database })))
    const roots = await Promise.all(opened.map((latchkey) => latchkey.ensureRootKey()))
    expect(roots.filter((root) => root !== undefined)).toHaveLength(1)
    expect((await opened[0]?.keys.list())?.items).toHaveLength(1)
    await Promise.all(opened.map((latchkey) => latchkey.close()))
  })

  if (kind === 'PostgreSQL') {
    test('a root key whose commit is answered too late is given all the same, and is the only one', async () => {
      const database = await makeDatabase()
      await using latchkey = await openLatchkey({ database })
      await using direct = await connectDirectly(database)
      await direct.run(`create function linger() returns trigger language plpgsql
        as $$ begin perform pg_sleep(3); return null; end $$`)
      await direct.run(`create constraint trigger linger after insert on organizations
        deferrable initially deferred for each row execute function linger()`)
      let checks = 0
      const made = await latchkey.ensureRootKey(undefined, async () => void checks++)
      expect(checks).toBeGreaterThan(0)
      expect(await latchkey.verify(made?.key as string)).toMatchObject({ valid: true, keyId: made?.id })
      expect((await latchkey.keys.list()).items).toHaveLength(1)
    })
  }

  test('a database of a newer Latchkey is left alone', async () => {
    const database = await makeDatabase()
    await (await openLatchkey({ database })).close()
    {
      await using direct = await connectDirectly(database)
      await direct.run('update schema_version set version = 1000000')
    }
    expect(await codeOf(openLatchkey({ database }))).toBe('store_unavailable')
  })

  test('what was closed stays closed: every call is refused, and closing again is no error', async () => {
    const latchkey = await openLatchkey({ database: await makeDatabase() })
    await latchkey.close()
    await latchkey.close()
    expect(await codeOf(latchkey.organizations.create({ name: 'Acme' }))).toBe('store_unavailable')
  })
})

test.each(['', 'latchkey.db', 'sqlite:', 'mysql://localhost/x', 'file:latchkey.db'])(
  'the database %j is refused as bad input',
  async (database) => expect(await codeOf(openLatchkey({ database }))).toBe('invalid_input'),
)

test.each([[[]], [['RE']], [['re', 're__x']], [['x'.repeat(25)]]])(
  'the prefixes %j are refused as bad input',
  async (prefixes) => {
    await using ownDatabase = makeSqlite()
    const { url } = ownDatabase
    expect(await codeOf(openLatchkey({ database: url, prefixes }))).toBe('invalid_input')
  },
)

test('databases that cannot be opened are unavailable, at once', async () => {
  for (const database of ['sqlite:/nowhere/at/all/latchkey.db', 'sqlite:/', 'postgres://127.0.0.1:1/x']) {
    expect(await codeOf(openLatchkey({ database }))).toBe('store_unavailable')
  }
})

test('an SQLite database is its owner’s alone, in WAL mode, and syncs every commit', async () => {
  await using ownDatabase = makeSqlite('nothing')
  const { url, path } = ownDatabase
  const latchkey = await openLatchkey({ database: url })
  await createAcme(latchkey)
  for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600)
  const direct = new DatabaseSync(path)
  expect(direct.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
  direct.close()
  await latchkey.close()
})

test('on PostgreSQL a rotation never waits for the writing of uses in a circle', async () => {
  await using ownDatabase = await makePostgres()
  const { url } = ownDatabase
  const latchkey = await openLatchkey({ database: url })
  await createAcme(latchkey)
  const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
  await latchkey.verify(key)
  {
    await using direct = await connectDirectly(url)
    await using watch = await connectDirectly(url)
    // What a rotation does, held half-way: the key's row, then its secrets'.
    await direct.run('begin')
    await direct.run(`update keys set revision = revision + 1 where id = '${id}'`)
    const closing = latchkey.close()
    await expect
      .poll(async () => watch.run('select 1 from pg_locks where not granted'), { interval: 10 })
      .not.toEqual([])
    await direct.run(`update secrets set grace_ends_at = 1 where key_id = '${id}'`)
    await direct.run('commit')
    await closing
    const [row] = await watch.run(`select last_used_at from keys where id = '${id}'`)
    expect(Number(row?.last_used_at)).toBeGreaterThan(0)
  }
})
