// PostgreSQL as it is found: poolers, standbys, deposed primaries, few connections, other encodings, shared databases.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Latchkey, openLatchkey } from '../src/latchkey.ts'
import { PostgresConnector } from '../src/store/postgres-connection.ts'
import { ConnectionPool } from '../src/store/postgres-pool.ts'
import { parsePostgresUrl } from '../src/store/postgres-url.ts'
import { createAcme } from './setup/acme.ts'
import { makePostgres } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { freePort, type PostgresServer, startPostgres } from './setup/postgres.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { acceptedAfter, acknowledged, boundMs, openStage } from './setup/stage.ts'

async function createDatabase(): Promise<string> {
  const { url, remove } = await makePostgres('nothing')
  onTestFinished(remove)
  return url
}

async function open(database: string): Promise<{ latchkey: Latchkey; warnings: string[] }> {
  const warnings: string[] = []
  const latchkey = await openLatchkey({ database, onWarning: (message) => warnings.push(message) })
  onTestFinished(() => latchkey.close().catch(() => {}))
  return { latchkey, warnings }
}

const pooler = wants(missingPrograms(['pgbouncer']))

test.skipIf(pooler.skip)(
  `behind PgBouncer in transaction mode all works, is said once, and a revocation is in time${pooler.note}`,
  async () => {
    const direct = await createDatabase()
    const pooled = await startBouncer(direct)
    const { latchkey, warnings } = await open(pooled)
    await createAcme(latchkey)
    const make = () => latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const keys = await Promise.all(Array.from({ length: 40 }, make))
    const verdicts = await Promise.all(keys.map(({ key }) => latchkey.verify(key)))
    expect(new Set(verdicts.map(({ code }) => code))).toEqual(new Set(['valid']))
    await Promise.all(keys.map(({ id }) => latchkey.keys.revoke(id)))
    expect((await latchkey.verify(keys[0]?.key as string)).code).toBe('revoked')
    expect((await latchkey.keys.list({ status: 'revoked' })).items).toHaveLength(40)
    expect(warnings.filter((text) => text.includes('pooler'))).toHaveLength(1)

    const other = await createDatabase()
    const otherPooled = new URL(pooled)
    otherPooled.pathname = new URL(other).pathname
    await using stage = await openStage(other, { database: otherPooled.href })
    for (let i = 0; i < 5; i++) {
      const { id, key } = await stage.issue()
      const at = await acknowledged(stage.latchkey.keys.revoke(id))
      expect(acceptedAfter(await stage.watcher.until(key, 'revoked'), at)).toBeLessThanOrEqual(boundMs)
    }
  },
)

test('a server without a connection to spare is shared, and said to be', async () => {
  const database = await createDatabase()
  await using direct = await connectDirectly(database)
  for (const limit of [1, 2]) {
    const role = `few_${limit}_${process.pid}`
    const name = new URL(database).pathname.slice(1)
    await direct.run(`create role ${role} login password 'tester' connection limit ${limit}`)
    await direct.run(`grant create on database ${name} to ${role}`)
    const url = new URL(database)
    url.username = role
    url.searchParams.set('schema', role)
    const { latchkey, warnings } = await open(url.href)
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.checkWritable()
    expect((await latchkey.verify(key)).valid).toBe(true)
    const all = await Promise.all([latchkey.keys.list(), latchkey.keys.revoke(id), latchkey.verify(key)])
    expect(all).toHaveLength(3)
    expect((await latchkey.verify(key)).code).toBe('revoked')
    expect(warnings.filter((text) => text.includes('no connection left'))).toHaveLength(1)
    await latchkey.close()
    await direct.run(`drop owned by ${role} cascade`)
    await direct.run(`drop role ${role}`)
  }
})

test('a connection that comes back while the server refuses another one is lent to who asked for that', async () => {
  const database = await createDatabase()
  await using direct = await connectDirectly(database)
  const role = `one_${process.pid}`
  await direct.run(`create role ${role} login password 'tester' connection limit 1`)
  const url = new URL(database)
  url.username = role
  const connector = new PostgresConnector(parsePostgresUrl(url.href, {}))
  const pool = new ConnectionPool(connector, { purpose: undefined, max: 2, timeoutMs: 2_000 })
  const first = await pool.acquire()
  const asked = pool.acquire()
  first.release()
  const second = await asked
  expect(second.client).toBe(first.client)
  second.release()
  await pool.close()
  await direct.run(`drop role ${role}`)
})

test('a database of another encoding than UTF-8 is refused with a sentence', async () => {
  const database = await createDatabase()
  await using direct = await connectDirectly(database)
  const name = `latin_${process.pid}`
  await direct.run(`create database ${name} encoding 'LATIN1' locale 'C' template template0`)
  const url = new URL(database)
  url.pathname = `/${name}`
  const refusal = await refusalOf(openLatchkey({ database: url.href }))
  expect(refusal.message).toMatch(/encoding is LATIN1.*ENCODING 'UTF8'/)
  await direct.run(`drop database ${name}`)
})

