// Relays behind relays, and a relay whose upstream is away, refuses it, or is none.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { startServerProxy } from './setup/http-proxy.ts'
import { startLosingProxy } from './setup/losing-proxy.ts'
import { startTestRelay } from './setup/relay.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const verifying = ['latchkey:keys:verify']

/** A server, and two relays behind each other before it, each with a key of its own. */
async function openChain(between: (url: string) => Promise<string> = async (url) => url) {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startTestServer('sqlite::memory:'))
  await createAcme(server.latchkey)
  const [near, far] = await Promise.all(['near', 'far'].map((name) => issueRoot(server, name)))
  const first = stack.use(await startTestRelay(await between(server.url), near as string))
  const second = stack.use(await startTestRelay(first.url, far as string))
  return { server, first, second, token: far as string, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function issueRoot({ latchkey }: TestServer, name: string, permissions = verifying): Promise<string> {
  return (await latchkey.keys.create({ organizationId: 'root', name, permissions })).key
}

test('a relay behind a relay answers, and what it counts reaches the server once, also if answers are lost', async () => {
  await using stack = new AsyncDisposableStack()
  const lossy: { lost(): number }[] = []
  const chain = await openChain(async (url) => {
    const proxy = stack.use(await startLosingProxy(url, '/v1/usage/reports', 2))
    lossy.push(proxy)
    return proxy.url
  })
  const { server, second, token } = chain
  const { latchkey } = server
  const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a:b'] })
  const context = { operation: 'GET /files/*', ip: '192.0.2.7' }
  for (let i = 0; i < 25; i++) {
    const { json } = await second.request('POST', '/v1/keys/verify', { token, body: { key, context } })
    expect(json).toMatchObject({ valid: true, key_id: id })
  }
  const refused = await second.request('POST', '/v1/keys/verify', {
    token,
    body: { key, permissions: ['c:d'], context },
  })
  expect(refused.json).toMatchObject({ code: 'insufficient_permissions' })
  await second.close()
  expect(lossy[0]?.lost()).toBe(2)
  const [row] = (await latchkey.usage.readKey(id, { by: 'total' })).rows
  expect(row).toMatchObject({ calls: 26, valid: 25, refused: { insufficient_permissions: 1 } })
  const { lastUsed } = await latchkey.keys.get(id)
  expect(lastUsed).toMatchObject({ operation: 'GET /files/*', ip: '192.0.2.7' })
  await chain[Symbol.asyncDispose]()
})

test('units are drawn once through two relays, and go back when one stops', async () => {
  await using chain = await openChain()
  const { server, second, token } = chain
  const limits = [{ name: 'credits', limit: 30, resets: null }]
  const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits })
  const ask = async (cost?: number) =>
    (
      await second.request('POST', '/v1/keys/verify', {
        token,
        body: { key, ...(cost !== undefined && { cost }) },
      })
    ).json
  for (let i = 0; i < 10; i++) expect(await ask()).toMatchObject({ valid: true })
  await second.close()
  // What the relay held is there again for others.
  expect(await server.latchkey.verify(key, { cost: 20 })).toMatchObject({ valid: true })
  expect(await server.latchkey.verify(key)).toMatchObject({ valid: false, code: 'quota_exceeded' })
})

test('what is reserved through two relays is signed by the server, and settled through them', async () => {
  await using chain = await openChain()
  const { server, second, token } = chain
  const limits = [{ name: 'credits', limit: 100, resets: null }]
  const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits })
  const body = { key, cost: { credits: 60 }, reserve_seconds: 60 }
  const { json: verdict } = await second.request('POST', '/v1/keys/verify', { token, body })
  expect(verdict).toMatchObject({ valid: true, reservation: expect.any(String) })
  const { json: batch } = await second.request<{ code: string }[]>('POST', '/v1/keys/verify/batch', {
    token,
    body: [body],
  })
  expect(batch).toMatchObject([{ code: 'quota_exceeded' }])
  const settling = { reservation: verdict.reservation, cost: { credits: 15 } }
  const settled = await second.request('POST', '/v1/settlements', { token, body: settling })
  expect(settled.json).toMatchObject({ settled: [{ name: 'credits', reserved: 60, cost: 15 }] })
  const stranger = await second.request('POST', '/v1/settlements', { token: key, body: settling })
  expect(stranger.status).toBe(403)
})

