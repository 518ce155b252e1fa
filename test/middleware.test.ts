// The guards for Hono, Express, Fastify and fetch-style handlers: the same answers from each, over real HTTP.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import type { CreatedKey } from '../src/index.ts'
import { withKey } from '../src/middleware/fetch.ts'
import { makeSqlite } from './setup/databases.ts'
import { frameworks } from './setup/guarded.ts'
import { send, startTestServer, type TestRequest, type TestServer } from './setup/server.ts'

let server: TestServer
let removeDatabase: () => Promise<void>
let sender: CreatedKey
let reader: CreatedKey
let revoked: CreatedKey
beforeAll(async () => {
  const database = makeSqlite()
  removeDatabase = database.remove
  server = await startTestServer(database.url)
  await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
  const create = (name: string, permissions: string[]) =>
    server.latchkey.keys.create({ organizationId: 'acme', name, permissions, metadata: { plan: 'pro' } })
  sender = await create('Sender', ['emails:*', 'teams:blue'])
  reader = await create('Reader', ['emails:read'])
  revoked = await create('Revoked', ['*'])
  await server.latchkey.keys.revoke(revoked.id)
})
afterAll(async () => {
  await server.close()
  await removeDatabase()
})

describe.each(Object.keys(frameworks))('on %s', (name) => {
  const start = frameworks[name] as (typeof frameworks)[string]
  const open = () => start(server.latchkey)

  test('a valid key comes through, and the handler knows whose it is', async () => {
    await using api = await open()
    const answer = await ask(api.url, '/emails', { token: sender.key })
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({
      keyId: sender.id,
      organizationId: 'acme',
      permissions: ['emails:*', 'teams:blue'],
      metadata: { plan: 'pro' },
    })
  })

  test('a path or a header of any length and letters is a refusal, and never a failure of Latchkey', async () => {
    await using api = await open()
    const { url } = api
    for (const team of [
      'x'.repeat(123),
      'x'.repeat(3_000),
      '%C3%A9',
      'blue%20red',
      '%22',
      '%0A',
      'a%2Cb',
      '::',
    ]) {
      const path = `/of/${team}`
      const answer = await ask(url, path, { token: sender.key })
      expect([answer.status, answer.json?.code], path).toEqual([403, 'missing_permission'])
      expect(answer.headers.get('www-authenticate'), path).toBe('Bearer error="insufficient_scope"')
      expect((await ask(url, path, { token: revoked.key })).status, path).toBe(401)
      expect((await ask(url, path, {})).status, path).toBe(401)
    }
    for (const token of [sender.key.repeat(2), 'x'.repeat(10_000)])
      expect((await ask(url, '/emails', { token })).json?.code).toBe('invalid_token')
    expect(api.errors).toEqual([])
  })

  test('the token is read from either header, the scheme in any case', async () => {
    await using api = await open()
    for (const headers of [
      { authorization: `bearer ${sender.key}` },
      { authorization: `BEARER   ${sender.key}` },
      { 'x-api-key': sender.key },
      { 'X-API-KEY': sender.key, authorization: 'Basic YTpi' },
      { 'x-api-key': sender.key, authorization: `Bearer ${sender.key}` },
      { authorization: `Bearer secret-token:${sender.key}` },
    ]) {
      expect((await ask(api.url, '/emails', { headers })).status, JSON.stringify(headers)).toBe(200)
    }
  })

  test('a token of another system comes through, however long one may be', async () => {
    await using api = await open()
    const tokenOf = (length: number) => `sk|${name.replaceAll(' ', '')}`.padEnd(length, '~')
    const keys = [16, 257, 512].map((length) => ({
      ...{ organizationId: 'acme', name: 'Moved', permissions: ['emails:send'] },
      token: tokenOf(length),
    }))
    await server.latchkey.keys.import(keys)
    for (const { token } of keys)
      for (const shown of [token, `secret-token:${token}`])
        expect((await ask(api.url, '/emails', { token: shown })).status, shown).toBe(200)
    expect((await ask(api.url, '/emails', { token: tokenOf(513) })).status).toBe(401)
  })

  test('a request without a token is told to send one, as by Latchkey itself', async () => {
    await using api = await open()
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: sender.key }]) {
      const answer = await ask(api.url, '/me', { headers })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const { detail, ...problem } = answer.json
      const own = await server.request('GET', '/v1/keys')
      const { request_id, detail: ownDetail, ...ownProblem } = own.json
      expect(problem).toEqual(ownProblem)
      expect(detail).toMatch(/^Send a token as Authorization: Bearer/)
    }
  })

  test('every token that opens nothing gets the same answer, that of Latchkey itself', async () => {
    await using api = await open()
    const unknown = `re_${'0'.repeat(65)}`
    const { request_id, ...own } = (await server.request('GET', '/v1/keys', { token: unknown })).json
    for (const headers of [
      { authorization: 'Bearer nonsense' },
      { authorization: `Bearer ${unknown}` },
      { authorization: `Bearer ${revoked.key}` },
      { authorization: `Bearer ${sender.key.slice(0, -1)}` },
      { authorization: `Bearer ${sender.key} ${sender.key}` },
      { authorization: 'Bearer é' },
      { 'x-api-key': '' },
      { 'x-api-key': sender.key, authorization: `Bearer ${reader.key}` },
      { 'x-api-key': sender.key, authorization: `Bearer ${revoked.key}` },
    ]) {
      const answer = await ask(api.url, '/me', { headers })
      expect(answer.status, JSON.stringify(headers)).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.json).toEqual(own)
      expect(answer.text).not.toContain(sender.key)
    }
  })

  test.each(['Authorization: Bearer', 'X-Api-Key:'])(
    'two headers of one name with two tokens are refused: %s',
    async (field) => {
      await using api = await open()
      const fields = [`${field} ${sender.key}`, `${field} ${reader.key}`]
      expect(await sendRaw(api.url, fields)).toMatch(/^HTTP\/1.1 401 /)
      expect(await sendRaw(api.url, fields.slice(1))).toMatch(/^HTTP\/1.1 200 /)
    },
  )

  test('a key that lacks a permission is told which', async () => {
    await using api = await open()
    const answer = await ask(api.url, '/emails', { token: reader.key })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="emails:send"',
    )
    expect(answer.json).toEqual({
      type: 'urn:latchkey:error:missing_permission',
      title: 'Missing permission',
      status: 403,
      detail: 'This request requires a key that holds emails:send.',
      code: 'missing_permission',
    })
  })

  test('the permission wanted may be a function of the request', async () => {
    await using api = await open()
    expect((await ask(api.url, '/of/blue', { token: sender.key })).status).toBe(200)
    const refused = await ask(api.url, '/of/red', { token: sender.key })
    expect(refused.status).toBe(403)
    expect(refused.json).toMatchObject({ detail: 'This request requires a key that holds teams:red.' })
  })

  test('a key that is revoked is refused at the next request', async () => {
    await using api = await open()
    const { id, key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Short' })
    expect((await ask(api.url, '/me', { token: key })).status).toBe(200)
    await server.latchkey.keys.revoke(id)
    expect((await ask(api.url, '/me', { token: key })).status).toBe(401)
  })

  test.each(['client', 'verifier in memory'])('with a %s it does the same', async (kind) => {
    const options = { url: server.url, token: server.rootKey }
    await using memory = createVerifier(options)
    await using api = await start(kind === 'client' ? createClient(options) : memory)
    expect((await ask(api.url, '/emails', { token: sender.key })).status).toBe(200)
    expect((await ask(api.url, '/emails', { token: reader.key })).status).toBe(403)
    expect((await ask(api.url, '/emails', { token: revoked.key })).status).toBe(401)
  })

  test('where no verdict can be had nobody comes through, and the operator hears why', async () => {
    // Nothing listens there.
    const away = createClient({ url: 'http://127.0.0.1:9', token: server.rootKey })
    // Its own key may not verify.
    const unable = createClient({ url: server.url, token: reader.key })
    for (const [verifier, code] of [
      [away, 'server_unreachable'],
      [unable, 'missing_permission'],
    ] as const) {
      await using api = await start(verifier)
      const answer = await ask(api.url, '/emails', { token: sender.key })
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(answer.json).toMatchObject({ status: 503, code: 'store_unavailable' })
      expect(api.errors).toMatchObject([{ code }])
    }
  })

  test('what is no verdict opens nothing', async () => {
    for (const answer of [undefined, null, {}, { valid: 'yes' }, { code: 'valid' }, 'valid', true]) {
      await using api = await start({ verify: async () => answer as never })
      const { status } = await ask(api.url, '/me', { token: sender.key })
      expect([401, 503]).toContain(status)
    }
  })
})

