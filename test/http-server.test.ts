// The server itself: its headers, its log and metrics, a database that fails, and how it stops.
import { Agent, get, request } from 'node:http'
import { connect } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { openRaw, requestBytes } from './setup/raw.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Breaks a database under a running server: its tables are gone. */
async function dropTables(databaseUrl: string): Promise<void> {
  const tables = ['audit_events', 'sessions', 'secrets', 'keys', 'organizations', 'followers']
  if (databaseUrl.startsWith('sqlite:')) {
    const database = new DatabaseSync(databaseUrl.slice('sqlite:'.length))
    for (const table of tables) database.exec(`drop table ${table}`)
    database.exec('drop table schema_version')
    database.close()
    return
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('set search_path to latchkey')
  await client.query(`drop table ${tables.join(', ')}, schema_version cascade`)
  await client.end()
}

onEachDatabase('the server', (makeDatabase) => {
  test('a broken database is a 503 problem everywhere, and never a verdict', async () => {
    const databaseUrl = await makeDatabase()
    const server = await startTestServer(databaseUrl)
    const token = server.rootKey
    const { key } = await server.latchkey.createRootKey()
    expect((await server.request('GET', '/readyz')).status).toBe(200)
    await dropTables(databaseUrl)
    const stranger = await startTestServer(await makeDatabase())
    // A token that this process has never seen, so that no memory of it can answer.
    const calls: [string, string, Parameters<TestServer['request']>[2]][] = [
      ['GET', '/v1/auth', { token: stranger.rootKey }],
      ['GET', '/v1/auth', { token: key }],
      ['GET', '/v1/keys', { token: key }],
      ['POST', '/v1/keys/verify', { token: key, body: { key: token } }],
      ['POST', '/v1/keys', { token: key, body: { name: 'A' } }],
    ]
    for (const [method, path, options] of calls) {
      const answer = await server.request(method, path, options)
      expect(answer, path).toMatchObject({ status: 503, json: { code: 'store_unavailable' } })
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(answer.headers.get('x-latchkey-code')).toBeNull()
      expect(answer.text).not.toMatch(/select|insert|table|relation|sqlite|valid"/i)
    }
    const logged = server.log.filter(({ status }) => status === 503)
    expect(logged).toHaveLength(calls.length)
    expect(logged[0]).toMatchObject({
      level: 50,
      route: '/v1/auth',
      problem: 'store_unavailable',
      error: { cause: { message: expect.stringMatching(/no such table|does not exist/) } },
    })
    expect((await server.request('GET', '/healthz')).status).toBe(200)
    // The check that found it ready is remembered for a second, and no longer.
    await expect
      .poll(async () => (await server.request('GET', '/readyz')).status, { timeout: 5000 })
      .toBe(503)
    await stranger.close()
    await server.close().catch(() => {})
  })

  test('a server that is closed under load fails nobody, and what it acknowledged is there', async () => {
    const databaseUrl = await makeDatabase()
    const server = await startTestServer(databaseUrl)
    await createAcme(server.latchkey)
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    const created: string[] = []
    const failures: unknown[] = []
    let stopped = false
    const client = async () => {
      while (!stopped) {
        const answer = await post(server, agent).catch((error: NodeJS.ErrnoException) => error)
        if (answer instanceof Error) {
          // Refused before it was accepted: that request never began.
          if (answer.code === 'ECONNREFUSED') return
          failures.push(answer)
        } else if (answer.status === 200) created.push(answer.id)
        else failures.push(answer)
      }
    }
    const clients = Array.from({ length: 16 }, client)
    while (created.length < 50 && failures.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    await server.close()
    stopped = true
    await Promise.all(clients)
    agent.destroy()
    expect(failures).toEqual([])
    const again = await startTestServer(databaseUrl)
    const { items, next } = await again.latchkey.keys.list({ organizationId: 'acme', limit: 1000 })
    const ids = new Set(items.map(({ id }) => id))
    if (next === undefined) expect(ids.size).toBe(created.length)
    for (const id of created.slice(-500)) expect(ids).toContain(id)
    await again.close()
  })
})

function post(server: TestServer, agent: Agent): Promise<{ status: number; id: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${server.url}/v1/keys`, {
      method: 'POST',
      agent,
      headers: { authorization: `Bearer ${server.rootKey}`, 'content-type': 'application/json' },
    })
    outgoing.on('error', reject)
    outgoing.on('response', async (incoming) => {
      let text = ''
      for await (const chunk of incoming) text += chunk
      resolve({ status: incoming.statusCode ?? 0, id: JSON.parse(text).id })
    })
    outgoing.end('{"organization_id":"acme","name":"Load"}')
  })
}

describe('what the server tells', () => {
  test('every answer carries the security headers and says nothing of what serves it', async () => {
    await using server = await start()
    const token = server.rootKey
    const answers = [
      await server.request('GET', '/healthz'),
      await server.request('GET', '/readyz'),
      await server.request('GET', '/metrics'),
      await server.request('GET', '/openapi.json'),
      await server.request('GET', '/v1/keys', { token }),
      await server.request('GET', '/v1/keys'),
      await server.request('GET', '/v1/auth'),
      await server.request('GET', '/nowhere'),
      await server.request('PUT', '/v1/keys'),
      await server.request('POST', '/v1/keys', { token, body: '{' }),
      await server.request('POST', '/v1/keys', { token, body: ' '.repeat(70_000) }),
      await server.request('GET', `/v1/keys?key=${token}`),
    ]
    for (const { headers, status } of answers) {
      expect(Object.fromEntries(headers), String(status)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.stringMatching(uuid),
      })
      expect(headers.has('server')).toBe(false)
      expect(headers.has('x-powered-by')).toBe(false)
      expect(headers.has('access-control-allow-origin')).toBe(false)
    }
  })

  test('a request id is taken over only where it is a plain one', async () => {
    await using server = await start()
    for (const [sent, kept] of [
      ['deploy_42-a', true],
      ['a'.repeat(64), true],
      ['a'.repeat(65), false],
      ['a b', false],
      ['<script>', false],
      [server.rootKey, false],
      // Without its check it is short enough for an id, and holds all of the secret.
      [server.rootKey.slice(0, -6), false],
      [server.rootKey.slice(0, 40), false],
      ['req_01ARZ3NDEKTSV4RRFFQ69G5FAV', true],
    ] as const) {
      const { headers, json } = await server.request('GET', '/v1/keys', { headers: { 'x-request-id': sent } })
      const id = headers.get('x-request-id')
      expect(id).toMatch(kept ? sent : uuid)
      expect(json.request_id).toBe(id)
      expect(server.log.at(-1)?.request_id).toBe(id)
    }
  })

  test('the duration of a request counts from when it came, not from when its turn came', async () => {
    await using server = await start()
    const one = (id: string) =>
      requestBytes('GET', '/v1/auth', {
        token: server.rootKey,
        headers: { connection: 'keep-alive', 'x-request-id': id },
      })
    const some = one('one-of-many').repeat(49) + one('the-last')
    const connections = await Promise.all(Array.from({ length: 40 }, () => openRaw(server.url)))
    await server.request('GET', '/v1/auth', { token: server.rootKey })
    server.log.length = 0
    const begunAt = performance.now()
    for (const { socket } of connections) socket.write(some)
    await Promise.all(connections.map(({ until }) => until(/the-last/)))
    const wholeMs = performance.now() - begunAt
    const durations = server.log.map(({ duration_ms }) => Number(duration_ms))
    expect(durations).toHaveLength(2_000)
    // They are served one after the other: if none counted its wait, all of them together would take less than the whole.
    expect(durations.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(2 * wholeMs)
    for (const { socket } of connections) socket.destroy()
  })

  test('each request is one line: its route, its outcome and whose key, never a token or a URL', async () => {
    await using server = await start()
    const token = server.rootKey
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const key = await keys.create({ organizationId: 'acme', name: 'Hush', metadata: { plan: 'hush' } })
    const { json: self } = await server.request('GET', '/v1/keys/self', { token })
    server.log.length = 0
    await server.request('GET', `/v1/keys/${key.id}?expand=hush`, { token })
    await server.request('POST', '/v1/keys/verify', { token, body: { key: key.key } })
    await server.request('POST', '/v1/keys/verify/batch', {
      token,
      body: [{ key: key.key }, { key: 'hush' }],
    })
    await keys.revoke(key.id)
    await server.request('GET', '/v1/keys', { token: key.key })
    await server.request('GET', '/v1/auth?permission=hush', { headers: { 'x-api-key': key.key } })
    await server.request('GET', '/hush/hush?hush')
    const kid = key.key.slice(3, 19)
    const line = {
      level: 30,
      msg: 'request',
      request_id: expect.stringMatching(uuid),
      duration_ms: expect.any(Number),
      time: expect.any(Number),
    }
    const key_id = self.id
    expect(server.log).toEqual([
      { ...line, method: 'GET', route: '/v1/keys/{id}', status: 422, key_id, problem: 'invalid_input' },
      { ...line, method: 'POST', route: '/v1/keys/verify', status: 200, key_id, kid, code: 'valid' },
      {
        ...line,
        method: 'POST',
        route: '/v1/keys/verify/batch',
        status: 200,
        key_id,
        codes: { valid: 1, malformed: 1 },
      },
      { ...line, method: 'GET', route: '/v1/keys', status: 401, kid, problem: 'invalid_token' },
      { ...line, method: 'GET', route: '/v1/auth', status: 401, kid, code: 'revoked' },
      { ...line, method: 'GET', status: 404, problem: 'route_not_found' },
    ])
    const text = JSON.stringify(server.log)
    expect(text).not.toMatch(/hush/i)
    for (const secret of [token, key.key]) expect(text).not.toContain(secret.slice(19, 27))
  })

  test('metrics count requests by route, method and status, and verdicts by code, and name no key', async () => {
    await using server = await start()
    const token = server.rootKey
    for (let i = 0; i < 3; i++)
      await server.request('POST', '/v1/keys/verify', { token, body: { key: token } })
    await server.request('POST', '/v1/keys/verify/batch', { token, body: [{ key: token }, { key: 'x' }] })
    await server.request('GET', '/v1/keys/one', { token })
    await server.request('GET', '/v1/keys/two', { token })
    await server.request('GET', '/any/thing')
    const { text, headers } = await server.request('GET', '/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    for (const line of [
      'latchkey_http_requests_total{route="/v1/keys/verify",method="POST",status="200"} 3',
      'latchkey_http_requests_total{route="/v1/keys/{id}",method="GET",status="404"} 2',
      'latchkey_http_requests_total{route="none",method="GET",status="404"} 1',
      'latchkey_http_request_duration_seconds_count{route="/v1/keys/verify",method="POST",status="200"} 3',
      'latchkey_verdicts_total{code="valid"} 4',
      'latchkey_verdicts_total{code="malformed"} 1',
      'latchkey_webhooks{status="active"} 0',
      'latchkey_webhook_events_waiting 0',
      'latchkey_webhook_attempts_total{outcome="delivered"} 0',
      'latchkey_sealed_values{key="lost"} 0',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    expect(text).not.toContain(token.slice(3, 19))
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7/)
  })

  test('while it closes it takes no new client, answers the request under way and says goodbye', async () => {
    await using server = await start()
    const { port } = new URL(server.url)
    const socket = connect(Number(port), '127.0.0.1')
    const body = '{"key":"x"}'
    socket.write(
      `POST /v1/keys/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.rootKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    )
    await expect.poll(() => server.requestsSeen()).toBe(1)
    const idle = new Agent({ keepAlive: true })
    await new Promise((resolve) =>
      get(`${server.url}/healthz`, { agent: idle }, (answer) => answer.resume().on('end', resolve)),
    )
    const closed = server.stop()
    const isRefused = () =>
      fetch(`${server.url}/healthz`).then(
        () => false,
        () => true,
      )
    await expect.poll(isRefused).toBe(true)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    const ended = new Promise((resolve) => socket.on('close', resolve))
    socket.write(body.slice(5))
    await ended
    await closed
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(answer).toContain('{"valid":false,"code":"malformed"}')
    idle.destroy()
  })
})

test('who waits to be accepted when a server begins to close is served', async () => {
  await using server = await start()
  const { port } = new URL(server.url)
  const sockets = Array.from({ length: 20 }, () => connect(Number(port), '127.0.0.1'))
  const answers = sockets.map(async (socket) => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    let answer = ''
    for await (const chunk of socket) answer += chunk
    return answer
  })
  // Then they are connected, as far as they know, and none of them was accepted yet.
  await new Promise(process.nextTick)
  const closed = server.stop()
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  await closed
})

/** A server on SQLite that also tells how many callers it has asked about, and removes what it made. */
async function start(): Promise<
  TestServer & AsyncDisposable & { requestsSeen(): number; stop(): Promise<void> }
> {
  const { url, remove } = makeSqlite()
  const server = await startTestServer(url)
  let seen = 0
  const { verify } = server.latchkey
  server.latchkey.verify = (token, options) => {
    seen++
    return verify(token, options)
  }
  const dispose = async () => {
    await server.close()
    await remove()
  }
  return { ...server, requestsSeen: () => seen, stop: server.close, [Symbol.asyncDispose]: dispose }
}
