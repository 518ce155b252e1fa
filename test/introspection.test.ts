// OAuth 2.0 Token Introspection (RFC 7662): what a gateway is told of a token, and how a bad request is refused.
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instantOfId } from '../src/core/ids.ts'
import { onEachDatabase } from './setup/databases.ts'
import { type Doors, openDoors } from './setup/doors.ts'
import { startTestServer, type TestAnswer, type TestRequest, type TestServer } from './setup/server.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const basic = (password: string, user = 'gateway') => `Basic ${btoa(`${user}:${password}`)}`

type Fields = ConstructorParameters<typeof URLSearchParams>[0]
const introspect = (server: TestServer, fields: Fields, request: TestRequest = { token: server.rootKey }) =>
  server.request('POST', '/v1/introspect', {
    ...request,
    headers: { ...form, ...request.headers },
    body: new URLSearchParams(fields).toString(),
  })

function expectRefusal(answer: TestAnswer, status: number, error: string, about = ''): void {
  expect(answer, about).toMatchObject({ status, json: { error } })
  expect(Object.keys(answer.json), about).toEqual(['error', 'error_description'])
  expect(answer.json.error_description, about).toMatch(/^[ !#-[\]-~]+$/)
  expect(answer.headers.get('content-type'), about).toBe('application/json')
  expect(answer.headers.get('cache-control'), about).toBe('no-store')
}

onEachDatabase('introspection', (makeDatabase) => {
  test('tells what an active token is, and of any other only that it is not active', async () => {
    let now = Date.now()
    await using server = await startTestServer(await makeDatabase(), { now: () => now })
    const { keys, organizations } = server.latchkey
    for (const id of ['acme', 'globex']) await organizations.create({ id, name: id })
    const expiresAt = new Date(now + 60_500)
    const key = await keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:send', 'files:*'],
      expiresAt,
      metadata: { secret: 1 },
    })
    const answer = await introspect(server, { token: key.key })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.json).toEqual({
      active: true,
      scope: 'emails:send files:*',
      client_id: key.id,
      sub: key.id,
      org: 'acme',
      token_type: 'Bearer',
      exp: Math.floor(expiresAt.getTime() / 1000),
      iat: Math.floor(instantOfId(key.id) / 1000),
    })

    const plain = await keys.create({ organizationId: 'globex', name: 'P' })
    const ofPlain = await introspect(server, {
      token: plain.key,
      token_type_hint: 'refresh_token',
      more: 'x',
    })
    expect(Object.keys(ofPlain.json)).toEqual(['active', 'client_id', 'sub', 'org', 'token_type', 'iat'])

    const rotated = await keys.create({ organizationId: 'acme', name: 'R' })
    await keys.rotate(rotated.id)
    const inactive: [string, Fields][] = [
      ['unknown', { token: plain.key.replace(/^re_.{16}/, 're_0000000000000000') }],
      ['malformed', { token: 'a b+ü%' }],
      ['rotated', { token: rotated.key }],
      ['without the permission', { token: key.key, permission: 'emails:read' }],
      [
        'without one of the permissions',
        [
          ['permission', 'emails:send'],
          ['permission', 'emails:read'],
          ['token', key.key],
        ],
      ],
    ]
    for (const [what, fields] of inactive)
      expect(await introspect(server, fields), what).toMatchObject({ status: 200, text: '{"active":false}' })
    const both: Fields = [
      ['permission', 'emails:send'],
      ['permission', 'files:a'],
      ['token', key.key],
    ]
    expect((await introspect(server, both)).json.active).toBe(true)

    // To a key of an organization, tokens of others are nothing.
    const gateway = await keys.create({
      organizationId: 'acme',
      name: 'G',
      permissions: ['latchkey:keys:verify'],
    })
    for (const request of [{ token: gateway.key }, { headers: { authorization: basic(gateway.key) } }]) {
      expect((await introspect(server, { token: key.key }, request)).json.active).toBe(true)
      expect((await introspect(server, { token: plain.key }, request)).text).toBe('{"active":false}')
    }

    now += 61_000
    expect((await introspect(server, { token: key.key })).text).toBe('{"active":false}')
    await keys.revoke(plain.id)
    expect((await introspect(server, { token: plain.key })).text).toBe('{"active":false}')
  })

  test('draws from limits, and counts from where a call comes', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys } = server.latchkey
    const { id, key } = await keys.create({
      organizationId: 'root',
      name: 'L',
      limits: [{ name: 'calls', limit: 10, resets: 'monthly' }],
    })
    const left = async () => (await keys.get(id)).limits.map(({ remaining }) => remaining)
    // A token of another environment is not active, and draws nothing.
    expect((await introspect(server, { token: key, prefix: 're_live' })).json).toEqual({ active: false })
    expect((await introspect(server, { token: key, prefix: 're', ip: '192.0.2.7' })).json.active).toBe(true)
    expect(await left()).toEqual([9])
    expect((await keys.get(id)).lastUsed?.ip).toBe('192.0.2.7')
    expect((await introspect(server, { token: key, cost: '4' })).json.active).toBe(true)
    expect((await introspect(server, { token: key, 'cost.calls': '5' })).json.active).toBe(true)
    expect((await introspect(server, { token: key })).text).toBe('{"active":false}')
  })

  test('refuses each bad request by the errors of RFC 6749, and shows no token', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys } = server.latchkey
    const { key } = await keys.create({ organizationId: 'root', name: 'K' })
    const known = [`token=${key}`]
    const bad: [body: string, status: number, error: string][] = [
      ['', 400, 'invalid_request'],
      ['token=', 400, 'invalid_request'],
      ['token_type_hint=access_token', 400, 'invalid_request'],
      [`token=${key}&token=${key}`, 400, 'invalid_request'],
      [`token=${key}&tok%65n=other`, 400, 'invalid_request'],
      ['token=%ff', 400, 'invalid_request'],
      ['token=%', 400, 'invalid_request'],
      ['token=ü', 400, 'invalid_request'],
      [`{"token":"${key}"}`, 400, 'invalid_request'],
      [`${known}&permission=a%20b`, 400, 'invalid_request'],
      [`${known}${'&permission=a'.repeat(129)}`, 400, 'invalid_request'],
      [`${known}&ip=nowhere`, 400, 'invalid_request'],
      [`${known}&prefix=re%20live`, 400, 'invalid_request'],
      [`${known}&prefix=re&prefix=re`, 400, 'invalid_request'],
      [`${known}&ip=192.0.2.1&ip=192.0.2.1`, 400, 'invalid_request'],
      [`${known}&cost=-1`, 400, 'invalid_request'],
      [`${known}&cost=1&cost.a=1`, 400, 'invalid_request'],
      [`token=${'x'.repeat(65_536)}`, 413, 'invalid_request'],
    ]
    for (const [body, status, error] of bad) {
      const about = body.slice(0, 80)
      const answer = await server.request('POST', '/v1/introspect', {
        token: server.rootKey,
        headers: form,
        body,
      })
      expectRefusal(answer, status, error, about)
      expect(answer.text).not.toContain(key.slice(20))
    }
    const asJson = { token: server.rootKey, body: { token: key } }
    const ofJson = await server.request('POST', '/v1/introspect', asJson)
    expectRefusal(ofJson, 415, 'invalid_request')
    expect(ofJson.headers.get('accept')).toBe('application/x-www-form-urlencoded')
    const packed = { token: server.rootKey, headers: { 'content-encoding': 'gzip' } }
    expectRefusal(await introspect(server, { token: key }, packed), 415, 'invalid_request')
    for (const query of ['?permission=a', `?token=${key}`])
      expectRefusal(
        await server.request('POST', `/v1/introspect${query}`, {
          token: server.rootKey,
          headers: form,
          body: `token=${key}`,
        }),
        400,
        'invalid_request',
        query,
      )
    expect(JSON.stringify(server.log)).not.toContain(key.slice(20))
  })

  test('knows its caller by Bearer and by Basic, and tells each what is wrong in its own scheme', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { keys } = server.latchkey
    const { key } = await keys.create({ organizationId: 'root', name: 'K' })
    const unknown = server.rootKey.replace(/^re_.{16}/, 're_0000000000000000')
    const ask = (authorization: string | undefined) =>
      introspect(server, { token: key }, { headers: authorization === undefined ? {} : { authorization } })
    const encoded = server.rootKey.replaceAll('_', '%5F')
    for (const good of [
      basic(server.rootKey),
      basic(server.rootKey, ''),
      basic(encoded),
      `bearer ${server.rootKey}`,
    ])
      expect(await ask(good), good.slice(0, 8)).toMatchObject({ status: 200, json: { active: true } })

    const either = 'Bearer, Basic realm="Latchkey", charset="UTF-8"'
    for (const none of [undefined, 'Digest x', server.rootKey]) {
      const answer = await ask(none)
      expectRefusal(answer, 401, 'invalid_client', none)
      expect(answer.headers.get('www-authenticate')).toBe(either)
    }
    const bads = [
      ...[basic(unknown), basic(key.slice(1)), basic('', server.rootKey), basic(`${server.rootKey}:`)],
      ...[`Basic ${btoa(server.rootKey)}`, 'Basic', 'Basic !', 'Basic ====', 'Basic YQ', basic('%')],
      `${basic(server.rootKey)}, Bearer ${server.rootKey}`,
    ]
    for (const bad of bads) {
      const answer = await ask(bad)
      expectRefusal(answer, 401, 'invalid_client', bad)
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Latchkey", charset="UTF-8"')
    }
    for (const bad of [`Bearer ${unknown}`, `Bearer ${server.rootKey}, ${basic(server.rootKey)}`]) {
      const answer = await ask(bad)
      expectRefusal(answer, 401, 'invalid_token', bad)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    }
    for (const held of [basic(key), `Bearer ${key}`]) {
      const answer = await ask(held)
      expectRefusal(answer, 403, 'insufficient_scope', held)
      expect(answer.headers.get('www-authenticate')).toContain('scope="latchkey:keys:verify"')
    }
    // The session of a browser is no client's.
    expectRefusal(
      await introspect(server, { token: key }, { headers: { cookie: 'latchkey=x' } }),
      401,
      'invalid_client',
    )
  })

  test('answers oauth4webapi', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { id, key } = await server.latchkey.keys.create({
      organizationId: 'root',
      name: 'K',
      permissions: ['emails:send'],
    })
    const as: oauth.AuthorizationServer = {
      issuer: server.url,
      introspection_endpoint: `${server.url}/v1/introspect`,
    }
    const client: oauth.Client = { client_id: 'gateway' }
    const options = { [oauth.allowInsecureRequests]: true }
    const ask = async (secret: string, token: string) => {
      const auth = oauth.ClientSecretBasic(secret)
      const response = await oauth.introspectionRequest(as, client, auth, token, options)
      return oauth.processIntrospectionResponse(as, client, response)
    }
    expect(await ask(server.rootKey, key)).toMatchObject({ active: true, sub: id, scope: 'emails:send' })
    expect(await ask(server.rootKey, `${key}x`)).toEqual({ active: false })
    await expect(ask(key, key)).rejects.toThrow(oauth.WWWAuthenticateChallengeError)
  })
})

