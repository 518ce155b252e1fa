// A relay: it answers as its upstream does, to whom the upstream would answer, and says so if it cannot.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assembleToken } from '../src/core/token.ts'
import { createAcme } from './setup/acme.ts'
import { startTestRelay, type TestRelay } from './setup/relay.ts'
import { startTestServer, type TestAnswer, type TestRequest, type TestServer } from './setup/server.ts'

let server: TestServer
let relay: TestRelay
const tokens: Record<string, string> = {}

const verifying = ['latchkey:keys:verify']

beforeAll(async () => {
  server = await startTestServer('sqlite::memory:', { trustedProxies: ['127.0.0.1'], basicAuth: 'password' })
  const { latchkey } = server
  await createAcme(latchkey)
  await latchkey.organizations.create({ id: 'zeta', name: 'Zeta' })
  const make = async (name: string, organizationId: string, more: object = {}) => {
    const created = await latchkey.keys.create({ organizationId, name, ...more })
    tokens[name] = created.key
    return created.id
  }
  tokens.root = server.rootKey
  await make('verifier', 'root', { permissions: verifying })
  await make('acme verifier', 'acme', { permissions: verifying })
  await make('idle', 'acme')
  await make('CI', 'acme', { permissions: ['emails:send', 'files:*'], metadata: { plan: 'pro' } })
  await make('of zeta', 'zeta', { permissions: ['emails:send'] })
  await make('bound', 'acme', { allowedIps: ['192.0.2.0/24'] })
  await make('bound verifier', 'root', { permissions: verifying, allowedIps: ['192.0.2.0/24'] })
  await make('limited', 'acme', { limits: [{ name: 'credits', limit: 5, resets: null }] })
  await make('rated', 'acme', { limits: [{ name: 'requests', limit: 2, windowSeconds: 3600 }] })
  await latchkey.keys.revoke(await make('revoked', 'acme'))
  await latchkey.keys.suspend(await make('suspended', 'acme'))
  await make('not yet', 'acme', { notBefore: new Date(Date.now() + 86_400_000) })
  tokens.unknown = assembleToken('re', '0123456789abcdef', new Uint8Array(32))
  relay = await startTestRelay(server.url, tokens.verifier as string, {
    trustedProxies: ['127.0.0.1'],
    basicAuth: 'password',
  })
})

afterAll(async () => {
  await relay?.close()
  await server?.close()
})

type Asked = [what: string, method: string, path: string, request?: () => TestRequest]

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
const of = (name: string) => tokens[name] as string
const verdictOf = (caller: string, name: string, more: object = {}): (() => TestRequest) => {
  return () => ({ token: of(caller), body: { key: of(name), ...more } })
}

