// `latchkey/client` speaks to a real server: the library's names and shapes, its refusals as one error class.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Connection } from '../src/cli/kit/connection.ts'
import { createClient, LatchkeyClientError } from '../src/client/index.ts'
import { assembleToken } from '../src/core/token.ts'
import type { AuditEvent, Latchkey } from '../src/index.ts'
import { makeSqlite, onOneDatabase } from './setup/databases.ts'
import { untilSealed } from './setup/sealed.ts'
import { startTestServer } from './setup/server.ts'

/** Well-formed, and of no server. */
const token = assembleToken('re', '0123456789abcdef', new Uint8Array(32))

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

onOneDatabase('SQLite', 'the client', (makeDatabase) => {
  const start = async () => {
    const server = await startTestServer(await makeDatabase())
    const client = createClient({ url: server.url, token: server.rootKey })
    return { ...server, client, [Symbol.asyncDispose]: () => server.close() }
  }

  test('a key lives its whole life, and each answer equals the library’s', async () => {
    await using server = await start()
    const { client, latchkey } = server
    const acme = await client.organizations.create({ id: 'acme', name: 'Acme' })
    expect(acme).toEqual(await latchkey.organizations.get('acme'))
    const expiresAt = new Date(Date.now() + 3_600_000)
    const metadata = { plan_name: 'pro', created_at: '2026-01-01T00:00:00.000Z', nested: { a_b: [1] } }
    const { key, ...created } = await client.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:send'],
      expiresAt,
      metadata,
      createdBy: 'ada',
    })
    const { secrets, ...stored } = await latchkey.keys.get(created.id)
    expect(created).toEqual(stored)
    expect(created).toMatchObject({ expiresAt, metadata, createdBy: 'ada', lastUsedAt: null })
    expect(secrets).toHaveLength(1)

    expect(await client.verify(key)).toEqual(await latchkey.verify(key))
    const refused = await client.verify(key, { permissions: ['files:read'] })
    expect(refused).toEqual(await latchkey.verify(key, { permissions: ['files:read'] }))
    expect(await client.verifyBatch([{ key }, { key: 'nonsense' }])).toMatchObject([
      { valid: true, keyId: created.id },
      { valid: false, code: 'malformed' },
    ])

    const updated = await client.keys.update(created.id, { name: 'Robot', expiresAt: null })
    expect(updated).toMatchObject({ name: 'Robot', expiresAt: null, metadata })
    const rotated = await client.keys.rotate(created.id, { graceSeconds: 60 })
    expect((await client.verify(rotated.key)).valid).toBe(true)
    const details = await client.keys.get(created.id)
    expect(details.secrets.map(({ createdAt }) => createdAt.constructor)).toEqual([Date, Date])
    await client.keys.endSecret(created.id, details.secrets[1]?.kid as string)
    expect((await client.verify(key)).code).toBe('rotated')
    await client.keys.revoke(created.id)
    expect((await client.verify(rotated.key)).code).toBe('revoked')

    await untilSealed(latchkey.audit)
    const events = await client.audit.list({ keyId: created.id })
    expect(events).toEqual(await latchkey.audit.list({ keyId: created.id }))
    expect(events.items[0]).toMatchObject({ action: 'key.revoked', at: expect.any(Date) })
    expect(await client.organizations.update('acme', { name: 'Acme Inc.' })).toMatchObject({
      name: 'Acme Inc.',
    })
    expect((await client.keys.self()).organizationId).toBe('root')
  })

  test('lists are walked page by page by the cursor of each answer', async () => {
    await using server = await start()
    const { client, latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    for (const name of ['e', 'd', 'c', 'b', 'a']) await latchkey.keys.create({ organizationId: 'acme', name })
    const names: string[] = []
    let after: string | undefined
    do {
      const query = { organizationId: 'acme', sort: 'name', limit: 2, ...(after && { after }) } as const
      const page = await client.keys.list(query)
      names.push(page.items.map(({ name }) => name).join(''))
      after = page.next
    } while (after !== undefined)
    expect(names).toEqual(['ab', 'cd', 'e'])
    expect((await client.organizations.list()).items.map(({ id }) => id).sort()).toEqual(['acme', 'root'])
    expect((await client.organizations.list({ q: 'ACM' })).items.map(({ id }) => id)).toEqual(['acme'])
    const { items: events } = await latchkey.audit.list()
    const { at } = events[0] as AuditEvent
    const until = new Date(at.getTime() + 1)
    for (const input of [{ since: at }, { until: at }, { since: at, until }]) {
      expect(await client.audit.list(input)).toEqual(await latchkey.audit.list(input))
    }
    expect(await client.keys.listPermissions()).toEqual([{ permission: 'latchkey:*', keys: 1 }])
    expect(await client.keys.listPermissions({ organizationId: 'acme' })).toEqual([])
  })

  test('a change asked to wait is answered with what came of it, and any other without', async () => {
    await using server = await start()
    const { client, latchkey } = server
    const { id, key } = await client.keys.create({ name: 'CI' })
    const confirmed = { confirmed: true, milliseconds: expect.any(Number), silent: [] }
    const wait = { wait: 'applied' } as const
    expect((await latchkey.verify(key)).valid).toBe(true)
    const updated = await client.keys.update(id, { name: 'Robot' }, wait)
    expect(updated).toMatchObject({ name: 'Robot', applied: confirmed })
    expect(await client.keys.update(id, { name: 'Ada' })).not.toHaveProperty('applied')
    const rotated = await client.keys.rotate(id, { graceSeconds: 60 }, { wait: 'applied', timeoutMs: 5_000 })
    expect(rotated).toMatchObject({ key: expect.stringMatching(/^re_/), applied: confirmed })
    const old = (await client.keys.get(id)).secrets[1]?.kid as string
    expect(await client.keys.endSecret(id, old, wait)).toEqual({ applied: confirmed })
    const { applied } = await client.keys.revoke(id, wait)
    expect(applied.confirmed && applied.milliseconds).toBeGreaterThanOrEqual(0)
    expect(await client.keys.revoke(id)).toBeUndefined()
  })

  test('a refusal is an error with the server’s code, status, request id and fields', async () => {
    await using server = await start()
    const { client, url } = server
    const wrong = await failureOf(client.keys.create({ name: '', permissions: ['a b'] }))
    expect(wrong).toMatchObject({ code: 'invalid_input', status: 422, requestId: expect.stringMatching(/./) })
    expect(wrong.errors?.map(({ path }) => path)).toEqual(['name', 'permissions[0]'])
    const unknown = await failureOf(client.keys.get('00000000-0000-7000-8000-000000000000'))
    expect(unknown).toMatchObject({ code: 'key_not_found', status: 404, errors: undefined })
    const stranger = createClient({ url, token })
    expect(await failureOf(stranger.keys.self())).toMatchObject({ code: 'invalid_token', status: 401 })
  })

  test('an id never becomes another address', async () => {
    await using server = await start()
    const { client, latchkey } = server
    const { items } = await latchkey.keys.list()
    for (const id of ['', '.', '..']) {
      expect(await failureOf(client.keys.revoke(id))).toMatchObject({ code: 'invalid_input' })
      expect(await failureOf(client.keys.endSecret(items[0]?.id as string, id))).toMatchObject({
        code: 'invalid_input',
      })
    }
    for (const id of [`../keys/${items[0]?.id}`, 'a/b', '?', '#', '%2e%2e', 'é']) {
      expect(await failureOf(client.keys.revoke(id))).toMatchObject({ status: 404 })
    }
    const idsOf = (keys: typeof items) => keys.map(({ id }) => id)
    expect(idsOf((await latchkey.keys.list()).items)).toEqual(idsOf(items))
  })
})

