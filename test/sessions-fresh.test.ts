// What outlives a session takes a fresh sign-in: a session that somebody else got hold of makes no key that could act
// on keys after it.
import { expect, test } from 'vitest'
import type { CreatedKey, Session, Wire } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { startTestServer, type TestAnswer, type TestServer } from './setup/server.ts'
import { ask, type Browser, expectEnded, makeKey, signIn } from './setup/sessions.ts'

const minute = 60_000
const permissions = ['latchkey:keys:*', 'emails:*', 'files:read']

onEachDatabase('a fresh sign-in', (makeDatabase) => {
  async function stage() {
    const clock = makeClock()
    const database = await makeDatabase()
    const server = await startTestServer(database, { now: clock.now })
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const make = (organizationId: string, permissions: string[], expiresAt?: Date) =>
      keys.create({ organizationId, name: 'K', permissions, ...(expiresAt && { expiresAt }) })
    return { clock, database, server, make }
  }

  test('is needed ten minutes after the last, for keys that act on keys and for those of the operator', async () => {
    const { clock, database, server, make } = await stage()
    const root = await signIn(server, server.rootKey)
    const admin = await make('acme', permissions)
    const customer = await signIn(server, admin.key)
    const ordinary = await make('acme', ['emails:send'], clock.in(hour))
    const managing = await make('acme', ['latchkey:keys:read', 'emails:send'], clock.in(hour))
    const operators = await make('root', ['reports:read'], clock.in(hour))
    const later = { expires_at: clock.in(2 * hour).toISOString() }
    const change = (key: CreatedKey, body: object) => ['PATCH', `/v1/keys/${key.id}`, body] as const
    const rotate = (key: CreatedKey) => ['POST', `/v1/keys/${key.id}/rotate`, { grace_seconds: 0 }] as const
    const create = (body: object) => ['POST', '/v1/keys', { name: 'New', ...body }] as const
    const outliving: [Browser, readonly [string, string, object]][] = [
      [root.browser, create({})],
      [root.browser, create({ permissions: ['emails:send'] })],
      [root.browser, create({ organization_id: 'acme', permissions: ['emails:send', 'latchkey:keys:read'] })],
      [customer.browser, create({ permissions: ['latchkey:keys:read'] })],
      [root.browser, rotate(operators)],
      [root.browser, rotate(managing)],
      [customer.browser, rotate(managing)],
      [root.browser, change(operators, { permissions: ['reports:read', 'files:read'] })],
      [root.browser, change(operators, later)],
      [customer.browser, change(ordinary, { permissions: ['emails:send', 'latchkey:keys:read'] })],
      [customer.browser, change(managing, { permissions: ['latchkey:keys:read', 'emails:*'] })],
      [customer.browser, change(managing, { expires_at: null })],
    ]
    clock.advance(10 * minute)
    const before = await readAll(database)
    for (const [browser, [method, path, body]] of outliving)
      expectStale(await ask(server, method, path, browser, body), JSON.stringify([path, body]))
    expect(stripSeen(await readAll(database))).toBe(stripSeen(before))

    // What is ordinary, or makes nothing wider, is done as before.
    for (const [browser, [method, path, body]] of [
      [root.browser, create({ organization_id: 'acme', permissions: ['emails:send'] })],
      [customer.browser, create({ permissions: ['emails:send'] })],
      [customer.browser, change(ordinary, { permissions: ['emails:send', 'files:read'], expires_at: null })],
      [customer.browser, rotate(ordinary)],
      [customer.browser, change(managing, { name: 'Other', permissions: ['latchkey:keys:read'] })],
      [root.browser, change(operators, { name: 'Other', expires_at: clock.in(minute).toISOString() })],
      [root.browser, ['POST', '/v1/organizations', { id: 'bees', name: 'Bees' }]],
    ] as [Browser, [string, string, object]][]) {
      const answer = await ask(server, method, path, browser, body)
      expect(answer.status, JSON.stringify([path, body, answer.json])).toBe(200)
    }
    // The same by the token itself, and by a sign-in that is fresh.
    const { browser } = await signIn(server, server.rootKey)
    expect((await ask(server, 'POST', '/v1/keys', browser, { name: 'New' })).status).toBe(200)
    expect(
      (await server.request('POST', '/v1/keys', { token: server.rootKey, body: { name: 'N' } })).status,
    ).toBe(200)
    expect((await ask(server, 'DELETE', `/v1/keys/${managing.id}`, root.browser)).status).toBe(200)
    await server.close()
  })

  test('holds for ten minutes to the millisecond, and a token of the key makes it anew', async () => {
    const { clock, server } = await stage()
    const { browser, session } = await signIn(server, server.rootKey)
    const create = () => ask(server, 'POST', '/v1/keys', browser, { name: 'New' })
    expect(session.fresh_until).toBe(clock.in(10 * minute).toISOString())
    clock.advance(10 * minute - 1)
    expect((await create()).status).toBe(200)
    clock.advance(1)
    expectStale(await create())
    const { key: newer } = await rotateSelf(server)
    for (const token of [server.rootKey, newer]) {
      const refreshed = await refresh(server, browser, token)
      expect(refreshed).toMatchObject({
        status: 200,
        json: { id: session.id, current: true, fresh_until: clock.in(10 * minute).toISOString() },
      })
      expect(refreshed.text).not.toContain(browser['latchkey-session'])
      expect(refreshed.headers.get('set-cookie')).toBeNull()
      expect((await create()).status).toBe(200)
      clock.advance(10 * minute)
      expectStale(await create())
    }
    const { items } = await server.latchkey.audit.list({ action: 'session.refreshed' })
    expect(items).toHaveLength(2)
    expect(items[0]).toMatchObject({ ip: '127.0.0.1', changes: { session_id: session.id } })
    await server.close()
  })

  test('is made by a live token of the same key and both values of its session alone', async () => {
    const { clock, database, server, make } = await stage()
    const admin = await make('acme', permissions)
    const other = await make('acme', permissions)
    const { browser } = await signIn(server, admin.key)
    const foreign = await signIn(server, other.key)
    const rotated = await server.latchkey.keys.rotate(admin.id, { graceSeconds: 60 })
    clock.advance(30_000)
    const before = await readAll(database)
    const refused = async (browser: Record<string, string>, token: string) => {
      const { status, json } = await refresh(server, browser, token)
      return [status, json.code]
    }
    expect(await refused(browser, other.key)).toEqual([401, 'invalid_token'])
    expect(await refused(browser, server.rootKey)).toEqual([401, 'invalid_token'])
    expect(await refused(browser, `re_${'0'.repeat(65)}`)).toEqual([401, 'invalid_token'])
    expect(await refused({ cookie: browser.cookie }, admin.key)).toEqual([401, 'session_ended'])
    expect(await refused({}, admin.key)).toEqual([401, 'session_ended'])
    const mixed = { ...browser, 'latchkey-session': foreign.browser['latchkey-session'] }
    expect(await refused(mixed, admin.key)).toEqual([401, 'session_ended'])
    const elsewhere = { ...browser, 'sec-fetch-site': 'same-site' }
    expect(await refused(elsewhere, admin.key)).toEqual([403, 'cross_site_request'])
    expect((await ask(server, 'POST', '/v1/sessions/self/refresh', browser)).json.code).toBe('missing_token')
    expect(await readAll(database)).toBe(before)
    expect((await refresh(server, browser, rotated.key)).status).toBe(200)
    await server.latchkey.keys.update(admin.id, { permissions: ['latchkey:keys:write'] })
    expect(await refused(browser, rotated.key)).toEqual([403, 'missing_permission'])
    await server.close()
  })

  test('a session that has ended in the meantime makes nothing, however fresh it was', async () => {
    const { clock, database, server } = await stage()
    const { browser } = await signIn(server, server.rootKey)
    await using direct = await connectDirectly(database)
    await direct.run('update sessions set fresh_until = 0')
    expectStale(await ask(server, 'POST', '/v1/keys', browser, { name: 'New' }))
    await direct.run('delete from sessions')
    expectEnded(await ask(server, 'POST', '/v1/keys', browser, { name: 'New' }))
    clock.advance(1)
    await server.close()
  })

  test('old sessions of a key do not become fresh with another', async () => {
    const { clock, server } = await stage()
    const key = await makeKey(server.latchkey, ['latchkey:*'])
    const old = await signIn(server, key.key)
    clock.advance(10 * minute)
    const fresh = await signIn(server, key.key)
    await refresh(server, fresh.browser, key.key)
    expectStale(await ask(server, 'POST', '/v1/keys', old.browser, { name: 'New' }))
    await server.close()
  })
})

const hour = 60 * minute

function refresh(
  server: TestServer,
  browser: Record<string, string>,
  token: string,
): Promise<TestAnswer<Wire<Session> & { code?: string }>> {
  return server.request('POST', '/v1/sessions/self/refresh', {
    token,
    headers: { 'sec-fetch-site': 'same-origin', ...browser },
  })
}

function rotateSelf(server: TestServer): Promise<CreatedKey> {
  return server.latchkey.keys
    .list({ organizationId: 'root' })
    .then(({ items }) => items.find(({ name }) => name === 'Root key')?.id as string)
    .then((id) => server.latchkey.keys.rotate(id, { graceSeconds: 86_400 }))
}

/** Being seen, and the use of a key by being seen, is no change. */
function stripSeen(rows: string): string {
  return rows.replaceAll(/"last_(?:seen|used)_at":(?:"?\d+"?)/g, '').replaceAll(/"revision":(?:"?\d+"?)/g, '')
}

function expectStale(answer: TestAnswer, what?: string): void {
  expect(answer, what).toMatchObject({
    status: 403,
    json: { code: 'fresh_sign_in_required', methods: ['token'] },
  })
  expect(answer.headers.get('www-authenticate')).toBeNull()
}