test('a caller of a relay draws nothing from its own limits, and its calls are no calls of the API', async () => {
  await using chain = await openChain()
  const { server, second } = chain
  const limits = [{ name: 'credits', limit: 1, resets: null }]
  const own = { organizationId: 'root', name: 'V', permissions: verifying, limits }
  const { id, key: token } = await server.latchkey.keys.create(own)
  const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
  for (let i = 0; i < 5; i++)
    expect((await second.request('POST', '/v1/keys/verify', { token, body: { key } })).json.valid).toBe(true)
  await second.close()
  expect((await server.latchkey.usage.readKey(id, { by: 'total' })).rows).toMatchObject([{ calls: 0 }])
  expect((await server.latchkey.keys.get(id)).lastUsedAt).toBeInstanceOf(Date)
})

test('a relay lends nobody the power of its own key', async () => {
  await using chain = await openChain()
  const { server, second } = chain
  const make = (organizationId: string, permissions: string[]) =>
    server.latchkey.keys.create({ organizationId, name: 'K', permissions })
  const own = await make('acme', verifying)
  const { key: plain } = await make('acme', ['*'])
  const { key: foreign } = await make('root', ['a:b'])
  const ask = (path: string, token: string, body?: object) =>
    second.request<Record<string, unknown>>(body ? 'POST' : 'GET', path, { token, body })
  for (const path of ['/v1/changes', '/v1/changes/latest']) expect((await ask(path, plain)).status).toBe(403)
  for (const path of ['/v1/keys/verify', '/v1/keys/facts', '/v1/grants', '/v1/usage/reports'])
    expect((await ask(path, plain, { key: plain })).status).toBe(403)
  expect((await ask('/v1/keys/verify', own.key, { key: foreign })).json).toEqual({
    valid: false,
    code: 'not_found',
  })
  expect((await ask('/v1/keys/facts', own.key, { key: foreign })).json).toMatchObject({ secret: null })
  // Its stream counts the changes of its own organization alone, as the server's own does.
  const [told, relayed] = await Promise.all(
    [server, second].map((each) => each.request('GET', '/v1/changes', { token: own.key })),
  )
  expect(relayed?.text).toBe(told?.text)
  await server.latchkey.keys.revoke(own.id)
  await expect.poll(async () => (await ask('/v1/keys/verify', own.key, { key: plain })).status).toBe(401)
})

test('other calls are no calls of a relay, which says where they belong', async () => {
  await using chain = await openChain()
  for (const [method, path] of [
    ['GET', '/v1/keys'],
    ['POST', '/v1/keys'],
    ['GET', '/'],
    ['POST', '/v1/revoke'],
  ] as const) {
    const { status, json } = await chain.second.request(method, path, { token: chain.server.rootKey })
    expect([status, json]).toMatchObject([
      404,
      { code: 'route_not_found', detail: expect.stringContaining(chain.first.url) },
    ])
  }
})

test('a relay whose upstream is away is not ready and gives no verdict, until the upstream is there', async () => {
  await using server = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  const token = await issueRoot(server, 'R')
  const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'K' })
  await using proxy = await startServerProxy(server.url)
  proxy.cut()
  await using relay = await startTestRelay(proxy.url, token)
  const look = async () => {
    const answers = [
      await relay.request('GET', '/readyz'),
      await relay.request('POST', '/v1/keys/verify', { token, body: { key } }),
      await relay.request('POST', '/v1/keys/verify/batch', { token, body: [{ key }] }),
      await relay.request('GET', '/v1/auth', { token: key }),
    ]
    return answers.map(({ status, json, headers }) => [status, json?.code, headers.get('retry-after')])
  }
  const away = Array.from({ length: 4 }, () => [503, 'upstream_unavailable', '1'])
  expect(await look()).toEqual(away)
  expect((await relay.request('GET', '/healthz')).status).toBe(200)
  expect(relay.log).toContainEqual(expect.objectContaining({ msg: expect.stringMatching(/^not ready/) }))
  proxy.heal()
  await expect.poll(async () => (await relay.request('GET', '/readyz')).status).toBe(200)
  expect((await look()).map(([status]) => status)).toEqual([200, 200, 200, 200])
  await expect.poll(() => relay.log.map(({ msg }) => msg)).toContain('ready: the upstream answers')
  expect((await relay.request('GET', '/metrics')).text).toContain('latchkey_relay_ready 1')
  proxy.cut()
  await expect.poll(look).toEqual(away)
})