describe('the client', () => {
  test('takes a server under a path, and is refused an address that is none', async () => {
    const asked: string[] = []
    const url = await serve((request, answer) => {
      asked.push(`${request.method} ${request.url}`)
      answer.setHeader('content-type', 'application/json').end('[]')
    })
    await createClient({ url: `${url}/keys/`, token }).organizations.list({ limit: 1 })
    expect(asked).toEqual(['GET /keys/v1/organizations?limit=1'])
    for (const wrong of ['ftp://host', 'nonsense', '']) {
      expect(() => createClient({ url: wrong, token })).toThrow(TypeError)
    }
  })

  test('a server that is away, or is none of ours, is an error and never an answer', async () => {
    const away = createClient({ url: 'http://127.0.0.1:1', token })
    expect(await failureOf(away.verify('x'))).toMatchObject({ code: 'server_unreachable', status: undefined })
    const strange: RequestListener[] = [
      (_, answer) => answer.end('<html>'),
      (_, answer) => answer.writeHead(502).end('Bad Gateway'),
      (_, answer) => answer.writeHead(500, { 'content-type': 'application/problem+json' }).end('{}'),
      (_, answer) => answer.writeHead(404, { 'content-type': 'application/problem+json' }).end('nonsense'),
    ]
    for (const listener of strange) {
      const client = createClient({ url: await serve(listener), token })
      expect(await failureOf(client.verify('x'))).toMatchObject({ code: 'unexpected_answer' })
    }
  })

  test('a redirect is not followed: the token stays with the server that it is for', async () => {
    const stolen: (string | undefined)[] = []
    const thief = await serve((request, answer) => {
      stolen.push(request.headers.authorization)
      answer.end('{}')
    })
    const url = await serve((_, answer) => answer.writeHead(307, { location: `${thief}/v1/keys/self` }).end())
    const client = createClient({ url, token })
    expect(await failureOf(client.keys.self())).toMatchObject({ code: 'unexpected_answer', status: 307 })
    expect(stolen).toEqual([])
  })

  test('has the shapes of the library, so that a program may take either', () => {
    const takesEither = (_: Pick<Connection, 'organizations' | 'audit'>) => {}
    const library = {} as Latchkey
    takesEither(library)
    takesEither(createClient({ url: 'http://localhost', token }))
  })
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  cleanups.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function failureOf(promise: Promise<unknown>): Promise<LatchkeyClientError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(LatchkeyClientError)
  return error as LatchkeyClientError
}

test('reads the secrets of a key that come after a given one, and ends the sessions of its own key', async () => {
  const { url, remove } = makeSqlite()
  const server = await startTestServer(url)
  const client = createClient({ url: server.url, token: server.rootKey })
  const { id } = await client.keys.create({ organizationId: 'root', name: 'CI' })
  await client.keys.rotate(id, { graceSeconds: 60 })
  const { secrets } = await client.keys.get(id)
  const rest = await client.keys.get(id, { secretsAfter: secrets[0]?.kid as string })
  expect(rest.secrets).toEqual(secrets.slice(1))
  const { session } = await server.latchkey.sessions.start(server.rootKey)
  expect(await client.sessions.list()).toEqual([{ ...session, current: false }])
  expect(await client.sessions.end(session.id)).toBeUndefined()
  await expect(client.sessions.end(session.id)).rejects.toMatchObject({ code: 'session_not_found' })
  await expect(client.sessions.end('self')).rejects.toMatchObject({ code: 'session_not_found' })
  expect(await client.sessions.list()).toEqual([])
  await server.close()
  await remove()
})