const table: Asked[] = [
  ['a valid token', 'POST', '/v1/keys/verify', verdictOf('verifier', 'CI')],
  [
    'a permission held',
    'POST',
    '/v1/keys/verify',
    verdictOf('verifier', 'CI', { permissions: ['emails:send'] }),
  ],
  [
    'one missing',
    'POST',
    '/v1/keys/verify',
    verdictOf('verifier', 'CI', { permissions: ['emails:send', 'a:b'] }),
  ],
  ['another prefix', 'POST', '/v1/keys/verify', verdictOf('verifier', 'CI', { prefix: 're_test' })],
  ['a context', 'POST', '/v1/keys/verify', verdictOf('verifier', 'bound', { context: { ip: '192.0.2.7' } })],
  [
    'a context elsewhere',
    'POST',
    '/v1/keys/verify',
    verdictOf('verifier', 'bound', { context: { ip: '198.51.100.1' } }),
  ],
  ['no context', 'POST', '/v1/keys/verify', verdictOf('verifier', 'bound')],
  ...['revoked', 'suspended', 'not yet', 'unknown', 'of zeta'].map(
    (name): Asked => [`one ${name}`, 'POST', '/v1/keys/verify', verdictOf('verifier', name)],
  ),
  ['no token', 'POST', '/v1/keys/verify', () => ({ token: of('verifier'), body: { key: 'rubbish' } })],
  ['an organization’s own', 'POST', '/v1/keys/verify', verdictOf('acme verifier', 'CI')],
  ['another organization’s', 'POST', '/v1/keys/verify', verdictOf('acme verifier', 'of zeta')],
  ['the root’s, of an organization', 'POST', '/v1/keys/verify', verdictOf('acme verifier', 'root')],
  ['a caller without the permission', 'POST', '/v1/keys/verify', verdictOf('idle', 'CI')],
  ['a caller without any token', 'POST', '/v1/keys/verify', () => ({ body: { key: of('CI') } })],
  ['a caller that is revoked', 'POST', '/v1/keys/verify', verdictOf('revoked', 'CI')],
  ['a caller that is unknown', 'POST', '/v1/keys/verify', verdictOf('unknown', 'CI')],
  ['a caller from elsewhere', 'POST', '/v1/keys/verify', verdictOf('bound verifier', 'CI')],
  [
    'a caller from where it may call',
    'POST',
    '/v1/keys/verify',
    () => ({ ...verdictOf('bound verifier', 'CI')(), headers: { 'x-forwarded-for': '192.0.2.9' } }),
  ],
  ['an unknown field', 'POST', '/v1/keys/verify', verdictOf('verifier', 'CI', { permission: 'a' })],
  [
    'a malformed permission',
    'POST',
    '/v1/keys/verify',
    verdictOf('verifier', 'CI', { permissions: ['a b'] }),
  ],
  ['a wrong cost', 'POST', '/v1/keys/verify', verdictOf('verifier', 'CI', { cost: -1 })],
  ['a wrong context', 'POST', '/v1/keys/verify', verdictOf('verifier', 'CI', { context: { ip: 'x' } })],
  ['no JSON', 'POST', '/v1/keys/verify', () => ({ token: of('verifier'), body: '{' })],
  [
    'another type',
    'POST',
    '/v1/keys/verify',
    () => ({ token: of('verifier'), body: 'a', headers: { 'content-type': 'text/plain' } }),
  ],
  [
    'a body too large',
    'POST',
    '/v1/keys/verify',
    () => ({ token: of('verifier'), body: JSON.stringify({ key: 'a'.repeat(70_000) }) }),
  ],
  [
    'a reservation of nothing',
    'POST',
    '/v1/keys/verify',
    verdictOf('verifier', 'CI', { reserve_seconds: 60 }),
  ],
  [
    'a wrong reservation',
    'POST',
    '/v1/keys/verify',
    verdictOf('verifier', 'limited', { reserve_seconds: 0 }),
  ],
  [
    'a batch',
    'POST',
    '/v1/keys/verify/batch',
    () => ({
      token: of('acme verifier'),
      body: ['CI', 'of zeta', 'revoked', 'unknown', 'CI', 'not yet', 'root'].map((name) => ({
        key: of(name),
        permissions: ['files:read'],
      })),
    }),
  ],
  ['an empty batch', 'POST', '/v1/keys/verify/batch', () => ({ token: of('verifier'), body: [] })],
  [
    'a batch with a fault',
    'POST',
    '/v1/keys/verify/batch',
    () => ({ token: of('verifier'), body: [{ key: of('CI') }, { key: of('CI'), permissions: ['a b'] }] }),
  ],
  ['a proxy’s question', 'GET', '/v1/auth?permission=files:read', () => ({ token: of('CI') })],
  ['one in X-Api-Key', 'GET', '/v1/auth', () => ({ headers: { 'x-api-key': of('CI') } })],
  [
    'one in Basic',
    'GET',
    '/v1/auth',
    () => ({ headers: { authorization: `Basic ${btoa(`:${of('CI')}`)}` } }),
  ],
  ['one that is refused', 'GET', '/v1/auth?permission=a:b', () => ({ token: of('CI') })],
  ['one of a revoked token', 'GET', '/v1/auth', () => ({ token: of('revoked') })],
  ['one without a token', 'GET', '/v1/auth'],
  [
    'one with two tokens',
    'GET',
    '/v1/auth',
    () => ({ token: of('CI'), headers: { 'x-api-key': of('of zeta') } }),
  ],
  ['one with a wrong query', 'GET', '/v1/auth?a=b', () => ({ token: of('CI') })],
  [
    'one of a bound key',
    'GET',
    '/v1/auth',
    () => ({ token: of('bound'), headers: { 'x-forwarded-for': '192.0.2.9' } }),
  ],
  ['one of a bound key elsewhere', 'GET', '/v1/auth', () => ({ token: of('bound') })],
  ['a HEAD of it', 'HEAD', '/v1/auth', () => ({ token: of('CI') })],
  [
    'an introspection',
    'POST',
    '/v1/introspect',
    () => ({ token: of('verifier'), body: form({ token: of('CI') }), headers: asForm }),
  ],
  [
    'one of a foreign token',
    'POST',
    '/v1/introspect',
    () => ({ token: of('acme verifier'), body: form({ token: of('of zeta') }), headers: asForm }),
  ],
  [
    'one by Basic',
    'POST',
    '/v1/introspect',
    () => ({
      body: form({ token: of('CI') }),
      headers: { ...asForm, authorization: `Basic ${btoa(`:${of('verifier')}`)}` },
    }),
  ],
  [
    'one by a stranger',
    'POST',
    '/v1/introspect',
    () => ({ body: form({ token: of('CI') }), headers: asForm }),
  ],
  [
    'one without a token to look at',
    'POST',
    '/v1/introspect',
    () => ({ token: of('verifier'), body: form({ a: 'b' }), headers: asForm }),
  ],
  ['health', 'GET', '/healthz'],
  ['readiness', 'GET', '/readyz'],
  ['another method', 'PUT', '/v1/keys/verify', () => ({ token: of('verifier') })],
  ['a token in the URL', 'GET', `/v1/auth?permission=${'re_'}`, () => ({ token: of('CI') })],
  ['facts', 'POST', '/v1/keys/facts', verdictOf('acme verifier', 'of zeta')],
  ['the last change', 'GET', '/v1/changes/latest', () => ({ token: of('idle') })],
  ['a report of a stranger', 'POST', '/v1/usage/reports', () => ({ token: of('idle'), body: {} })],
  ['a malformed report', 'POST', '/v1/usage/reports', () => ({ token: of('verifier'), body: { source: 1 } })],
]

/** What differs from one request to the next, also of one server. */
const ownHeaders = new Set([
  'date',
  'x-request-id',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
])

function comparable({ status, headers, text }: TestAnswer): object {
  const told = [...headers].filter(([name]) => !ownHeaders.has(name)).sort()
  const body = text
    .replace(/"request_id":"[^"]*"/, '"request_id":""')
    .replace(/"(age_ms|sequence)":\d+/g, '"$1":0')
  return { status, headers: told, body }
}

describe('a relay answers as its upstream does', () => {
  test.each(table)('%s', async (_, method, path, request) => {
    const [told, relayed, again] = [
      await server.request(method, path, request?.()),
      await relay.request(method, path, request?.()),
      // From memory, and by the fast path.
      await relay.request(method, path, request?.()),
    ]
    expect(comparable(relayed)).toEqual(comparable(told))
    expect(comparable(again)).toEqual(comparable(told))
  })

  test('the table has answers of every kind', async () => {
    const statuses = new Set<number>()
    for (const [, method, path, request] of table)
      statuses.add((await relay.request(method, path, request?.())).status)
    expect([...statuses].sort()).toEqual([200, 400, 401, 403, 405, 413, 415, 422])
  })
})
