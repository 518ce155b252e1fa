// The server's side of verifiers: the stream of changes, how fresh it is, facts, and uses reported back.
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readBody, readEvents, type StreamEvent } from '../src/client/verifier/events.ts'
import type { CreatedKey } from '../src/core/shapes/keys.ts'
import { toBody } from '../src/http/streams.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createApp, createPipeline } from '../src/server/app.ts'
import { ChangeStreams } from '../src/server/change-streams.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

interface Stream {
  /** Waits for the next event of this name; the rest is passed over. */
  next(name: string): Promise<StreamEvent['data']>
  /** Reads to the end. */
  end(): Promise<void>
}

async function follow(url: string, token: string): Promise<Stream> {
  const response = await fetch(`${url}/v1/changes`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const events = readEvents(readBody(response.body as ReadableStream<Uint8Array>))
  return {
    next: async (name) => {
      for (;;) {
        const { value, done } = await events.next()
        if (done) throw new Error(`The stream ended before ${name}.`)
        if (value.name === name) return value.data
      }
    },
    end: async () => {
      for (;;) if ((await events.next()).done) return
    },
  }
}

onEachDatabase('the changes', (makeDatabase) => {
  async function start(options = {}) {
    const database = await makeDatabase()
    const server = await startTestServer(database, options)
    const { organizations, keys } = server.latchkey
    await createAcme({ organizations })
    await organizations.create({ id: 'other', name: 'Other' })
    const issue = (organizationId = 'acme', permissions: string[] = []) =>
      keys.create({ organizationId, name: 'K', permissions })
    return { ...server, database, issue, [Symbol.asyncDispose]: () => server.close() }
  }
  const verify = ['latchkey:keys:verify']

  test('a stream greets with its format, tells of a change of this process and of another, and beats', async () => {
    await using server = await start()
    const key = await server.issue()
    const stream = await follow(server.url, server.rootKey)
    const hello = await stream.next('hello')
    expect(hello).toMatchObject({ format: 1, sequence: expect.any(Number) })
    await server.latchkey.keys.update(key.id, { name: 'L' })
    // The barrier of a process that starts names no key, and may be told by itself or counted before.
    let first = await stream.next('changed')
    while (first.key_ids?.toString() === '') first = await stream.next('changed')
    expect(first).toEqual({ key_ids: [key.id], sequence: expect.any(Number) })
    expect(first.sequence).toBeGreaterThan(hello.sequence as number)
    const second = await startTestServer(server.database)
    await second.latchkey.keys.revoke(key.id)
    let told = await stream.next('changed')
    while (told.key_ids?.toString() === '') told = await stream.next('changed')
    expect(told).toMatchObject({ key_ids: [key.id] })
    const { sequence } = await stream.next('beat')
    expect(sequence).toBeGreaterThanOrEqual((hello.sequence as number) + 2)
    await second.close()
  })

  test('a key outside the root organization hears of its own organization alone, in numbers of its own', async () => {
    await using server = await start()
    const { key } = await server.issue('acme', verify)
    const [own, foreign] = [await server.issue('acme'), await server.issue('other')]
    const stream = await follow(server.url, key)
    const { sequence } = await stream.next('hello')
    await server.latchkey.keys.revoke(foreign.id)
    await server.latchkey.keys.update(own.id, { name: 'L' })
    expect(await stream.next('changed')).toEqual({ key_ids: [own.id], sequence: (sequence as number) + 1 })
    await server.latchkey.keys.revoke(own.id)
    expect(await stream.next('changed')).toEqual({ key_ids: [own.id], sequence: (sequence as number) + 2 })
  })

  test('a stream ends at once when its own key is revoked, loses the permission, or is rotated away', async () => {
    await using server = await start()
    const { keys } = server.latchkey
    const endings: ((key: CreatedKey) => Promise<unknown>)[] = [
      ({ id }) => keys.revoke(id),
      ({ id }) => keys.update(id, { permissions: ['emails:send'] }),
      ({ id }) => keys.rotate(id),
    ]
    for (const end of endings) {
      const key = await server.issue('acme', verify)
      const stream = await follow(server.url, key.key)
      await stream.next('hello')
      await keys.update(key.id, { name: 'Another name ends nothing' })
      await stream.next('changed')
      await stream.next('beat')
      await end(key)
      await stream.end()
    }
  })

  test('a stream ends when its key expires and when its grace is over, of which no change tells', async () => {
    let now = Date.now()
    await using server = await start({ now: () => now })
    const { keys } = server.latchkey
    const [expiring, rotated] = [await server.issue('acme', verify), await server.issue('acme', verify)]
    await keys.update(expiring.id, { expiresAt: new Date(now + 60_000) })
    await keys.rotate(rotated.id, { graceSeconds: 60 })
    const streams = [await follow(server.url, expiring.key), await follow(server.url, rotated.key)]
    for (const stream of streams) await stream.next('beat')
    now += 60_000
    for (const stream of streams) await stream.end()
  })

  test('an open stream and the questions beside it are no use of their key, and a verification by it is one of both', async () => {
    const clock = makeClock()
    const server = await start({ now: clock.now })
    const reader = await server.issue('acme', verify)
    const other = await server.issue()
    const stream = await follow(server.url, reader.key)
    await stream.next('hello')
    clock.advance(60_000)
    for (let beat = 0; beat < 3; beat++) await stream.next('beat')
    // As each verifier does twice a second.
    await server.request('GET', '/v1/changes/latest', { token: reader.key })
    await server.close()
    const lastUses = async () => {
      await using latchkey = await openLatchkey({ database: server.database, now: clock.now })
      const uses = [reader, other].map(async ({ id }) => (await latchkey.keys.get(id)).lastUsedAt)
      return await Promise.all(uses)
    }
    expect(await lastUses()).toEqual([clock.in(-60_000), null])
    const again = await startTestServer(server.database, { now: clock.now })
    await again.request('POST', '/v1/keys/verify', { token: reader.key, body: { key: other.key } })
    await again.close()
    expect(await lastUses()).toEqual([clock.in(0), clock.in(0)])
  })

  test('the server stops at once, however many streams are open', async () => {
    await using server = await start()
    const streams = await Promise.all([1, 2, 3].map(() => follow(server.url, server.rootKey)))
    for (const stream of streams) await stream.next('hello')
    await server.close()
    for (const stream of streams) await stream.end()
  })

  test('HEAD opens no stream, and a reader that goes away leaves nothing behind', async () => {
    await using server = await start()
    const pipeline = createPipeline(server.latchkey, { log: pino({ enabled: false }) })
    const app = createApp(pipeline)
    const headers = { authorization: `Bearer ${server.rootKey}` }
    const head = await app.request('/v1/changes', { method: 'HEAD', headers })
    expect(head.status).toBe(200)
    expect(pipeline.parts.changes.count).toBe(0)
    const answer = await app.request('/v1/changes', { headers })
    const reader = answer.body?.getReader()
    await reader?.read()
    expect(pipeline.parts.changes.count).toBe(1)
    await reader?.cancel()
    expect(pipeline.parts.changes.count).toBe(0)
  })

  test('the latest change has a number that grows, and an age below the lease', async () => {
    await using server = await start()
    const ask = async () =>
      (await server.request('GET', '/v1/changes/latest', { token: server.rootKey })).json
    const before = await ask()
    expect(before).toEqual({
      sequence: expect.any(Number),
      age_ms: expect.any(Number),
      foreign_tokens: false,
    })
    expect(before.age_ms).toBeLessThan(1_800)
    await server.latchkey.keys.revoke((await server.issue()).id)
    for (;;) {
      const { sequence } = await ask()
      if ((sequence as number) > (before.sequence as number)) break
      await setTimeout(5)
    }
  })

  test('the facts of a token say all that it is judged by, a grace included; of a foreign one nothing', async () => {
    await using server = await start()
    const { keys } = server.latchkey
    const readFacts = async (token: string, key: string) =>
      (await server.request('POST', '/v1/keys/facts', { token, body: { key } })).json
    const { key: verifier } = await server.issue('acme', verify)
    const [own, foreign] = [await server.issue('acme', ['a:b']), await server.issue('other')]
    for (const token of [server.rootKey, verifier]) {
      expect(await readFacts(token, own.key)).toEqual({
        sequence: expect.any(Number),
        age_ms: expect.any(Number),
        foreign_tokens: false,
        secret: {
          key_id: own.id,
          organization_id: 'acme',
          name: 'K',
          permissions: ['a:b'],
          expires_at: null,
          metadata: {},
          revoked_at: null,
          suspended_at: null,
          organization_suspended_at: null,
          not_before: null,
          allowed_ips: [],
          grace_ends_at: null,
          is_ended: false,
          limits: [],
          line: [],
          ancestors: [],
          plan: null,
        },
      })
    }
    const damaged = `${own.key.slice(0, -1)}${own.key.endsWith('x') ? 'y' : 'x'}`
    for (const unknown of [foreign.key, 'nonsense', damaged]) {
      expect((await readFacts(verifier, unknown)).secret).toBeNull()
    }
    expect((await readFacts(server.rootKey, foreign.key)).secret).toMatchObject({ organization_id: 'other' })
    await keys.rotate(own.id, { graceSeconds: 60 })
    const { secret } = await readFacts(verifier, own.key)
    expect(Date.parse((secret as { grace_ends_at: string }).grace_ends_at)).toBeGreaterThan(Date.now())
    await keys.rotate(own.id)
    expect((await readFacts(verifier, own.key)).secret).toMatchObject({ is_ended: true })
    await keys.revoke(own.id)
    expect((await readFacts(verifier, own.key)).secret).toMatchObject({ revoked_at: expect.any(String) })
    expect(server.log.filter(({ route }) => route === '/v1/keys/facts').at(-1)).toMatchObject({
      kid: own.key.slice(-65, -49),
    })
  })

  test('uses are noted for the caller’s own secrets, never backwards and never in the future', async () => {
    const now = Date.now()
    await using server = await start({ now: () => now })
    const make = () => server.issue('acme')
    const [kept, future] = [await make(), await make()]
    const [foreign, toRoot] = [await server.issue('other'), await server.issue('other')]
    const { key: verifier } = await server.issue('acme', verify)
    const report = (key: CreatedKey, at: number, token = verifier) =>
      server.request('POST', '/v1/keys/uses', {
        token,
        body: [{ kid: key.key.slice(-65, -49), at: new Date(at).toISOString() }],
      })
    expect((await report(kept, now - 5_000)).json).toEqual({ success: true })
    await report(kept, now - 9_000)
    await report(future, now + 86_400_000)
    await report(foreign, now - 5_000)
    await report(toRoot, now - 1_000, server.rootKey)
    for (const body of [[], [{ kid: 'x', at: 'now' }], [{ kid: '0123456789abcdef' }], {}]) {
      const answer = await server.request('POST', '/v1/keys/uses', { token: verifier, body })
      expect(answer).toMatchObject({ status: 422, json: { code: 'invalid_input' } })
    }
    await server.close()
    await using latchkey = await openLatchkey({ database: server.database })
    const found = await Promise.all([kept, future, foreign, toRoot].map(({ id }) => latchkey.keys.get(id)))
    expect(found.map(({ lastUsedAt }) => lastUsedAt?.getTime())).toEqual([
      now - 5_000,
      now,
      undefined,
      now - 1_000,
    ])
  })
})

test('one key has a bounded number of streams, and so have all together', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const server = await startTestServer(url)
  const streams = new ChangeStreams(server.latchkey, { maxByKey: 2, max: 3 })
  const open = async (keyId: string) => {
    const reader = toBody(await streams.open({ token: server.rootKey, judges: new Set(), keyId })).getReader()
    return { reader, first: await reader.read() }
  }
  const own = [await open('one'), await open('one')]
  await expect(open('one')).rejects.toMatchObject({ code: 'too_many_streams', status: 429 })
  await open('two')
  await expect(open('three')).rejects.toMatchObject({ code: 'too_many_streams' })
  await own[0]?.reader.cancel()
  // Both are let in before either has begun; there is room for one.
  const together = await Promise.all([open('one'), open('one')])
  expect(together.filter(({ first }) => !first.done)).toHaveLength(1)
  expect(streams.count).toBe(3)
  await server.close()
})

test('a stream whose reader stops reading is ended, and holds no memory for it', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const server = await startTestServer(url)
  const streams = new ChangeStreams(server.latchkey)
  const stream = toBody(await streams.open({ token: server.rootKey, judges: new Set(), keyId: 'another' }))
  const reader = stream.getReader()
  await reader.read()
  expect(streams.count).toBe(1)
  const { keys } = server.latchkey
  const names = Array.from({ length: 200 }, (_, i) => `K${i}`)
  const made = await Promise.all(names.map((name) => keys.create({ organizationId: 'root', name })))
  for (let round = 0; streams.count > 0; round++) {
    if (round > 50) throw new Error('It goes on.')
    await Promise.all(made.map(({ id }) => keys.update(id, { metadata: { round } })))
  }
  await expect(
    (async () => {
      for (;;) if ((await reader.read()).done) return
    })(),
  ).rejects.toThrow('too slow')
  await server.close()
})