let doors: Doors
beforeAll(async () => {
  doors = await openDoors()
})
afterAll(() => doors[Symbol.asyncDispose]())

test('the fast path answers as the general way does, whatever comes', async () => {
  const { hot, throughBoth, tokens } = doors
  const path = '/v1/introspect'
  const asRoot = { ...form, authorization: `Bearer ${tokens.root}` }
  const before = { fast: hot.fast, taken: hot.taken }
  for (const name of ['plain', 'expiring', 'foreign', 'revoked', 'rotated', 'unknown', 'verifier'])
    for (const authorization of [`Bearer ${tokens.root}`, basic(tokens.verifier as string)])
      for (const rest of ['', '&token_type_hint=access_token', '&permission=emails%3Asend&ip=192.0.2.1&x'])
        await throughBoth({ path, headers: { ...form, authorization }, body: `token=${tokens[name]}${rest}` })
  expect(hot.fast).toBeGreaterThan(before.fast + 40)
  const fast = hot.fast
  const good = `token=${tokens.plain}`
  const bodies: (string | Uint8Array)[] = [
    ...['', 'token=', 'token', '&', '=', 'token=x&token=y', 'token=%74', 'token=ü', `permission=a&${good}`],
    ...[`${good}&permission=a b`, `${good}&permission=a+b`, `${good}&permission=%ff`, `${good}&cost=1`],
    ...[`${good}&x=${tokens.plain}`, `${good}&token=`, `${good}&ip=`, `${good}&ip=1.2.3`, `x=1&${good}`],
    ...[`${good}&prefix=re`, `${good}&prefix=re_live`, `${good}&prefix=`],
    ...[`token=${'x'.repeat(5_000)}`, `token=${'x'.repeat(70_000)}`, new Uint8Array([116, 255])],
  ]
  for (const body of bodies) await throughBoth({ path, headers: asRoot, body })
  const basics = [
    'Basic',
    'Basic x',
    basic('x'),
    basic(tokens.plain as string),
    basic(tokens.revoked as string),
  ]
  for (const authorization of [...basics, 'Bearer x', `Bearer ${tokens.plain}`])
    await throughBoth({ path, headers: { ...form, authorization }, body: good })
  await throughBoth({ path, headers: form, body: good })
  for (const type of ['application/json', `${form['content-type']};charset=UTF-8`, 'text/plain', ''])
    await throughBoth({ path, headers: { ...asRoot, 'content-type': type }, body: good })
  for (const query of ['?', '?a=1', `?token=${tokens.plain}`])
    await throughBoth({ path: path + query, headers: asRoot, body: good })
  await throughBoth({ path, headers: asRoot, body: good, chunked: true })
  for (const method of ['GET', 'PUT', 'OPTIONS']) await throughBoth({ method, path, headers: asRoot })
  expect(hot.taken).toBeGreaterThan(before.taken + 30)
  // Of these, few are plain.
  expect(hot.fast).toBeGreaterThan(fast)
})
