// The file of an SQLite database, and the threads that work on it: replaced, removed, open to everybody, grown, dead.
import { chmodSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { type Caller, openLatchkey } from '../src/index.ts'
import { schemaVersion } from '../src/store/migrations/migrations.ts'
import { SqliteFile } from '../src/store/sqlite-file.ts'
import { SqliteThread } from '../src/store/sqlite-thread.ts'
import { hasLatchkeyTables, openStore } from '../src/store/store.ts'
import { createAcme } from './setup/acme.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

async function open() {
  const { url, path, remove } = makeSqlite()
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  const latchkey = await openLatchkey({ database: url, onWarning })
  onTestFinished(async () => {
    await latchkey.close().catch(() => {})
    await remove()
  })
  await createAcme(latchkey)
  const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
  expect((await latchkey.verify(created.key)).valid).toBe(true)
  // The thread that reads begins with the first read, which may be one of the background.
  expect((await latchkey.keys.list()).items).toHaveLength(1)
  return { url, path, warnings, latchkey, created }
}

/** Waits until something is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(10)
}

for (const [how, replace] of Object.entries({
  replaced: (path: string) => {
    new DatabaseSync(path).exec(`vacuum into '${path}.copy'`)
    renameSync(path, `${path}.old`)
    renameSync(`${path}.copy`, path)
  },
  removed: (path: string) => renameSync(path, `${path}.old`),
})) {
  test(`a database file that was ${how} under a process serves nothing until it is back`, async () => {
    const { path, warnings, latchkey, created } = await open()
    replace(path)
    await until(() => latchkey.verifyCached(created.key) === undefined)
    expect(await codeOf(latchkey.verify(created.key))).toBe('store_unavailable')
    expect(await codeOf(latchkey.keys.list())).toBe('store_unavailable')
    expect(await codeOf(latchkey.checkWritable())).toBe('store_unavailable')
    const { message } = await refusalOf(latchkey.keys.revoke(created.id))
    expect(message).toContain('Restart')
    expect((await latchkey.waitUntilApplied()).confirmed).toBe(false)
    expect(warnings).toEqual([expect.stringContaining(`${how} while this process used it`)])
    rmSync(path, { force: true })
    renameSync(`${path}.old`, path)
    await until(() =>
      latchkey.verify(created.key).then(
        ({ valid }) => valid,
        () => false,
      ),
    )
    await latchkey.keys.revoke(created.id)
    expect(warnings.at(-1)).toContain('is back')
  })
}

test('a folder that cannot be looked into under a process stops serving, and neither a thread nor the process', async () => {
  const { path, warnings, latchkey, created } = await open()
  const folder = dirname(path)
  renameSync(folder, `${folder}.old`)
  // Leads to itself (ELOOP); a disk that fails, or a right that is taken, shows in the same way.
  symlinkSync(folder, folder)
  // Longer than the thread that writes takes to look at the log of changes.
  await setTimeout(2_500)
  const { code, message } = await refusalOf(latchkey.keys.revoke(created.id))
  expect([code, message]).toEqual(['store_unavailable', expect.stringContaining('Restart')])
  expect(latchkey.walBytes?.()).toBe(0)
  expect(warnings).toEqual([expect.stringContaining('removed while this process used it')])
  unlinkSync(folder)
  renameSync(`${folder}.old`, folder)
  await latchkey.keys.revoke(created.id)
})

test('a file that everybody could read becomes its owner’s alone, with its companions; a group keeps its right', async () => {
  const { url, path, latchkey } = await open()
  const modes = () => ['', '-wal', '-shm'].map((end) => (statSync(path + end).mode & 0o777).toString(8))
  expect(modes()).toEqual(['600', '600', '600'])
  for (const end of ['', '-wal', '-shm']) chmodSync(path + end, 0o644)
  const warnings: string[] = []
  await using _again = await openLatchkey({
    database: url,
    onWarning: (message) => void warnings.push(message),
  })
  expect(modes()).toEqual(['600', '600', '600'])
  expect(warnings).toContainEqual(expect.stringContaining('could read the database file'))
  chmodSync(path, 0o660)
  await using _third = await openLatchkey({ database: url })
  expect(modes()[0]).toBe('660')
  expect((await latchkey.keys.list()).items).toHaveLength(1)
})

test('sqlite://file, which would be one in the root folder, is refused with a sentence', async () => {
  for (const database of ['sqlite://rel.db', 'sqlite://folder/rel.db']) {
    const { code, message } = await refusalOf(openLatchkey({ database }))
    expect({ code, message }).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('sqlite:latchkey.db'),
    })
  }
})

test('a thread that dies is started again: what it was doing fails, and nothing of it stays', async () => {
  const { url, remove } = makeSqlite()
  const warnings: string[] = []
  const store = await openStore(url, (message) => void warnings.push(message))
  onTestFinished(async () => {
    await store.close()
    await remove()
  })
  // More than a thread may hold.
  const flood = sql`with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < 1600)
    select i || hex(zeroblob(100000)) as text from numbers`
  const organization = { id: 'acme', name: 'Acme', name_folded: 'acme', created_at: 1 }
  const change = store.write(async (tx) => {
    await tx.insertInto('organizations').values(organization).execute()
    await flood.execute(tx).catch(() => {})
    // A transaction goes on in no other thread.
    await tx
      .insertInto('organizations')
      .values({ ...organization, id: 'globex' })
      .execute()
  })
  expect(await codeOf(change)).toBe('store_unavailable')
  expect(await codeOf(store.read((db) => flood.execute(db)))).toBe('store_unavailable')
  const count = () =>
    store
      .read((db) => db.selectFrom('organizations').select('id').execute())
      .then(
        ({ length }) => length,
        () => -1,
      )
  await until(async () => (await count()) === 0)
  await until(() =>
    store
      .write((tx) => tx.insertInto('organizations').values(organization).execute())
      .then(
        () => true,
        () => false,
      ),
  )
  expect(await count()).toBe(1)
  expect(warnings).toEqual([
    expect.stringContaining('writes to SQLite failed'),
    expect.stringContaining('reads from SQLite failed'),
  ])
})

test('a log of changes that a long reader let grow is cut when the reader is done', async () => {
  const { path, latchkey, created } = await open()
  const reader = new DatabaseSync(path)
  reader.exec('begin')
  reader.prepare('select count(*) from keys').get()
  const metadata = { note: 'x'.repeat(4000) }
  while ((latchkey.walBytes?.() ?? 0) < 20_000_000) {
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        latchkey.keys.create({ organizationId: 'acme', name: `key ${i}`, metadata }),
      ),
    )
  }
  reader.exec('rollback')
  reader.close()
  await until(() => (latchkey.walBytes?.() ?? 0) <= 16 * 1024 * 1024)
  expect((await latchkey.verify(created.key)).valid).toBe(true)
})

onEachDatabase('a restored database', (makeDatabase) => {
  test('whose counter has overtaken the process is noticed: nothing of before is believed', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.keys.update(id, { name: 'CI of then' })
    expect((await latchkey.verify(key)).valid).toBe(true)
    await until(() => latchkey.verifyCached(key)?.valid === true)
    await setTimeout(1_000)
    expect(latchkey.verifyCached(key)?.valid).toBe(true)
    // Another history of the same database: there the last change was another one, and the key is revoked.
    await using direct = await connectDirectly(database)
    await direct.run("update keys set revoked_at = 1 where name = 'CI of then'")
    await direct.run("update changes set mark = 'another'")
    await until(async () => (await latchkey.verify(key)).code === 'revoked')
  })
})

test('a database of another program with tables of the same names is refused, and stays as it is', async () => {
  const statements = {
    keys: 'create table keys (id integer)',
    sessions: 'create table sessions (id integer); create table schema_version (version integer)',
    schema_version: `create table schema_version (version integer); insert into schema_version values (${schemaVersion})`,
    secrets: 'create table schema_version (version integer); create table secrets (id integer)',
  }
  for (const [table, statement] of Object.entries(statements)) {
    const { url, path, remove } = makeSqlite('nothing')
    onTestFinished(remove)
    const db = new DatabaseSync(path)
    db.exec(statement)
    db.close()
    chmodSync(path, 0o644)
    const before = readFileSync(path)
    const refusal = await refusalOf(openLatchkey({ database: url }))
    expect(refusal).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(`a table ${table} of another program`),
    })
    expect(readFileSync(path).equals(before)).toBe(true)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('644')
    expect(await hasLatchkeyTables(`sqlite:${path}`)).toBe(false)
  }
})

test('a database that cannot be opened leaves no thread behind', async () => {
  const { url, path, latchkey } = await open()
  await latchkey.close()
  const db = new DatabaseSync(path)
  db.exec('drop table change_counter')
  db.close()
  const countThreads = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length
  const before = countThreads()
  expect(await codeOf(openLatchkey({ database: url }))).toBe('store_unavailable')
  await expect.poll(countThreads).toBe(before)
})

/** How many locks this process holds on a file, as Linux tells it. */
function countLocks(path: string): number {
  const ending = new RegExp(`POSIX +ADVISORY +\\S+ +${process.pid} +\\S+:${statSync(path).ino} `)
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => ending.test(line)).length
}

