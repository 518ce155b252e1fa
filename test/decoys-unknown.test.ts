// Nobody learns by trying that a token is one of a decoy: each way that takes a token gives the answer to one that nobody made.
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { rootOrganizationId } from '../src/core/access.ts'
import { assembleToken } from '../src/core/token.ts'
import { relayRoutes } from '../src/relay/routes.ts'
import { routes } from '../src/server/app.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { startTestRelay } from './setup/relay.ts'
import { bodies, queries } from './setup/route-bodies.ts'
import { startTestServer, type TestAnswer, type TestRequest } from './setup/server.ts'

type Ask = (method: string, path: string, request?: TestRequest) => Promise<TestAnswer>

const basic = (user: string, password: string) => `Basic ${btoa(`${user}:${password}`)}`
const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** Those that take tokens: pages, health and metrics take none. */
const apiRoutes = routes.filter(({ path }) => path.startsWith('/v1/'))

/** Every way to show a token, as a name and the request. Some ask by a valid key, others show the token as their own. */
function* waysOf(token: string, caller: string): Generator<[string, string, string, TestRequest]> {
  for (const { method, path, operationId } of apiRoutes) {
    const to = path.replaceAll(/\{\w+\}/g, 'acme') + (queries[operationId] ?? '')
    const body = bodies[operationId]
    yield [operationId, method, to, { token, body }]
  }
  for (const key of [token, `secret-token:${token}`])
    for (const asked of [
      ...[{}, { permissions: ['a:b'] }, { permissions: ['?'] }, { prefix: 're_test' }, { prefix: '-' }],
      ...[{ cost: 7 }, { reserve_seconds: 60 }, { context: { ip: '192.0.2.7' } }, { context: { ip: 'x' } }],
    ]) {
      const body = { key, ...asked }
      yield [`verify ${JSON.stringify(asked)}`, 'POST', '/v1/keys/verify', { token: caller, body }]
      yield ['batch', 'POST', '/v1/keys/verify/batch', { token: caller, body: [body, body] }]
    }
  for (const query of ['', '?permission=a:b', '?prefix=re_test', '?cost=3', '?cost=x'])
    for (const headers of [
      ...[{ authorization: `Bearer ${token}` }, { 'x-api-key': token }],
      ...[{ authorization: basic('x', token) }, { authorization: basic(token, '') }],
    ])
      yield [`auth ${query} ${JSON.stringify(headers).length}`, 'GET', `/v1/auth${query}`, { headers }]
  yield ['facts', 'POST', '/v1/keys/facts', { token: caller, body: { key: token } }]
  const judges = { 'latchkey-judges': 'organization, line, limits, suspended, not_before, ips' }
  yield ['facts', 'POST', '/v1/keys/facts', { token: caller, headers: judges, body: { key: token } }]
  for (const path of ['/v1/introspect', '/v1/revoke'])
    for (const authorization of [`Bearer ${caller}`, basic('x', caller), `Bearer ${token}`, undefined]) {
      const headers = { ...form, ...(authorization && { authorization }) }
      yield [`form ${path}`, 'POST', path, { headers, body: `token=${token}` }]
    }
  const finding = { token: caller, body: { latchkey: { token: [token] } } }
  yield ['finding', 'POST', '/v1/leaks/trufflehog', finding]
  yield ['sign-in', 'POST', '/v1/sessions', { token }]
  yield ['sign-in', 'POST', '/v1/sessions', { token, headers: { origin: 'null' } }]
}

/** An answer without what differs between any two. */
function bytesOf({ status, headers, text }: TestAnswer): string {
  const kept = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')
  const same = text
    .replace(/"request_id":"[^"]*"/, '')
    .replace(/"(age_ms|sequence)":\d+/g, '')
    .replace(/"at":"[^"]*"/g, '')
  // With the lengths of these.
  return JSON.stringify([status, kept.filter(([name]) => name !== 'content-length'), same])
}

let calls = 0

async function answersTo(ask: Ask, token: string, caller: string, paths?: ReadonlySet<string>) {
  const answers = new Map<string, string>()
  for (const [name, method, to, request] of waysOf(token, caller)) {
    if (paths && !paths.has(to.split('?')[0] as string)) continue
    // Each once while memory has never seen it, and again a moment later.
    for (const time of ['first', 'again']) {
      // Of one address no more than thirty calls of sign-ins are taken a minute.
      const from = { 'x-forwarded-for': `198.51.${++calls >> 8}.${calls & 255}` }
      const isSignIn = to.startsWith('/v1/sign-in')
      const headers = { ...request.headers, ...(isSignIn && from) }
      const answer = await ask(method, to, { ...request, headers })
      expect(answer.text, name).not.toContain(token)
      answers.set(`${name} ${method} ${to} ${JSON.stringify(Object.keys(request))} ${time}`, bytesOf(answer))
    }
  }
  return answers
}

onEachDatabase('a decoy over HTTP', (makeDatabase) => {
  test('is answered as a token that nobody made, by every route of a server and of a relay', async () => {
    await using server = await startTestServer(await makeDatabase(), {
      basicAuth: 'user-name',
      trustedProxies: ['127.0.0.1'],
    })
    const { latchkey } = server
    await createAcme(latchkey)
    const make = (organizationId: string, more: object = {}) =>
      latchkey.keys.create({ organizationId, name: 'K', permissions: ['latchkey:*', '*'], ...more })
    const caller = await make(rootOrganizationId)
    const decoys = [
      await make(rootOrganizationId, { decoy: true }),
      await make('acme', { decoy: true, limits: [{ name: 'credits', limit: 0, resets: null }] }),
    ]
    await latchkey.keys.revoke(decoys[1]?.id as string)
    const tokens = [
      assembleToken('re', '0123456789abcdef', new Uint8Array(32)),
      ...decoys.map(({ key }) => key),
    ]
    await using relay = await startTestRelay(server.url, caller.key, { basicAuth: 'user-name' })
    const doors: [Ask, ReadonlySet<string>?][] = [
      [server.request],
      [relay.request, new Set(relayRoutes.map(({ path }) => path))],
    ]
    for (const [ask, paths] of doors) {
      const [unknown, ...others] = await Promise.all(
        tokens.map((token) => answersTo(ask, token, caller.key, paths)),
      )
      expect(unknown?.size).toBeGreaterThan(paths ? 60 : 200)
      for (const answers of others) {
        const different = [...answers].filter(([way, answer]) => answer !== unknown?.get(way))
        expect(different.slice(0, 3)).toEqual([])
      }
    }
    await using verifier = createVerifier({ url: server.url, token: caller.key })
    await verifier.ready()
    for (const token of tokens)
      for (const asked of [
        {},
        { permissions: ['a:b'] },
        { cost: 7 },
        { reserveSeconds: 60 },
        { prefix: 're' },
      ])
        expect(await verifier.verify(token, asked)).toEqual({ valid: false, code: 'not_found' })
    const usage = await latchkey.keys.list({ organizationId: 'acme', decoy: true, status: 'all' })
    expect(usage.items).toMatchObject([{ lastUsedAt: null, lastUsed: null, limits: [{ remaining: 0 }] }])
  })
})
