// What guards draw from limits, and what they answer if limits refuse: the same in every framework, over real HTTP.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import type { LimitInput } from '../src/core/shapes/limits.ts'
import { withKey } from '../src/middleware/fetch.ts'
import { makeSqlite } from './setup/databases.ts'
import { countAsked, guardedByCost } from './setup/guarded-limits.ts'
import { send, startTestServer, type TestRequest, type TestServer } from './setup/server.ts'

let server: TestServer
let removeDatabase: () => Promise<void>
beforeAll(async () => {
  const database = makeSqlite()
  removeDatabase = database.remove
  server = await startTestServer(database.url)
  await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
})
afterAll(async () => {
  await server.close()
  await removeDatabase()
})

const create = (...limits: LimitInput[]) =>
  server.latchkey.keys.create({ organizationId: 'acme', name: 'Key', permissions: ['a'], limits })
const rate: LimitInput = { name: 'requests', limit: 10, windowSeconds: 86_400 }
const prepaid: LimitInput = { name: 'pages', limit: 7, resets: null }
const leftOf = async (id: string) =>
  Object.fromEntries(
    (await server.latchkey.keys.get(id)).limits.map(({ name, remaining }) => [name, remaining]),
  )

const ask = (url: string, method: string, path: string, request: TestRequest) =>
  send<Record<string, unknown> | null>(url, method, path, request)