// Without it, the next other program that closes the database takes the log of changes away from under this process.
test('an opening leaves the lock of another one in its process in place, and so does a look at the tables', async () => {
  const { url, path } = await open()
  expect(countLocks(path)).toBe(1)
  await using _again = await openLatchkey({ database: url, onWarning: () => {} })
  expect(countLocks(path)).toBe(1)
  expect(await hasLatchkeyTables(`sqlite:${path}`)).toBe(true)
  expect(countLocks(path)).toBe(1)
})

for (const end of ['-wal', '-shm']) {
  test(`a ${end} that is removed under a process: nothing is acknowledged any more`, async () => {
    const { path, latchkey, created, warnings } = await open()
    const caller = await latchkey.authenticate((await latchkey.createRootKey()).key)
    rmSync(path + end)
    expect(await codeOf(latchkey.keys.revoke(created.id, { actor: caller as Caller }))).toBe(
      'store_unavailable',
    )
    expect(await codeOf(latchkey.keys.create({ organizationId: 'acme', name: 'CI' }))).toBe(
      'store_unavailable',
    )
    expect(await codeOf(latchkey.checkWritable())).toBe('store_unavailable')
    await expect.poll(() => latchkey.verifyCached(created.key), { timeout: 5_000 }).toBeUndefined()
    expect(warnings.at(-1)).toContain('Restart Latchkey')
  })
}

test('a statement of a transaction that is over does not run by itself', async () => {
  const { path, remove } = makeSqlite('nothing')
  onTestFinished(remove)
  const thread = new SqliteThread(new SqliteFile(path, () => {}), false, () => {})
  thread.begin()
  onTestFinished(() => thread.close())
  await expect(thread.execute('create table made (id integer)', [], true)).rejects.toThrow('is over')
  expect((await thread.execute("select name from sqlite_schema where name = 'made'", [])).rows).toEqual([])
})