test('what a relay has handed on when it stops is still answered, and its streams end', async () => {
  await using server = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  const token = await issueRoot(server, 'R')
  const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'K' })
  await using proxy = await startServerProxy(server.url)
  const relay = await startTestRelay(proxy.url, token)
  const stream = await fetch(`${relay.url}/v1/changes`, { headers: { authorization: `Bearer ${token}` } })
  expect((await relay.request('POST', '/v1/keys/facts', { token, body: { key } })).status).toBe(200)
  proxy.hold()
  const held = relay.request('POST', '/v1/keys/facts', { token, body: { key } })
  const direct = relay.request('GET', '/healthz')
  expect((await direct).status).toBe(200)
  const closing = relay.close()
  // It ends at once, and so may be waited for while the answers are held.
  await stream.text()
  proxy.release()
  expect((await held).status).toBe(200)
  await closing
})

test('a batch that waits for units draws them once, and is judged once more before it is told', async () => {
  await using server = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  const token = await issueRoot(server, 'R')
  const limits = [{ name: 'credits', limit: 5, resets: null }]
  const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'K', limits })
  await using proxy = await startServerProxy(server.url)
  const relay = await startTestRelay(proxy.url, token)
  proxy.delay(300)
  const { json } = await relay.request<object[]>('POST', '/v1/keys/verify/batch', {
    token,
    body: [{ key }, { key }],
  })
  expect(json).toMatchObject([{ valid: true }, { valid: true }])
  proxy.heal()
  await relay.close()
  expect(await server.latchkey.verify(key, { cost: 3 })).toMatchObject({ valid: true })
  expect(await server.latchkey.verify(key)).toMatchObject({ code: 'quota_exceeded' })
})

test('a relay does not start with a token that its upstream refuses, or before what is no Latchkey', async () => {
  await using server = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  const revoked = await server.latchkey.keys.create({
    organizationId: 'root',
    name: 'R',
    permissions: verifying,
  })
  await server.latchkey.keys.revoke(revoked.id)
  const start = (url: string, token: string) => startTestRelay(url, token)
  await expect(start(server.url, revoked.key)).rejects.toMatchObject({ code: 'invalid_token', status: 401 })
  const weak = await issueRoot(server, 'weak', ['a:b'])
  await expect(start(server.url, weak)).rejects.toMatchObject({ code: 'missing_permission', status: 403 })
  const page = await serveAll((_, outgoing) =>
    outgoing.setHeader('content-type', 'text/html').end('<p>Hello'),
  )
  await expect(start(page, weak)).rejects.toMatchObject({ code: 'unexpected_answer' })
  const older = await serveAll((_, outgoing) => {
    outgoing.writeHead(404, { 'content-type': 'application/problem+json' })
    outgoing.end(JSON.stringify({ code: 'route_not_found', title: 'Route not found' }))
  })
  await expect(start(older, weak)).rejects.toMatchObject({ code: 'unsupported_server' })
})

test.each([1, 2, 3])('%i relays in a circle say so, and ask each other nothing without end', async (size) => {
  await using server = await startTestServer('sqlite::memory:')
  const tokens = await Promise.all(Array.from({ length: size }, (_, i) => issueRoot(server, `R${i}`)))
  const urls = await Promise.all(tokens.map(() => serveAll(() => {}, true)))
  await using stack = new AsyncDisposableStack()
  const relays = await Promise.all(
    tokens.map(async (token, i) => {
      const port = Number(new URL(urls[i] as string).port)
      return stack.use(await startTestRelay(urls[(i + 1) % size] as string, token, { port }))
    }),
  )
  for (const relay of relays) {
    await expect
      .poll(async () => (await relay.request('GET', '/readyz')).json.detail, { timeout: 15_000 })
      .toBe('The upstream of this relay is this relay itself, or waits for it.')
    const line = {
      msg: expect.stringMatching(/^not ready/),
      reason: expect.stringContaining('must be nearer to the database'),
    }
    await expect.poll(() => relay.log).toContainEqual(expect.objectContaining(line))
    await expect.poll(() => relay.log).toContainEqual(expect.objectContaining({ status: 508 }))
  }
})

/** An HTTP server that answers every request so; the address of one that was there if it is not to stay. */
async function serveAll(answer: RequestListener, isGone = false): Promise<string> {
  const other = createServer(answer).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const close = () => {
    other.closeAllConnections()
    other.close()
  }
  if (isGone) {
    close()
    await once(other, 'close')
  } else onTestFinished(close)
  return `http://127.0.0.1:${port}`
}
