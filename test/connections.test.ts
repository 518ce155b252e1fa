// What becomes of connections: changes are answered whatever the client sends behind them, answers that nobody reads
// are ended, and idle connections make room.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectionBounds, Connections, defaultBounds } from '../src/http/connections.ts'
import { makePostgres, makeSqlite } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { exchangeRaw, openRaw, requestBytes } from './setup/raw.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

type Change = [name: string, method: string, path: string, body: string | undefined, token?: string]

const keepAlive = { headers: { connection: 'keep-alive' } }

async function startWith(
  connections: Partial<ConnectionBounds>,
  { url, remove }: { url: string; remove: () => Promise<void> } = makeSqlite(),
): Promise<TestServer & AsyncDisposable> {
  const server = await startTestServer(url, { connections: { sweepEveryMs: 20, ...connections } })
  const dispose = async () => {
    await server.close()
    await remove()
  }
  return { ...server, [Symbol.asyncDispose]: dispose }
}

describe('a change is answered', () => {
  let server: TestServer & AsyncDisposable
  beforeAll(async () => {
    server = await startWith({})
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** One call of each kind that changes something, on a key of its own. */
  async function changes(): Promise<Change[]> {
    const permissions = ['latchkey:keys:read']
    const make = () => server.latchkey.keys.create({ organizationId: 'root', name: 'K', permissions })
    const [updated, rotated, graced, revoked] = [await make(), await make(), await make(), await make()]
    await server.latchkey.keys.rotate(graced.id, { graceSeconds: 60 })
    const kid = graced.key.slice(-65, -49)
    const organization = `o${performance.now()}`
    return [
      ['create', 'POST', '/v1/keys', '{"name":"Made"}'],
      ['update', 'PATCH', `/v1/keys/${updated.id}`, '{"name":"New"}'],
      ['rotate', 'POST', `/v1/keys/${rotated.id}/rotate`, '{}'],
      ['end a secret', 'DELETE', `/v1/keys/${graced.id}/secrets/${kid}`, undefined],
      ['revoke and wait', 'DELETE', `/v1/keys/${revoked.id}?wait=applied`, undefined],
      ['organization', 'POST', '/v1/organizations', `{"id":"${organization}","name":"O"}`],
      ['session', 'POST', '/v1/sessions', '{}', updated.key],
      ['verify', 'POST', '/v1/keys/verify', `{"key":"${server.rootKey}"}`],
      ['facts', 'POST', '/v1/keys/facts', `{"key":"${server.rootKey}"}`],
    ]
  }

  const endings: [string, string, boolean][] = [
    ['and the client closes its half', '', true],
    ['and junk comes behind it', '\x16\x03\x01\x00junk\r\n\r\n', false],
    ['and a second request is broken', 'GET /healthz HTTP/9.9\r\n\r\n', false],
    ['and junk comes, and the client closes its half', 'junk\r\n\r\n', true],
    ['and half a request comes, and the client closes its half', 'POST /v1/keys HTTP/1.1\r\nconte', true],
  ]
  test.each(endings)('%s', async (_, behind, half) => {
    for (const connection of ['keep-alive', 'close']) {
      for (const [name, method, path, body, token = server.rootKey] of await changes()) {
        const sent = requestBytes(method, path, {
          token,
          headers: { connection },
          ...(body !== undefined && { body }),
        })
        const answer = await exchangeRaw(server.url, sent + behind, { half })
        expect(answer, name).toMatch(/^HTTP\/1\.1 200 /)
        const length = Number(/content-length: (\d+)/i.exec(answer)?.[1])
        const [, first = ''] = answer.split(/\r\n\r\n([\s\S]*)/)
        // What comes after the answer is none, or a refusal of its own.
        expect(first.slice(length), name).toMatch(/^(?:HTTP\/1\.1 400 [\s\S]*)?$/)
        if (name === 'create') expect(first).toMatch(/"key":"re_\w{65}"/)
      }
    }
  })

  test('and another request comes after Connection: close', async () => {
    for (const [name, method, path, body, token = server.rootKey] of await changes()) {
      const sent = requestBytes(method, path, { token, ...(body !== undefined && { body }) })
      const answer = await exchangeRaw(server.url, sent + requestBytes('GET', '/healthz'))
      expect(answer, name).toMatch(/^HTTP\/1\.1 200 /)
      expect(answer.match(/HTTP\/1\.1/g), name).toHaveLength(1)
    }
  })

  test('each of several that come at once, in their order, before junk ends the connection', async () => {
    const sent = [1, 2, 3].map((i) =>
      requestBytes('POST', '/v1/keys', { token: server.rootKey, body: `{"name":"N${i}"}`, ...keepAlive }),
    )
    const answer = await exchangeRaw(server.url, `${sent.join('')}junk\r\n\r\n`)
    expect(answer.match(/"name":"N\d"/g)).toEqual(['"name":"N1"', '"name":"N2"', '"name":"N3"'])
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(Array.from({ length: 3 }, () => 'HTTP/1.1 200'))
  })

  test('and one whose body breaks off or is no body changes nothing', async () => {
    const before = (await server.latchkey.keys.list({ limit: 1000 })).items.length
    const head = requestBytes('POST', '/v1/keys', {
      token: server.rootKey,
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    })
    for (const [rest, half] of [
      ['f\r\n{"name":"Made"}\r\nxyz\r\n', false],
      ['f\r\n{"name":"Made"}\r\n', true],
    ] as const) {
      const answer = await exchangeRaw(server.url, head + rest, { half })
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    }
    expect((await server.latchkey.keys.list({ limit: 1000 })).items).toHaveLength(before)
  })

  test('a read of a client that closes its half is answered too, if it is quick', async () => {
    const answer = await exchangeRaw(server.url, requestBytes('GET', '/v1/keys', { token: server.rootKey }), {
      half: true,
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('a bad request behind a stream puts nothing into its body', async () => {
    const stream = await openRaw(server.url)
    stream.socket.write(requestBytes('GET', '/v1/changes', { token: server.rootKey, ...keepAlive }))
    await stream.until(/event: hello/)
    stream.socket.write('junk\r\n\r\n')
    await stream.until(/event: beat[\s\S]*event: beat/)
    expect(stream.received().match(/HTTP\/1\.1/g)).toHaveLength(1)
    stream.socket.destroy()
    const download = requestBytes('GET', '/v1/audit-log/export', { token: server.rootKey, ...keepAlive })
    const answer = await exchangeRaw(server.url, `${download}junk\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(answer).toMatch(/\r\n0\r\n\r\n$/)
  })

  test('a stream whose client closes its half ends', async () => {
    const stream = await openRaw(server.url)
    stream.socket.end(requestBytes('GET', '/v1/changes', { token: server.rootKey }))
    expect(await stream.closed).toMatch(/event: hello/)
  })
})

test('an unused connection hears nothing, can still be used, and is closed after the time for idle ones', async () => {
  await using server = await startWith({ headersMs: 200, keepAliveMs: 1_500 })
  const [unused, used] = [await openRaw(server.url), await openRaw(server.url)]
  const openedAt = performance.now()
  // Longer than a request's headers may take.
  await sleep(700)
  used.socket.write(requestBytes('GET', '/healthz', keepAlive))
  await used.until(/"status":"ok"/)
  expect(used.received()).toMatch(/keep-alive: timeout=1/i)
  expect(await unused.closed).toBe('')
  expect(performance.now() - openedAt).toBeGreaterThan(1_400)
  used.socket.destroy()
})

test('headers and bodies that come too slowly end with 408', async () => {
  await using server = await startWith({ headersMs: 200, requestMs: 400 })
  const head = requestBytes('POST', '/v1/keys', {
    token: server.rootKey,
    headers: { 'content-type': 'application/json', 'content-length': '100', connection: 'keep-alive' },
  })
  const [headers, whole] = [
    'The headers were not complete within 0.2 seconds. Send faster.',
    'The request was not complete within 0.4 seconds. Send faster.',
  ]
  for (const [sent, detail] of [
    ['GET /healthz HTTP/1.1\r\nx: ', headers],
    [head, whole],
    [`${head}{"name"`, whole],
  ] as const) {
    const answer = await exchangeRaw(server.url, sent)
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
    expect(answer).toContain(`"detail":"${detail}"`)
  }
})

test('an answer that nobody reads is ended, and no other', async () => {
  await using server = await startWith({ maxStallMs: 400, maxUnreadMs: 60_000 })
  // More in all than the buffers of both ends hold.
  const read = requestBytes('GET', '/openapi.json', keepAlive)
  const unread = await openRaw(server.url)
  unread.socket.pause()
  unread.socket.write(read.repeat(300))
  const slow = await openRaw(server.url)
  slow.socket.write(read)
  await slow.until(/"openapi":"3.1.0"/)
  // Without reading, only writing shows that the other end is gone.
  await expect
    .poll(() => {
      unread.socket.write('x')
      return unread.socket.destroyed
    })
    .toBe(true)
  expect(slow.socket.readableEnded).toBe(false)
  slow.socket.destroy()
}, 20_000)

test('an answer without chunks that nobody reads ends with a reset, so that nobody takes what came for the whole', async () => {
  const server = createServer()
  const connections = new Connections(
    server,
    { ...defaultBounds, maxStallMs: 200, sweepEveryMs: 20 },
    () => {},
  )
  const ended = Promise.withResolvers<unknown>()
  server.on('request', (incoming, outgoing) => {
    connections.begin(incoming, outgoing)
    incoming.socket.once('close', ended.resolve)
    outgoing.write(Buffer.alloc(32 * 1024 * 1024))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { socket } = await openRaw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  socket.pause().write('GET / HTTP/1.0\r\n\r\n')
  await ended.promise
  socket.resume()
  await expect(once(socket, 'end')).rejects.toMatchObject({ code: 'ECONNRESET' })
  server.close()
})

test('beyond the bound the longest idle connection gives way, and none that is asked something', async () => {
  await using server = await startWith({ maxConnections: 4 })
  const busy = await openRaw(server.url)
  busy.socket.write(requestBytes('GET', '/v1/changes', { token: server.rootKey, ...keepAlive }))
  await busy.until(/hello/)
  const idle = []
  for (let i = 0; i < 3; i++) {
    const connection = await openRaw(server.url)
    connection.socket.write(requestBytes('GET', '/healthz', keepAlive))
    await connection.until(/ok/)
    idle.push(connection)
  }
  const newcomer = await openRaw(server.url)
  newcomer.socket.write(requestBytes('GET', '/healthz', keepAlive))
  await newcomer.until(/"status":"ok"/)
  await idle[0]?.closed
  for (const { socket } of idle.slice(1)) expect(socket.readableEnded).toBe(false)
  await busy.until(/beat/)
  for (const { socket } of [busy, newcomer, ...idle]) socket.destroy()
})

test('if every connection is busy, a newcomer is told so', async () => {
  await using server = await startWith({ maxConnections: 2 })
  const busy = await Promise.all([openRaw(server.url), openRaw(server.url)])
  for (const { socket, until } of busy) {
    socket.write(requestBytes('GET', '/v1/changes', { token: server.rootKey, ...keepAlive }))
    await until(/hello/)
  }
  const answer = await exchangeRaw(server.url, requestBytes('GET', '/healthz'))
  expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1\r\n[\s\S]*"code":"too_many_connections"/i)
  busy[0]?.socket.destroy()
  await expect
    .poll(async () => (await exchangeRaw(server.url, requestBytes('GET', '/healthz'))).slice(9, 12))
    .toBe('200')
  busy[1]?.socket.destroy()
})

test('uploads that stall hold up nobody: neither others nor the key that sends them', async () => {
  await using server = await startWith({})
  const token = server.rootKey
  const head = requestBytes('POST', '/v1/keys', {
    token,
    headers: { 'content-type': 'application/json', 'content-length': '100', connection: 'keep-alive' },
  })
  const stalled = await Promise.all(Array.from({ length: 100 }, () => openRaw(server.url)))
  for (const { socket } of stalled) socket.write(`${head}{"name"`)
  const made = await server.request('POST', '/v1/keys', { token, body: { name: 'Beside them' } })
  expect(made.status).toBe(200)
  expect((await server.request('POST', '/v1/keys/verify', { token, body: { key: token } })).status).toBe(200)
  expect((await server.request('GET', '/v1/keys', { token })).status).toBe(200)
  for (const { socket } of stalled) {
    socket.destroy()
    await once(socket, 'close')
  }
})

test('a connection on which hundreds of requests wait is closed, and others are served', async () => {
  await using server = await startWith({})
  const answer = await exchangeRaw(server.url, 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_000))
  expect(answer.split('HTTP/1.1 200').length - 1).toBeLessThanOrEqual(100)
  const patient = await exchangeRaw(
    server.url,
    `${'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(50)}GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
  )
  expect(patient.split('HTTP/1.1 200').length - 1).toBe(51)
})

test('too many requests ahead of their answers: those that are served are answered, and the others not done', async () => {
  await using server = await startWith({})
  const bytes = requestBytes('POST', '/v1/keys', {
    token: server.rootKey,
    body: '{"name":"Made"}',
    ...keepAlive,
  })
  const text = await exchangeRaw(server.url, bytes.repeat(500))
  const tokens = new Set([...text.matchAll(/"key":"(re_\w+)"/g)].map(([, token]) => token))
  expect(tokens.size).toBe(100)
  const { items } = await server.latchkey.keys.list({ limit: 1000 })
  expect(items.filter(({ name }) => name === 'Made')).toHaveLength(100)
})

test('a key has a bounded number of requests under way, on all of its connections together', async () => {
  await using server = await startWith({})
  const { keys } = server.latchkey
  const permissions = ['latchkey:keys:verify']
  const [greedy, other] = [
    await keys.create({ organizationId: 'root', name: 'Greedy', permissions }),
    await keys.create({ organizationId: 'root', name: 'Other', permissions }),
  ]
  // A form that the fast path leaves to the general way.
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  const bytes = (token: string) =>
    requestBytes('POST', '/v1/keys/verify', { token, body: '{"key":"x"}', headers })
  const slow = []
  for (let i = 0; i < 512; i++) {
    const connection = await openRaw(server.url)
    connection.socket.write(bytes(greedy.key).slice(0, -1))
    slow.push(connection)
  }
  await sleep(100)
  expect(await exchangeRaw(server.url, bytes(greedy.key))).toMatch(/^HTTP\/1\.1 429 [\s\S]+too_many_requests/)
  expect(await exchangeRaw(server.url, bytes(other.key))).toMatch(/^HTTP\/1\.1 200 /)
  for (const { socket } of slow) socket.write('}')
  for (const { closed } of slow) expect(await closed).toMatch(/^HTTP\/1\.1 200 /)
  expect(await exchangeRaw(server.url, bytes(greedy.key))).toMatch(/^HTTP\/1\.1 200 /)
})

test.each([
  ['verify', '/v1/keys/verify', 'application/json; charset=utf-8'],
  ['batch', '/v1/keys/verify/batch', 'application/json'],
  ['create', '/v1/keys', 'application/json'],
  ['organization', '/v1/organizations', 'application/json'],
])(
  'a client that goes while the database is asked who it is leaves no request under way: %s',
  async (_, path, type) => {
    const database = await makePostgres()
    await using server = await startWith({}, database)
    // Nobody has asked by it yet.
    const { key } = await server.latchkey.keys.create({
      organizationId: 'root',
      name: 'K',
      permissions: ['latchkey:*'],
    })
    await using direct = await connectDirectly(database.url)
    await direct.run('begin')
    await direct.run('lock table secrets in access exclusive mode')
    const { socket } = await openRaw(server.url)
    socket.on('error', () => {})
    const headers = { 'content-type': type }
    socket.write(requestBytes('POST', path, { token: key, body: '{"key":"x"}', headers }))
    await sleep(100)
    socket.resetAndDestroy()
    await sleep(100)
    await direct.run('rollback')
    const isWrittenDown = () => server.log.some((line) => line.route === path)
    await expect.poll(isWrittenDown, { timeout: 2_000 }).toBe(true)
  },
)
