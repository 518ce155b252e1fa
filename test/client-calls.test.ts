// How the client sends: what it repeats and what it never does, its deadlines, signals and pages.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createClient, isLatchkeyError, type LatchkeyClient } from '../src/client/index.ts'
import { assembleToken } from '../src/core/token.ts'
import { makeSqlite } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

const token = assembleToken('re', '0123456789abcdef', new Uint8Array(32))
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

type Answer = (answer: ServerResponse, request: IncomingMessage) => void

/** A server of ours that gives these answers in turn, the last one for ever; and what it was asked. */
async function connect(
  ...answers: Answer[]
): Promise<{ client: LatchkeyClient; asked: string[]; keys: unknown[] }> {
  const asked: string[] = []
  const keys: unknown[] = []
  const server = createServer((request, answer) => {
    asked.push(`${request.method} ${request.url}`)
    keys.push(request.headers['idempotency-key'])
    const next = answers.length > 1 ? answers.shift() : answers[0]
    next?.(answer, request)
  }).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { client: createClient({ url, token }), asked, keys }
}

const busy =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (answer) =>
    void answer.writeHead(status, headers).end()
const cut: Answer = (answer) => void answer.destroy()
const ok: Answer = (answer) =>
  void answer.setHeader('content-type', 'application/json').end('{"success":true}')

const repeatable: [string, (client: LatchkeyClient) => Promise<unknown>][] = [
  ['keys.get', ({ keys }) => keys.get('a')],
  ['keys.revoke', ({ keys }) => keys.revoke('a')],
  ['keys.readPlaces', ({ keys }) => keys.readPlaces('a')],
  ['keys.forgetPlaces', ({ keys }) => keys.forgetPlaces('a')],
  ['keys.endSecret', ({ keys }) => keys.endSecret('a', 'b')],
  ['verify', (client) => client.verify('a')],
  ['verifyBatch', (client) => client.verifyBatch([])],
]
const once: [string, (client: LatchkeyClient) => Promise<unknown>][] = [
  ['keys.update', ({ keys }) => keys.update('a', { name: 'L' })],
  ['plans.update', ({ plans }) => plans.update('a', { permissions: null })],
]
/** What the server does once, however often it is sent under one key. */
const making: typeof once = [
  ['keys.create', ({ keys }) => keys.create({ name: 'K' })],
  ['keys.rotate', ({ keys }) => keys.rotate('a')],
  ['keys.addUnits', ({ keys }) => keys.addUnits('a', 'credits', { add: 1 })],
  ['organizations.create', ({ organizations }) => organizations.create({ name: 'A' })],
  ['organizations.addUnits', ({ organizations }) => organizations.addUnits('a', 'credits', { add: 1 })],
  ['plans.create', ({ plans }) => plans.create({ name: 'a' })],
]

test.each(repeatable)('%s is sent again where the server is busy or was not reached', async (_, call) => {
  const { client, asked } = await connect(busy(503), cut, busy(429), ok)
  await call(client)
  expect(asked).toHaveLength(4)
})

test.each(making)(
  '%s is sent again under one Idempotency-Key, and the next call under another',
  async (_, call) => {
    const inProgress: Answer = (answer) =>
      void answer
        .writeHead(409, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'idempotency_in_progress', title: 'Request in progress', status: 409 }))
    const { client, keys } = await connect(busy(503), cut, inProgress, ok)
    await call(client)
    await call(client)
    expect(keys).toHaveLength(5)
    expect(new Set(keys.slice(0, 4)).size).toBe(1)
    expect(keys[0]).toMatch(/^"[0-9a-f]{32}"$/)
    expect(keys[4]).not.toBe(keys[0])
  },
)

test('an edit of a revision is sent again, and any other never under an Idempotency-Key', async () => {
  const { client, asked, keys } = await connect(busy(503), cut, ok)
  await client.keys.update('a', { name: 'L' }, { ifRevision: '1' })
  expect(asked).toHaveLength(3)
  await client.keys.revoke('a')
  expect(keys).toEqual(Array(4).fill(undefined))
})

test.each(once)('%s is never sent again: nobody knows whether it was done', async (_, call) => {
  for (const failure of [busy(503), busy(429), cut]) {
    const { client, asked } = await connect(failure, ok)
    await expect(call(client)).rejects.toSatisfy(isLatchkeyError)
    expect(asked).toHaveLength(1)
  }
})

test('no call is sent for ever, and none that was refused is sent again', async () => {
  const endless = await connect(busy(503))
  await expect(endless.client.keys.self()).rejects.toMatchObject({ status: 503 })
  expect(endless.asked).toHaveLength(4)
  const refused = await connect(busy(404))
  await expect(refused.client.keys.self()).rejects.toMatchObject({ status: 404 })
  expect(refused.asked).toHaveLength(1)
})

test('Retry-After is obeyed, and where it asks for more time than there is, the call ends at once', async () => {
  const short = await connect(busy(503, { 'retry-after': '1' }), ok)
  const began = performance.now()
  await short.client.keys.self()
  expect(performance.now() - began).toBeGreaterThanOrEqual(990)
  const long = await connect(busy(429, { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }))
  await expect(long.client.keys.self()).rejects.toMatchObject({ status: 429 })
  expect(long.asked).toHaveLength(1)
})

