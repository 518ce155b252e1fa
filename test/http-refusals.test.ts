// Bad input over HTTP: each fault gets its status, its code and where there is a field its path, and changes nothing.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CreatedKey } from '../src/index.ts'
import { routes } from '../src/server/app.ts'
import { createAcme } from './setup/acme.ts'
import { type DatabaseKind, databaseKinds, makePostgres, makeSqlite } from './setup/databases.ts'
import { embedOrigin, openPage } from './setup/portal.ts'
import { bodies } from './setup/route-bodies.ts'
import { startTestServer, type TestServer } from './setup/server.ts'
import { wrongRequests } from './setup/wrong-fields.ts'

const long = (length: number) => 'a'.repeat(length)

describe.each(databaseKinds)('bad input on %s', (kind: DatabaseKind) => {
  let server: TestServer
  let remove: () => Promise<void>
  let key: CreatedKey
  let portalToken: string
  let before: string

  beforeAll(async () => {
    const database = kind === 'SQLite' ? makeSqlite() : await makePostgres()
    remove = database.remove
    server = await startTestServer(database.url)
    await createAcme(server.latchkey)
    key = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a'] })
    portalToken = (await openPage(server, { kind: 'embed' })).token
    before = await snapshot()
  })
  afterAll(async () => {
    await server.close()
    await remove()
  })

  async function snapshot(): Promise<string> {
    const { keys, organizations, audit } = server.latchkey
    const all = [keys.list({ status: 'all' }), organizations.list(), audit.list(), keys.get(key.id)]
    // Calling is a use of the root key, and an event gets its number a moment later: nothing else may change.
    return JSON.stringify(await Promise.all(all)).replace(
      /"(?:lastUsed(?:At)?|sequence)":(?:null|\d+|"[^"]+"|\{[^}]*\})/g,
      '',
    )
  }

  test('every field of a wrong type, length, alphabet or shape is named in a 422', async () => {
    for (const [method, path, body, errorPath] of wrongRequests(key.id)) {
      const { status, json, text, headers } = await server.request<{
        errors: { path: string; message: string }[]
      }>(method, path, { token: path.startsWith('/v1/auth') ? key.key : server.rootKey, body })
      const what = `${method} ${path} ${JSON.stringify(body)?.slice(0, 100)} -> ${text}`
      expect(status, what).toBe(422)
      expect(headers.get('content-type'), what).toBe('application/problem+json')
      expect(json, what).toMatchObject({ code: 'invalid_input', status: 422 })
      expect(
        json.errors.map((fault) => fault.path),
        what,
      ).toContain(errorPath)
      for (const { message } of json.errors) expect(message, what).toMatch(/^[A-Z1].{8,}[.?]$/)
    }
    expect(await snapshot()).toBe(before)
  })

  test('a body that is not JSON in plain UTF-8, or says one thing twice, is 400', async () => {
    const bodies: [body: string | Uint8Array, detail: RegExp][] = [
      ['', /empty/],
      ['{', /ends before|character 2\./],
      ['{"name":"a"', /not valid JSON at|ends before/],
      ["{'name':'a'}", /character 2\./],
      ['{"name":"a",}', /character 13\./],
      ['{"name":"a"} {}', /character 14\./],
      ['{"name":"a" /* */}', /not (?:valid )?JSON/],
      ['nul', /not (?:valid )?JSON|ends before/],
      ['NaN', /not (?:valid )?JSON|ends before/],
      ['{"name":"\n"}', /not (?:valid )?JSON/],
      ['\ufeff{"name":"a"}', /JSON/],
      [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /UTF-8/],
      [new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), /UTF-8/],
      [new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), /UTF-8/],
      ['{"name":"a","name":"b"}', /the name name twice/],
      ['{"name":"a","n\\u0061me":"b"}', /the name name twice/],
      ['{"name":"a","metadata":{"x":{"y":1,"z":[{}],"y":2}}}', /the name y twice/],
      ['{"a b":1,"a b":2}', /a name twice/],
      ['['.repeat(65_536), /ends before|not (?:valid )?JSON/],
      ['{"a":'.repeat(13_000), /ends before|not (?:valid )?JSON/],
    ]
    for (const [body, detail] of bodies) {
      const answer = await server.request('POST', '/v1/keys', { token: server.rootKey, body })
      const what = `${body.slice(0, 60)} -> ${answer.text}`
      expect(answer.status, what).toBe(400)
      expect(answer.json, what).toMatchObject({
        code: 'invalid_json',
        detail: expect.stringMatching(detail),
      })
    }
    expect(await snapshot()).toBe(before)
  })

  test('a name of __proto__ is refused wherever it stands, and no object gets a new nature', async () => {
    for (const body of [
      '{"__proto__":{"name":"a"}}',
      '{"name":"a","metadata":{"__proto__":{"admin":true}}}',
      '{"name":"a","metadata":{"x":[{"\\u005f_proto__":1}]}}',
      '[{"key":"x","__proto__":{}}]',
    ]) {
      const answer = await server.request('POST', '/v1/keys', { token: server.rootKey, body })
      expect(answer, body).toMatchObject({ status: 422, json: { errors: [{ path: '__proto__' }] } })
    }
    const fields = { constructor: { prototype: { admin: true } }, prototype: 1 }
    const other = await server.request('POST', '/v1/keys', {
      token: server.rootKey,
      body: { name: 'a', ...fields },
    })
    expect(other.status).toBe(422)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect(await snapshot()).toBe(before)
  })

  test('deep nesting and many names are judged in no time and are 422', async () => {
    const nested = `{"name":"a","metadata":${'['.repeat(32_000)}${']'.repeat(32_000)}}`
    const crowded = JSON.stringify(Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`f${i}`, 1])))
    for (const body of [nested, crowded]) {
      const answer = await server.request<{ errors: unknown[] }>('POST', '/v1/keys', {
        token: server.rootKey,
        body,
      })
      expect(answer).toMatchObject({ status: 422, json: { code: 'invalid_input' } })
      expect(answer.json.errors.length).toBeLessThanOrEqual(32)
    }
    expect(await snapshot()).toBe(before)
  })

  test('a body of another type or encoding is 415', async () => {
    const body = JSON.stringify({ name: 'a' })
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-type': 'application/jsonp' },
      { 'content-type': 'application/problem+json' },
      { 'content-type': 'text/html, application/json' },
      { 'content-encoding': 'gzip' },
    ]) {
      for (const path of ['/v1/keys', `/v1/keys/${key.id}/rotate`]) {
        const answer = await server.request('POST', path, { token: server.rootKey, body, headers })
        expect(answer, JSON.stringify(headers)).toMatchObject({
          status: 415,
          json: { code: 'unsupported_media_type' },
        })
      }
    }
    expect(await snapshot()).toBe(before)
  })

  test('a body over the limit is 413, whether its length is announced or not', async () => {
    const cases: [string, number][] = [
      ['/v1/keys', 64 * 1024],
      [`/v1/keys/${key.id}/rotate`, 64 * 1024],
      ['/v1/keys/verify', 64 * 1024],
      ['/v1/keys/verify/batch', 256 * 1024],
    ]
    for (const [path, limit] of cases) {
      const atLimit = await server.request('POST', path, { token: server.rootKey, body: ' '.repeat(limit) })
      expect(atLimit, path).toMatchObject({ status: 400 })
      const over = await server.request('POST', path, { token: server.rootKey, body: ' '.repeat(limit + 1) })
      expect(over, path).toMatchObject({ status: 413, json: { code: 'body_too_large' } })
      expect(over.headers.get('connection')).toBe('close')
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.rootKey}\r\nContent-Type: application/json\r\n`
      const announced = await sendRaw(server.url, `${head}Content-Length: ${limit + 1}\r\n\r\n`)
      expect(announced).toContain('"code":"body_too_large"')
      const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
      const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(limit / 0x4000)}1\r\n \r\n`
      // The body has no end: the answer must not wait for one.
      expect(await sendRaw(server.url, chunked)).toMatch(/^HTTP\/1\.1 413 .*"code":"body_too_large"/s)
    }
    expect(await snapshot()).toBe(before)
  })

  test('an unknown address is 404, a known one with another method 405 with what it takes', async () => {
    for (const path of [
      '/keys',
      '/v1',
      '/v1/keys/',
      '/v2/keys',
      '/V1/keys',
      '/v1/keys/a/b',
      '/v1/keys//rotate',
      '/.env',
    ]) {
      const answer = await server.request('GET', path, { token: server.rootKey })
      expect(answer, path).toMatchObject({ status: 404, json: { code: 'route_not_found' } })
    }
    for (const [method, path] of [
      ['POST', '/v1/keys/self/rotate'],
      ['DELETE', '/v1/keys/self/secrets/4kTz9WqLm2Xc7RbN'],
      ['POST', '/v1/keys/verify/rotate'],
    ] as const) {
      const answer = await server.request(method, path, { token: server.rootKey })
      expect(answer, path).toMatchObject({ status: 404, json: { code: 'route_not_found' } })
      if (path.includes('self')) expect(answer.json.detail).toMatch(/GET \/v1\/keys\/self gives the id/)
    }
    const cases: [string, string, string][] = [
      ['PUT', '/v1/keys', 'POST, GET, HEAD'],
      ['DELETE', '/v1/keys', 'POST, GET, HEAD'],
      ['POST', `/v1/keys/${key.id}`, 'GET, PATCH, DELETE, HEAD'],
      ['OPTIONS', `/v1/keys/${key.id}/rotate`, 'POST'],
      ['DELETE', '/v1/organizations/acme', 'GET, PATCH, HEAD'],
      ['POST', '/v1/audit-log', 'GET, HEAD'],
      ['POST', '/v1/auth', 'GET, HEAD'],
      ['POST', '/healthz', 'GET, HEAD'],
      // An address of its own is no id.
      ['PUT', '/v1/keys/verify', 'POST'],
      ['GET', '/v1/keys/verify', 'POST'],
      ['PATCH', '/v1/keys/verify', 'POST'],
      ['DELETE', '/v1/keys/self', 'GET, HEAD'],
      ['PATCH', '/v1/keys/permissions', 'GET, HEAD'],
      ['DELETE', '/v1/keys/facts', 'POST'],
      ['GET', '/v1/keys/uses', 'POST'],
      ['HEAD', '/v1/keys/uses', 'POST'],
      ['GET', '/v1/sessions/self', 'DELETE'],
    ]
    for (const [method, path, allow] of cases) {
      const answer = await server.request(method, path, { token: server.rootKey })
      expect(answer, path).toMatchObject({ status: 405 })
      if (method !== 'HEAD') expect(answer.json.code, path).toBe('method_not_allowed')
      expect(answer.headers.get('allow'), path).toBe(allow)
    }
    expect(await snapshot()).toBe(before)
  })

  test('an unknown query parameter is refused on every route, with or without a token', async () => {
    // A person follows a link to these, and links carry parameters of those who spread them.
    const pages = ['/', '/docs', '/portal']
    // Nobody has set it up: there is nothing whose query could be wrong.
    const absent = ['takeGitlabReport']
    for (const { method, path, operationId, form, portal } of routes) {
      const asking = portal
        ? { token: portalToken, headers: { origin: embedOrigin } }
        : { token: server.rootKey }
      // By an error of OAuth 2.0: see `introspection.test.ts`.
      if (form) continue
      const address = path.replace('{id}', key.id).replaceAll(/\{\w+\}/g, '~')
      for (const query of ['x=1', 'utm_source=a&utm_medium=b', 'x', '=', '%ff=1']) {
        const what = `${method} ${address}?${query}`
        const request = { ...asking, body: bodies[operationId] }
        const answer = await server.request(method, `${address}?${query}`, request)
        if (pages.includes(path)) expect(answer.status, what).toBe(200)
        else if (absent.includes(operationId)) expect(answer.status, what).toBe(404)
        else expect(answer, what).toMatchObject({ status: 422, json: { code: 'invalid_input' } })
        if (method !== 'GET') continue
        const head = await server.request('HEAD', `${address}?${query}`, asking)
        expect(head.status, `HEAD ${what}`).toBe(answer.status)
      }
      if (method === 'GET')
        expect((await server.request(method, `${address}?`)).status, address).not.toBe(422)
    }
    expect(await snapshot()).toBe(before)
  })

  test('an offset whose + became a blank in the URL is refused with how to write it', async () => {
    for (const [value, status] of [
      ['2026-01-31T12:00:00+01:00', 422],
      ['2026-01-31T12:00:00%2B01:00', 200],
      ['2026-01-31T12:00:00-01:00', 200],
    ] as const) {
      const path = `/v1/audit-log?since=${value}`
      const answer = await server.request('GET', path, { token: server.rootKey })
      expect(answer.status, value).toBe(status)
      if (status === 422)
        expect(answer.json.errors).toEqual([
          { path: 'since', message: expect.stringMatching(/Write the \+ of an offset as %2B in a URL\.$/) },
        ])
    }
  })

  test('a token in a URL is refused before all else, in any disguise, and is not logged', async () => {
    const token = server.rootKey
    const encoded = [...token].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('')
    for (const path of [
      `/v1/keys?key=${token}`,
      `/v1/keys/${token}`,
      `/${token}`,
      `/v1/auth?permission=${token}`,
      `/v1/keys?q=secret-token%3A${token}`,
      `/v1/keys?q=${encoded}`,
      `/v1/keys?q=${encoded.replaceAll('%', '%25')}`,
      `/healthz?${token}=1`,
      `/docs?token=${token}`,
      // Without its check, all of the secret is there; with less, much of it.
      `/v1/keys?q=${token.slice(0, -6)}`,
      `/v1/auth?permission=${token.slice(0, 40)}`,
      `/v1/keys?q=${encoded.slice(0, 3 * 40)}`,
    ]) {
      for (const method of ['GET', 'PUT']) {
        const answer = await server.request(method, path, { token })
        expect(answer, path).toMatchObject({ status: 400, json: { code: 'token_in_url' } })
        expect(answer.text).not.toContain(token.slice(19))
      }
    }
    expect(JSON.stringify(server.log)).not.toContain(token.slice(19, 40))
    expect(JSON.stringify(server.log)).not.toContain(encoded.slice(60, 90))
  })

  test('what a provider sends a browser back with may look like a token', async () => {
    const token = server.rootKey
    const query = `code=${token}&state=${token}`
    const page = await server.request('GET', `/sign-in/callback/okta?${query}`, {
      headers: { accept: 'text/html' },
    })
    expect(page).toMatchObject({ status: 200 })
    expect(page.text).not.toContain(token.slice(19))
    for (const path of [
      `/sign-in/callback/${token}?a=1`,
      `/sign-in/okta?${query}`,
      `/v1/keys?x=/sign-in/callback/o?${query}`,
    ])
      expect(await server.request('GET', path), path).toMatchObject({
        status: 400,
        json: { code: 'token_in_url' },
      })
    expect(JSON.stringify(server.log)).not.toContain(token.slice(19, 40))
  })

  test('of several faults the first in order is told: URL, route, token, permission, type, size, JSON, shape', async () => {
    const reader = await server.latchkey.keys.create({
      organizationId: 'root',
      name: 'R',
      permissions: ['latchkey:keys:read'],
    })
    const body = '{'.padEnd(70_000)
    const text = { 'content-type': 'text/plain' }
    const token = server.rootKey
    const cases: [string, Parameters<TestServer['request']>[2], number][] = [
      [`/nowhere?key=${token}`, { body, headers: text }, 400],
      ['/nowhere', { body, headers: text }, 404],
      ['/v1/keys?x=1', { body, headers: text }, 401],
      ['/v1/keys?x=1', { token: reader.key, body, headers: text }, 403],
      ['/v1/keys?x=1', { token, body, headers: text }, 415],
      ['/v1/keys?x=1', { token, body }, 413],
      ['/v1/keys?x=1', { token, body: '{' }, 400],
      ['/v1/keys?x=1', { token, body: '{}' }, 422],
    ]
    for (const [path, request, status] of cases) {
      expect((await server.request('POST', path, request)).status, path).toBe(status)
    }
    await server.latchkey.keys.revoke(reader.id)
    before = await snapshot()
  })

  test('what is no HTTP at all gets a problem too', async () => {
    const cases: [string, RegExp][] = [
      ['GARBAGE\r\n\r\n', /^HTTP\/1\.1 400 .*"code":"malformed_request"/s],
      ['GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 .*"code":"malformed_request"/s],
      ['GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n', /^HTTP\/1\.1 400 .*"code":"malformed_request"/s],
      [
        'POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        /^HTTP\/1\.1 400 .*"code":"malformed_request"/s,
      ],
      [
        `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${long(20_000)}\r\n\r\n`,
        /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s,
      ],
      [
        `GET /healthz HTTP/1.1\r\nHost: x\r\nA: GET /${long(20_000)}`,
        /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s,
      ],
      [`GET /${long(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 414 .*"code":"target_too_long"/s],
      [`GET /healthz?x=${long(20_000)}`, /^HTTP\/1\.1 414 .*"code":"target_too_long"/s],
      ['BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 501 .*"code":"unsupported_method"/s],
      ['get /healthz HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 501 .*"code":"unsupported_method"/s],
      ['GETS /healthz HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 501 .*"code":"unsupported_method"/s],
      ['BR(EW /pot HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 .*"code":"malformed_request"/s],
      ['BREW /pot COFFEE/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 400 .*"code":"malformed_request"/s],
    ]
    for (const [request, answer] of cases) {
      const text = await sendRaw(server.url, request)
      expect(text).toMatch(answer)
      expect(text).toMatch(/x-content-type-options: nosniff/i)
      expect(text).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/i)
    }
  })
})

/** Sends bytes as they are and reads until the other side ends the connection. */
function sendRaw(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('close', () => resolve(answer))
    // A reset after the answer is the other side's right: we still owe it the rest of a body.
    socket.on('error', () => {})
    socket.write(text)
  })
}
