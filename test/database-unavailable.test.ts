// The database is away: refusals at once, verdicts from memory within the lease only, and recovery by itself.
import { getRandomValues } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { makeDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { freeze } from './setup/freeze.ts'
import { type PostgresServer, startPostgres } from './setup/postgres.ts'
import { type DatabaseProxy, startProxy } from './setup/proxy.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer, type TestServer } from './setup/server.ts'
import { acceptedAfter, boundMs } from './setup/stage.ts'
import { startWatcher } from './setup/watcher.ts'

/** Far above the second within which a change is refused: above it, something hangs. */
const hangsMs = 5_000

describe('PostgreSQL away', () => {
  let postgres: PostgresServer
  let proxy: DatabaseProxy
  beforeAll(async () => {
    postgres = await startPostgres()
    proxy = await startProxy(postgres.url)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await postgres.stop()
  })

  /** How it goes away, each with how it comes back. */
  const faults: Record<string, () => Promise<() => Promise<void> | void>> = {
    stopped: async () => {
      await postgres.halt('SIGINT')
      return postgres.restart
    },
    killed: async () => {
      await postgres.halt('SIGKILL')
      return postgres.restart
    },
    frozen: async () => freeze(postgres.pid()),
    unreachable: async () => {
      proxy.fail('swallow')
      return proxy.heal
    },
  }

  test.each(Object.keys(faults))(
    '%s: changes are refused, verdicts last for the lease, all comes back',
    async (name) => {
      const database = await createDatabase(postgres.url, proxy.url, name)
      const server = await startTestServer(database)
      await using watcher = await startWatcher({ database })
      await createAcme(server.latchkey)
      const [cached, revoked] = [await issue(server), await issue(server)]
      await watcher.watch(cached.key)
      await watcher.watch(revoked.key)
      await server.request('POST', '/v1/keys/verify', { token: server.rootKey, body: { key: cached.key } })
      // Every connection there may be is open and idle: a dead one is noticed only when it is used.
      await Promise.all(Array.from({ length: 20 }, () => issue(server)))
      // A lease that has just begun, whatever was before, and what is believed for a second is to be read again.
      await setTimeout(1_100)
      await server.latchkey.keys.revoke(revoked.id)
      const acknowledgedAt = process.hrtime.bigint()
      const comeBack = await faults[name]?.()
      const awayAt = process.hrtime.bigint()

      const refusals = await Promise.all(changesOf(server, cached.id).map(measure))
      for (const { status, code } of refusals) {
        expect(status).toBe(503)
        expect(code).toBe('store_unavailable')
      }
      const sight = await watcher.until(cached.key, 'store_unavailable')
      expect(acceptedAfter(sight, awayAt)).toBeLessThanOrEqual(boundMs)
      expect(acceptedAfter(await watcher.see(revoked.key), acknowledgedAt)).toBeLessThanOrEqual(boundMs)
      // The lease of this process may have begun a look later than the watcher's.
      await expect.poll(() => server.latchkey.verifyCached(cached.key)).toBeUndefined()
      // Now that no lease holds: neither who asks nor what is asked about can be judged.
      const late = await Promise.all(
        [...changesOf(server, cached.id), verifyOver(server, cached.key)].map(measure),
      )
      for (const { status } of late) expect(status).toBe(503)

      await comeBack?.()
      const backAt = performance.now()
      await untilOk(verifyOver(server, cached.key))
      const verifies = performance.now() - backAt
      await untilOk(changesOf(server, cached.id)[0])
      const changes = performance.now() - backAt
      await watcher.until(cached.key, 'valid')
      expect(acceptedAfter(await watcher.until(revoked.key, 'revoked'), acknowledgedAt)).toBeLessThanOrEqual(
        boundMs,
      )
      const longest = (list: { ms: number }[]) => Math.max(...list.map(({ ms }) => ms)).toFixed(0)
      console.log(
        `PostgreSQL ${name}: refused within ${longest(refusals)} ms, without a lease ${longest(late)} ms; last cached`,
        `verdict ${acceptedAfter(sight, awayAt).toFixed(0)} ms after; back: verifies after ${verifies.toFixed(0)} ms,`,
        `changes after ${changes.toFixed(0)} ms`,
      )
      for (const { ms } of [...refusals, ...late]) expect(ms).toBeLessThan(hangsMs)
      await server.close()
    },
  )

  test('killed amid changes: each of them is refused, and the process lives on', async () => {
    const server = await startTestServer(await createDatabase(postgres.url, proxy.url, 'amid'))
    await createAcme(server.latchkey)
    const { id } = await issue(server)
    const codes: unknown[] = []
    let isOver = false
    const busy = Array.from({ length: 30 }, async (_, i) => {
      while (!isOver) {
        const answer = await changesOf(server, id)[i % 3]?.()
        if (answer?.status !== 200) codes.push(answer?.json.code)
      }
    })
    await setTimeout(300)
    await postgres.halt('SIGKILL')
    await postgres.restart()
    isOver = true
    await Promise.all(busy)
    expect(new Set(codes)).toEqual(new Set(['store_unavailable']))
    for (const change of changesOf(server, id)) await untilOk(change)
    await server.close()
  })

  test('frozen: a crowd that asks for what memory does not hold is refused together, not one after the other', async () => {
    const latchkey = await openLatchkey({ database: await createDatabase(postgres.url, proxy.url, 'crowd') })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    expect((await latchkey.verify(key)).valid).toBe(true)
    const strangers = Array.from({ length: 1_000 }, () =>
      generateToken('re', getRandomValues as RandomSource),
    )
    const goOn = freeze(postgres.pid())
    const began = performance.now()
    const codes = await Promise.all(strangers.map(({ token }) => codeOf(latchkey.verify(token))))
    const ms = performance.now() - began
    goOn()
    console.log(
      `PostgreSQL frozen: ${strangers.length} who ask at once are refused within ${ms.toFixed(0)} ms`,
    )
    expect(new Set(codes)).toEqual(new Set(['store_unavailable']))
    expect(ms).toBeLessThan(hangsMs)
    // What was refused is not remembered as such: each is read anew.
    const again = () => Promise.all(strangers.map(({ token }) => latchkey.verify(token)))
    let verdicts = await again().catch(() => undefined)
    for (; verdicts === undefined; verdicts = await again().catch(() => undefined)) await setTimeout(50)
    expect(new Set(verdicts.map(({ code }) => code))).toEqual(new Set(['not_found']))
    await latchkey.close()
  })
})

test('SQLite locked by another process: changes are refused and verification goes on', async () => {
  await using database = await makeDatabase('SQLite')
  const server = await startTestServer(database.url)
  await createAcme(server.latchkey)
  const [warm, cold] = [await issue(server), await issue(server)]
  await untilOk(verifyOver(server, warm.key))
  await using direct = await connectDirectly(database.url)
  await direct.run('begin immediate')
  const changes = [0, 1, 2, 3].flatMap(() => changesOf(server, warm.id))
  const refusals = await Promise.all(changes.map(measure))
  for (const { status, code, ms } of refusals) {
    expect(status).toBe(503)
    expect(code).toBe('store_unavailable')
    expect(ms).toBeLessThan(hangsMs)
  }
  for (const { key } of [warm, cold]) {
    expect((await verifyOver(server, key)()).json).toMatchObject({ valid: true })
  }
  await direct.run('rollback')
  for (const change of changesOf(server, warm.id)) await untilOk(change)
  console.log(`SQLite locked: refused within ${Math.max(...refusals.map(({ ms }) => ms)).toFixed(0)} ms`)
  await server.close()
})

test('SQLite written by another process all the time: each change finds its turn', async () => {
  await using database = await makeDatabase('SQLite')
  await using latchkey = await openLatchkey({ database: database.url })
  await createAcme(latchkey)
  const writer = new Worker(`${import.meta.dirname}/setup/busy-writer.ts`, {
    workerData: database.url.slice('sqlite:'.length),
  })
  await once(writer, 'message')
  for (let i = 0; i < 20; i++) await latchkey.keys.create({ organizationId: 'acme', name: `${i}` })
  await writer.terminate()
  expect((await latchkey.keys.list({ organizationId: 'acme' })).items).toHaveLength(20)
})

type Request = () => Promise<{ status: number; json: Record<string, unknown> }>

/** Every kind of change, over HTTP. */
function changesOf(server: TestServer, id: string): Request[] {
  const token = server.rootKey
  const key = { organization_id: 'acme', name: 'CI' }
  return [
    () => server.request('PATCH', `/v1/keys/${id}`, { token, body: { name: 'Other' } }),
    () => server.request('POST', '/v1/keys', { token, body: key }),
    () => server.request('POST', '/v1/organizations', { token, body: { name: 'Globex' } }),
    () => server.request('POST', `/v1/keys/${id}/rotate`, { token, body: { grace_seconds: 0 } }),
    () => server.request('DELETE', `/v1/keys/${id}`, { token }),
  ]
}

function verifyOver(server: TestServer, key: string): Request {
  return () => server.request('POST', '/v1/keys/verify', { token: server.rootKey, body: { key } })
}

async function measure(request: Request): Promise<{ status: number; code: unknown; ms: number }> {
  const began = performance.now()
  const { status, json } = await request()
  return { status, code: json.code, ms: performance.now() - began }
}

async function untilOk(request: Request | undefined): Promise<void> {
  while ((await request?.())?.status !== 200) await setTimeout(10)
}

async function issue(server: TestServer): Promise<{ id: string; key: string }> {
  return server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
}

/** Makes a database, and gives its address by way of the proxy. */
async function createDatabase(server: string, proxy: string, name: string): Promise<string> {
  await using direct = await connectDirectly(server)
  await direct.run(`create database ${name}`)
  const url = new URL(proxy)
  url.pathname = `/${name}`
  return url.href
}