describe.each(Object.keys(guardedByCost))('on %s', (name) => {
  const start = guardedByCost[name] as (typeof guardedByCost)[string]

  test('a request draws what it costs, and its answer says what is left', async () => {
    const { key } = await create(rate)
    await using api = await start(server.latchkey)
    const first = await ask(api.url, 'GET', '/cost/4', { token: key })
    expect([first.status, first.text]).toEqual([200, 'done'])
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=10;w=86400')
    expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=6;t=\d+$/)
    const looked = await ask(api.url, 'GET', '/look', { token: key })
    expect(looked.headers.get('ratelimit')).toMatch(/^"requests";r=6;/)
    expect((await ask(api.url, 'GET', '/cost/6', { token: key })).headers.get('ratelimit')).toMatch(
      /^"requests";r=0;/,
    )
  })

  test('a request that is refused until later gets 429 and is told when', async () => {
    const { key } = await create(rate)
    await using api = await start(server.latchkey)
    expect((await ask(api.url, 'GET', '/cost/10', { token: key })).status).toBe(200)
    const answer = await ask(api.url, 'GET', '/cost/5', { token: key })
    expect(answer.status).toBe(429)
    const seconds = Number(answer.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(40_000)
    expect(seconds).toBeLessThanOrEqual(43_200)
    expect(answer.headers.get('ratelimit')).toMatch(/^"requests";r=0;t=\d+$/)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toEqual({
      type: 'urn:latchkey:error:rate_limited',
      title: 'Rate limited',
      status: 429,
      detail: `The limit requests of the key has too few units for this request now. Try again in ${seconds} s.`,
      code: 'rate_limited',
    })
    // It looks, and is let through.
    expect((await ask(api.url, 'GET', '/look', { token: key })).status).toBe(200)
    expect(api.errors).toEqual([])
  })

  test('a request that no waiting helps gets 402, and nothing that says when to repeat it', async () => {
    const { id, key } = await create(prepaid, { ...rate, defaultCost: 0 })
    await using api = await start(server.latchkey)
    for (const left of [4, 1]) {
      const answer = await ask(api.url, 'GET', '/pages', { token: key })
      expect([answer.status, answer.text]).toEqual([200, 'done'])
      expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^"pages";r=${left}, "requests";r=10;t=0$`))
    }
    const answer = await ask(api.url, 'GET', '/pages', { token: key })
    expect([answer.status, answer.json?.code]).toEqual([402, 'quota_exceeded'])
    expect(answer.headers.has('retry-after')).toBe(false)
    expect(answer.headers.get('ratelimit')).toMatch(/^"pages";r=1, /)
    expect(answer.json?.detail).toBe(
      'The limit pages of the key has too few units for this request, and waiting gives no more.',
    )
    // More than the bucket can ever hold: 402 as well.
    const { key: other } = await create(rate)
    expect((await ask(api.url, 'GET', '/cost/11', { token: other })).status).toBe(402)
    expect(await leftOf(id)).toEqual({ pages: 1, requests: 10 })
  })

  test('two guards of one request draw once', async () => {
    const { id, key } = await create(rate)
    const verifier = countAsked(server.latchkey)
    await using api = await start(verifier)
    const answer = await ask(api.url, 'GET', '/twice', { token: key })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('ratelimit')).toMatch(/^"requests";r=9;/)
    expect(verifier.costs).toEqual([undefined, 0])
    expect(await leftOf(id)).toEqual({ requests: 9 })
    const again = await ask(api.url, 'GET', '/twice', { token: key })
    expect(again.headers.get('ratelimit')).toMatch(/^"requests";r=8;/)
  })

  test('a second guard that names another cost is an error of the program, not a second draw', async () => {
    const { id, key } = await create(rate)
    await using api = await start(server.latchkey)
    const written = vi.spyOn(console, 'error').mockImplementation(() => {})
    const answer = await ask(api.url, 'GET', '/wrong', { token: key })
    written.mockRestore()
    expect(answer.status).toBe(500)
    expect(await leftOf(id)).toEqual({ requests: 9 })
  })

  test('an answer that a handler got from elsewhere has the headers too', async () => {
    const { key } = await create(rate)
    await using api = await start(server.latchkey)
    const answer = await fetch(`${api.url}/given`, { headers: { 'x-api-key': key }, redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, 'https://api.example.com/given'])
    expect(answer.headers.get('ratelimit')).toMatch(/^"requests";r=9;/)
  })

  test('a cost that a function makes of nonsense is refused, and nothing is drawn', async () => {
    const { id, key } = await create(rate)
    const verifier = countAsked(server.latchkey)
    await using api = await start(verifier)
    for (const cost of ['-1', '0.5', 'NaN', 'none', '1e300', '1000000000001']) {
      const answer = await ask(api.url, 'GET', `/cost/${cost}`, { token: key })
      expect([answer.status, answer.json?.code], cost).toEqual([422, 'invalid_input'])
    }
    expect((await ask(api.url, 'GET', '/cost/-1', {})).status).toBe(401)
    expect(verifier.costs).toEqual([])
    expect(await leftOf(id)).toEqual({ requests: 10 })
    expect(api.errors).toEqual([])
  })

  test('a key without limits gets no such headers', async () => {
    const { key } = await create()
    await using api = await start(server.latchkey)
    const answer = await ask(api.url, 'GET', '/cost/5', { token: key })
    expect(answer.status).toBe(200)
    expect([...answer.headers.keys()].filter((field) => field.startsWith('ratelimit'))).toEqual([])
  })

  test.each(['client', 'verifier in memory'])('with a %s it does the same', async (kind) => {
    const { key } = await create(rate)
    const options = { url: server.url, token: server.rootKey }
    await using memory = createVerifier(options)
    await using api = await start(kind === 'client' ? createClient(options) : memory)
    const answer = await ask(api.url, 'GET', '/cost/4', { token: key })
    expect(answer.headers.get('ratelimit')).toMatch(/^"requests";r=6;/)
    const refused = await ask(api.url, 'GET', '/cost/9', { token: key })
    expect([refused.status, refused.json?.code]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(20_000)
  })
})

test('a cost of a wrong form is refused when the guard is made', () => {
  const wrong: unknown[] = [
    -1,
    0.5,
    Number.NaN,
    '1',
    null,
    [1],
    { Pages: 1 },
    { pages: -1 },
    { pages: '1' },
    1e13,
  ]
  for (const cost of wrong)
    expect(
      () => withKey({ verifier: server.latchkey, cost: cost as number }, () => new Response()),
      JSON.stringify(cost),
    ).toThrow(/^cost/)
})

test('a guard reserves what a request may cost, and its handler settles what it did', async () => {
  const { id, key } = await create({ name: 'tokens', limit: 5_000, resets: 'monthly', defaultCost: 0 })
  const { latchkey } = server
  const guarded = withKey(
    {
      verifier: latchkey,
      cost: (request) => ({ tokens: Number(request.headers.get('max')) }),
      reserveSeconds: 60,
    },
    async (request, { reservation }) => {
      if (reservation) await latchkey.settle(reservation, { tokens: Number(request.headers.get('used')) })
      return new Response(String(reservation !== undefined))
    },
  )
  const ask = async (max: number, used: number) => {
    const answer = await guarded(
      new Request('http://a/', { headers: { 'x-api-key': key, max: String(max), used: String(used) } }),
    )
    return [answer.status, await answer.text()]
  }
  expect(await ask(4_000, 1_432)).toEqual([200, 'true'])
  expect(await leftOf(id)).toEqual({ tokens: 3_568 })
  expect((await ask(4_000, 1))[0]).toBe(429)
  // Nothing is reserved of nothing.
  expect(await ask(0, 0)).toEqual([200, 'false'])
  const make = (options: object) => () => withKey({ verifier: latchkey, ...options }, () => new Response())
  expect(make({ reserveSeconds: 60 })).toThrow(/^reserveSeconds: Needs a cost/)
  for (const reserveSeconds of [0, 1.5, 86_401, '60'])
    expect(make({ cost: 1, reserveSeconds }), String(reserveSeconds)).toThrow(/^reserveSeconds: /)
})

test('what no key can be let through with draws nothing', async () => {
  const { id, key } = await create(rate)
  const guarded = withKey(
    { verifier: server.latchkey, permissions: () => ['no permission'] },
    () => new Response(),
  )
  const lacking = withKey({ verifier: server.latchkey, permissions: ['b'] }, () => new Response())
  const request = () => new Request('http://a/', { headers: { 'x-api-key': key } })
  expect((await guarded(request())).status).toBe(403)
  expect((await lacking(request())).status).toBe(403)
  expect(await leftOf(id)).toEqual({ requests: 10 })
})