test.each(['Express', 'Fastify'])('on %s, a route without a guard has no key to give', async (name) => {
  await using api = await (frameworks[name] as (typeof frameworks)[string])(server.latchkey)
  expect((await ask(api.url, '/unguarded', { token: sender.key })).status).toBe(500)
})

test('a list of permissions of a wrong form is refused when the guard is made', () => {
  const options = { verifier: server.latchkey, permissions: ['emails send'] }
  expect(() => withKey(options, () => new Response())).toThrow(TypeError)
  const long = { ...options, permissions: [`emails:${'x'.repeat(128)}`] }
  expect(() => withKey(long, () => new Response())).toThrow(TypeError)
})

/** Sends a GET of /me with header lines as they are, which fetch would join. */
async function sendRaw(url: string, fields: string[]): Promise<string> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk
  })
  socket.write(['GET /me HTTP/1.1', `Host: ${host}`, 'Connection: close', ...fields, '', ''].join('\r\n'))
  await once(socket, 'close')
  return answer
}

function ask(url: string, path: string, request: TestRequest) {
  return send<Record<string, unknown>>(url, 'GET', path, request)
}

test('without onError, a guard says in the console why it answers 503 and whose token is wrong, once a minute', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => written.mockRestore())
  const guarded = withKey(
    { verifier: createClient({ url: server.url, token: revoked.key }) },
    () => new Response(),
  )
  const request = () => new Request('http://a/', { headers: { 'x-api-key': sender.key } })
  expect((await guarded(request())).status).toBe(503)
  expect((await guarded(request())).status).toBe(503)
  expect(written.mock.calls).toEqual([
    [
      expect.stringMatching(
        /answered 503: .*the token that this client itself sends: it is unknown, expired or revoked\.$/,
      ),
    ],
  ])

  const teller = { verify: () => Promise.reject(new Error(`Not this one: ${sender.key}`)) }
  expect((await withKey({ verifier: teller }, () => new Response())(request())).status).toBe(503)
  expect(written.mock.lastCall?.[0]).toMatch(/Not this one: re_/)
  expect(written.mock.lastCall?.[0]).not.toContain(sender.key)
})