test('tables of another program neither collide nor pass for ours', async () => {
  const database = await createDatabase()
  await using direct = await connectDirectly(database)
  await direct.run('create table public.keys (id int)')
  await direct.run('create table public.sessions (id int)')
  await direct.run('create table public.schema_version (version bigint)')
  await direct.run('insert into public.schema_version values (4)')
  const { latchkey } = await open(database)
  await createAcme(latchkey)
  expect(await direct.run('select count(*)::int as n from latchkey.organizations')).toEqual([{ n: 1 }])
  expect((await refusalOf(openLatchkey({ database: `${database}?schema=public` }))).message).toMatch(
    /schema public .* another program.*\?schema=/,
  )
  const other = await open(`${database}?schema=other`)
  expect((await other.latchkey.organizations.list()).items).toEqual([])
})

test('of several hosts, dead ones are passed over', async () => {
  const database = await createDatabase()
  const { port } = new URL(database)
  const dead = await freePort()
  const url = database.replace(`127.0.0.1:${port}`, `127.0.0.1:${dead},127.0.0.1:${port}`)
  const { latchkey } = await open(`${url}?target_session_attrs=read-write`)
  await createAcme(latchkey)
  expect((await latchkey.organizations.list()).items).toHaveLength(1)
})

describe('a server of its own', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())

  test('that gets no commit acknowledged any more, as one that is deposed, gives no verdict', async () => {
    const { latchkey } = await open(postgres.url)
    await createAcme(latchkey)
    const [warm, cold] = await Promise.all(
      [1, 2].map(() => latchkey.keys.create({ organizationId: 'acme', name: 'CI' })),
    )
    expect((await latchkey.verify(warm?.key as string)).valid).toBe(true)
    await using direct = await connectDirectly(postgres.url)
    await direct.run("set synchronous_commit = 'local'")
    await direct.run("alter system set synchronous_standby_names = 'gone'")
    await direct.run('select pg_reload_conf()')
    await setTimeout(boundMs)
    expect(latchkey.verifyCached(warm?.key as string)).toBeUndefined()
    for (const created of [warm, cold])
      expect(await codeOf(latchkey.verify(created?.key as string))).toBe('store_unavailable')
    await direct.run('alter system reset synchronous_standby_names')
    await direct.run('select pg_reload_conf()')
    await expect
      .poll(
        () =>
          latchkey.verify(cold?.key as string).then(
            ({ code }) => code,
            () => 'away',
          ),
        { timeout: 10_000 },
      )
      .toBe('valid')
  })

  test('does not say that a revocation is done which only it knows of', async () => {
    const { latchkey } = await open(postgres.url)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const { id } = await latchkey.keys.create({ organizationId: 'globex', name: 'CI' })
    await using direct = await connectDirectly(postgres.url)
    await direct.run("set synchronous_commit = 'local'")
    await direct.run("alter system set synchronous_standby_names = 'gone'")
    await direct.run('select pg_reload_conf()')
    await expect.poll(() => codeOf(latchkey.keys.revoke(id))).toBe('store_unavailable')
    // Whoever ends the wait for the standby leaves it committed here, as a crash of the server does.
    const isRevoked = async () => {
      await direct.run("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
      return (await direct.run('select revoked_at from keys where id = $1', [id]))[0]?.revoked_at !== null
    }
    await expect.poll(isRevoked).toBe(true)
    expect(await codeOf(latchkey.keys.revoke(id))).toBe('store_unavailable')
    await direct.run('alter system reset synchronous_standby_names')
    await direct.run('select pg_reload_conf()')
    await expect
      .poll(() => latchkey.keys.revoke(id).then(() => 'done', String), { timeout: 10_000 })
      .toBe('done')
  })

  test('that takes no writes is refused at the start, and gives no lease', async () => {
    const { latchkey } = await open(postgres.url)
    const { key } = await latchkey.createRootKey().catch(() => ({ key: '' }))
    await using direct = await connectDirectly(postgres.url)
    await direct.run('alter system set default_transaction_read_only = on')
    await direct.run('select pg_reload_conf()')
    await expect
      .poll(() => refusalOf(openLatchkey({ database: postgres.url })).then(({ message }) => message))
      .toMatch(/accepts no writes/)
    await setTimeout(boundMs)
    if (key !== '') expect(latchkey.verifyCached(key)).toBeUndefined()
    await direct.run('set default_transaction_read_only = off')
    await direct.run('alter system reset default_transaction_read_only')
    await direct.run('select pg_reload_conf()')
  })
})

/** Starts a PgBouncer in transaction mode before a database, with fewer servers than clients. */
async function startBouncer(database: string): Promise<string> {
  const target = new URL(database)
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bouncer-'))
  chmodSync(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'bouncer.ini')
  const server = `host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}`
  const settings = `[databases]\n* = ${server}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\npool_mode=transaction\nauth_type=any\nunix_socket_dir=\ndefault_pool_size=4\n`
  writeFileSync(file, settings)
  const user = process.getuid?.() === 0 ? { uid: Number(execFileSync('id', ['-u', 'nobody'])) } : {}
  const child = spawn('pgbouncer', [file], { ...user, stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  target.port = String(port)
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: target.href })
    const isUp = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    if (isUp) return target.href
    if (tries === 100) throw new Error('PgBouncer did not start.')
    await setTimeout(50)
  }
}