test('a call ends at its deadline, and at its signal, with an error that says so', async () => {
  const silent = await connect(() => {})
  await expect(silent.client.keys.self({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'timed_out' })
  const half = await connect((answer) => void answer.write('{"id":'))
  await expect(half.client.keys.self({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'timed_out' })
  const abort = new AbortController()
  const call = silent.client.verify('a', { signal: abort.signal })
  abort.abort()
  await expect(call).rejects.toMatchObject({ code: 'aborted' })
  const before = silent.asked.length
  await expect(silent.client.keys.self({ signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' })
  expect(silent.asked).toHaveLength(before)
})

test('listAll walks every page as it is asked for, and asks for no more than is taken', async () => {
  await using ownDatabase = makeSqlite()
  const { url: database } = ownDatabase
  const server = await startTestServer(database)
  const client = createClient({ url: server.url, token: server.rootKey })
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await server.latchkey.keys.create({ organizationId: 'root', name })
  const names: string[] = []
  for await (const { name } of client.keys.listAll({ sort: 'name', limit: 2 })) {
    names.push(name)
  }
  expect(names.filter((name) => name.length === 1)).toEqual(['a', 'b', 'c', 'd', 'e'])
  const pages = () => server.log.filter(({ route }) => route === '/v1/keys').length
  const before = pages()
  for await (const _ of client.keys.listAll({ limit: 2 })) break
  expect(pages() - before).toBe(1)
  for await (const { id } of client.organizations.listAll()) expect(id).toBe('root')
  for await (const { action } of client.audit.listAll({ limit: 3 })) expect(action).toMatch(/\./)
  await client.operation.checkHealth()
  await client.operation.checkReadiness()
  expect(await client.operation.readMetrics()).toContain('latchkey_')
  expect(JSON.parse(await client.operation.readOpenApi())).toMatchObject({ openapi: '3.1.0' })
  await server.close()
})

test('tags are asked for one by one, and a total comes with the first page', async () => {
  const database = makeSqlite()
  const server = await startTestServer(database.url)
  cleanups.push(() => void server.close().then(database.remove))
  const client = createClient({ url: server.url, token: server.rootKey })
  for (const [name, tags] of [
    ['both', ['b', 'a']],
    ['a', ['a']],
    ['b', ['b']],
  ] as const)
    await client.keys.create({ name, organizationId: 'root', tags: [...tags], description: `Has ${tags}.` })
  const { items, total } = await client.keys.list({ tag: ['a', 'b'], count: true })
  expect(items).toMatchObject([{ name: 'both', tags: ['a', 'b'], description: 'Has b,a.' }])
  expect(total).toEqual({ count: 1, isMore: false })
  const page = await client.keys.list({ tag: ['a'], limit: 1, count: true })
  expect([page.total?.count, page.items.length, typeof page.next]).toEqual([2, 1, 'string'])
  expect((await client.keys.list({ tag: ['a'] })).total).toBeUndefined()
  const answers = [
    'tag=a&tag=b&count=true',
    'tag=a&tag=a&count=false',
    'tag=',
    'tag=A',
    'count=1',
    'kid=a&kid=a',
  ]
  const asked = await Promise.all(
    answers.map((query) => server.request('GET', `/v1/keys?${query}`, { token: server.rootKey })),
  )
  expect(asked.map(({ status }) => status)).toEqual([200, 200, 422, 422, 422, 422])
  expect(asked.map(({ headers }) => headers.get('latchkey-total-count'))).toEqual([
    '1',
    ...Array(5).fill(null),
  ])
})

test('a url that is not the address of the server is told from a key that is not there', async () => {
  const database = makeSqlite()
  const server = await startTestServer(database.url)
  cleanups.push(() => void server.close().then(database.remove))
  for (const path of ['/v1', '/v1/', '/keys', '/v1/keys']) {
    const client = createClient({ url: server.url + path, token: server.rootKey })
    const error = await client.keys.list().catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'route_not_found', status: 404 })
    expect((error as Error).message).toMatch(
      /^\/\S+\/v1\/keys is no route of the server\. The url of the client must be/,
    )
  }
  for (const rest of ['?a=1', '#a'])
    expect(() => createClient({ url: `${server.url}/${rest}`, token })).toThrow(/no query and no fragment/)
  expect(() => createClient({ url: server.url.replace('//', '//ada:geheim@'), token })).toThrow(
    /must have no user/,
  )
})

test('a server behind a path of its own is asked under that path', async () => {
  const database = makeSqlite()
  const server = await startTestServer(database.url)
  cleanups.push(() => void server.close().then(database.remove))
  const asked: string[] = []
  const proxy = createServer(async (request, answer) => {
    asked.push(request.url as string)
    const { authorization = '' } = request.headers
    const from = await fetch(server.url + (request.url as string).replace('/latch', ''), {
      headers: { authorization },
    })
    answer.writeHead(from.status, Object.fromEntries(from.headers)).end(await from.text())
  }).listen(0, '127.0.0.1')
  await new Promise((done) => proxy.once('listening', done))
  cleanups.push(() => void proxy.close().closeAllConnections())
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/latch/`
  const client = createClient({ url, token: server.rootKey })
  const listed: string[] = []
  for await (const { name } of client.keys.listAll({ limit: 1 })) listed.push(name)
  expect(listed).toEqual(['Root key'])
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.every((path) => path.startsWith('/latch/v1/keys?'))).toBe(true)
})
