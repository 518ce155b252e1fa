// Sessions: what one is worth, how it ends, and who may see and end it.
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLatchkey, type StartedSession } from '../src/index.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'
import { send, startTestServer } from './setup/server.ts'
import { ask, type Browser, expectEnded, makeKey, signIn, type WireSession } from './setup/sessions.ts'

const browserOf = ({ value, pageValue }: StartedSession): Browser => ({
  cookie: `latchkey=${value}`,
  'latchkey-session': pageValue,
})
const minute = 60_000
const hour = 60 * minute

onEachDatabase('sessions', (makeDatabase, kind) => {
  test('a session may do what its key may at that instant, and no more', async () => {
    const server = await startTestServer(await makeDatabase())
    const key = await makeKey(server.latchkey, ['latchkey:keys:*'])
    const { browser } = await signIn(server, key.key)
    expect((await ask(server, 'GET', '/v1/keys', browser)).status).toBe(200)
    expect((await ask(server, 'GET', '/v1/keys/self', browser)).json).toMatchObject({ id: key.id })
    const created = await ask(server, 'POST', '/v1/keys', browser, { name: 'CI' })
    expect(created).toMatchObject({ status: 200, json: { created_by: key.id } })
    const refused = await ask(server, 'GET', '/v1/audit-log', browser)
    expect(refused).toMatchObject({ status: 403, json: { code: 'missing_permission' } })
    await server.latchkey.keys.update(key.id, { permissions: ['latchkey:audit:read'] })
    expect((await ask(server, 'GET', '/v1/audit-log', browser)).status).toBe(200)
    expect((await ask(server, 'POST', '/v1/keys', browser, { name: 'CI' })).status).toBe(403)
    // The use of the session is a use of the key, and the line of the log names it.
    expect(server.log.at(-1)).toMatchObject({ key_id: key.id, status: 403 })
    await server.close()
  })

  test('a session that waits to be written is worth what its key may do after that', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    let passed = 0
    const monotonic = () => performance.now() + passed
    await using latchkey = await openLatchkey({ database, now: clock.now, monotonic })
    await latchkey.ensureRootKey()
    const { id, key } = await makeKey(latchkey)
    const values = await latchkey.sessions.start(key)
    // That it was seen is to be written, and another process is writing.
    clock.advance(2 * minute)
    await using direct = await connectDirectly(database)
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    await direct.run('update sessions set ip = null')
    await direct.run(`update keys set permissions = '[]' where id = '${id}'`)
    const caller = latchkey.sessions.authenticate(values)
    await setTimeout(200)
    passed = 3_000
    await direct.run('commit')
    expect((await caller)?.permissions).toEqual([])
  })

  test('a session is over with its token at the very next request, in every process', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const server = await startTestServer(database, { now: clock.now })
    const second = await openLatchkey({ database, now: clock.now })
    const { keys, sessions } = server.latchkey
    const ends: Record<string, (id: string, kid: string) => Promise<unknown>> = {
      revoked: (id) => keys.revoke(id),
      'rotated without a grace': (id) => keys.rotate(id),
      'grace ended': async (id, kid) => {
        await keys.rotate(id, { graceSeconds: 3600 })
        expect(await second.sessions.authenticate(values[0] as StartedSession)).toBeDefined()
        await keys.endSecret(id, kid)
      },
      'grace over': async (id) => {
        await keys.rotate(id, { graceSeconds: 60 })
        clock.advance(59_999)
        expect(await second.sessions.authenticate(values[0] as StartedSession)).toBeDefined()
        clock.advance(1)
      },
      expired: async (id) => {
        await keys.update(id, { expiresAt: clock.in(1000) })
        clock.advance(1000)
      },
    }
    let values: StartedSession[] = []
    for (const [how, end] of Object.entries(ends)) {
      const key = await makeKey(server.latchkey)
      values = await Promise.all([sessions.start(key.key), second.sessions.start(key.key)])
      const known = { keyId: key.id, organizationId: 'root', permissions: key.permissions }
      for (const value of values) {
        for (const { sessions } of [server.latchkey, second])
          expect(await sessions.authenticate(value), how).toMatchObject(known)
      }
      await end(key.id, key.key.slice(3, 19))
      for (const value of values) {
        for (const { sessions } of [second, server.latchkey])
          expect(await sessions.authenticate(value), how).toBeUndefined()
        expectEnded(await ask(server, 'GET', '/v1/keys/self', browserOf(value)))
      }
      expect(await codeOf(second.sessions.start(key.key)), how).toBe('invalid_token')
    }
    await second.close()
    await server.close()
  })

  test('a session that is revoked past its own table is judged by its key all the same', async () => {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    const root = await latchkey.createRootKey()
    const started = await latchkey.sessions.start(root.key)
    expect(await latchkey.sessions.authenticate(started)).toBeDefined()
    await using direct = await connectDirectly(database)
    await direct.run('update secrets set ended_at = 1')
    expect(await latchkey.sessions.authenticate(started)).toBeUndefined()
    await latchkey.close()
  })

  test('a session ends an hour after its last use, and twelve after it began however much it is used', async () => {
    const clock = makeClock()
    const latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const root = await latchkey.createRootKey()
    const isLive = async (started: StartedSession) =>
      (await latchkey.sessions.authenticate(started)) !== undefined
    const idle = await latchkey.sessions.start(root.key)
    clock.advance(hour - 1)
    expect(await isLive(idle)).toBe(true)
    clock.advance(hour - 1)
    expect(await isLive(idle)).toBe(true)
    clock.advance(hour)
    expect(await isLive(idle)).toBe(false)
    const busy = await latchkey.sessions.start(root.key)
    for (let quarter = 1; quarter < 48; quarter++) {
      clock.advance(hour / 4)
      expect(await isLive(busy)).toBe(true)
    }
    clock.advance(hour / 4 - 1)
    expect(await isLive(busy)).toBe(true)
    clock.advance(1)
    expect(await isLive(busy)).toBe(false)
    await latchkey.close()
  })

  test('being seen is written at most once a minute, by many at once too, and never backwards', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database, now: clock.now })
    const root = await latchkey.createRootKey()
    const started = await latchkey.sessions.start(root.key)
    const { session } = started
    const seenAfter = async (ms: number) => {
      clock.advance(ms)
      await Promise.all(Array.from({ length: 5 }, () => latchkey.sessions.authenticate(started)))
      await using direct = await connectDirectly(database)
      const [row] = await direct.run('select last_seen_at from sessions')
      return Number(row?.last_seen_at) - session.createdAt.getTime()
    }
    expect(await seenAfter(minute - 1)).toBe(0)
    expect(await seenAfter(1)).toBe(minute)
    expect(await seenAfter(minute - 1)).toBe(minute)
    expect(await seenAfter(-minute)).toBe(minute)
    expect(await seenAfter(2 * minute)).toBe(3 * minute - 1)
    await latchkey.close()
  })

  test('of two processes with different clocks, the one that is behind takes nothing back', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const behind = await openLatchkey({ database, now: clock.now })
    const ahead = await openLatchkey({ database, now: () => clock.now() + 5 * minute })
    const root = await behind.createRootKey()
    const started = []
    for (let i = 0; i < 8; i++) started.push(await behind.sessions.start(root.key))
    const [warm, ...raced] = started
    await ahead.sessions.authenticate(warm as StartedSession)
    clock.advance(minute)
    await ahead.sessions.authenticate(warm as StartedSession)
    await Promise.all(
      raced.flatMap((one) => [ahead, behind].map(({ sessions }) => sessions.authenticate(one))),
    )
    await using direct = await connectDirectly(database)
    const rows = await direct.run('select last_seen_at from sessions')
    const seen = new Set(rows.map((row) => Number(row.last_seen_at)))
    expect(seen).toEqual(new Set([clock.in(5 * minute).getTime()]))
    await ahead.close()
    await behind.close()
  })

  test('of more than twenty sessions of a key the least recently seen ends, however many sign in at once', async () => {
    const clock = makeClock()
    const latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const root = await latchkey.createRootKey()
    const other = await makeKey(latchkey)
    const elsewhere = await latchkey.sessions.start(other.key)
    const first = await latchkey.sessions.start(root.key)
    clock.advance(minute)
    const second = await latchkey.sessions.start(root.key)
    for (let i = 2; i < 20; i++) await latchkey.sessions.start(root.key)
    clock.advance(minute)
    const caller = await latchkey.sessions.authenticate(first)
    if (caller === undefined) throw new Error('It is over.')
    const started = await latchkey.sessions.start(root.key)
    expect(await latchkey.sessions.authenticate(first)).toBeDefined()
    const ids = async () => (await latchkey.sessions.list({ actor: caller })).map(({ id }) => id)
    expect(await ids()).toHaveLength(20)
    expect(await ids()).toContain(started.session.id)
    const ended = await latchkey.audit.list({ action: 'session.ended' })
    expect(ended.items).toMatchObject([{ keyId: root.id, actor: root.id }])
    expect(await ids()).not.toContain(ended.items[0]?.changes.session_id)
    const many = await Promise.all(Array.from({ length: 5 }, () => latchkey.sessions.start(root.key)))
    expect(await ids()).toHaveLength(20)
    const live = await Promise.all(many.map((one) => latchkey.sessions.authenticate(one)))
    expect(live.filter((each) => each !== undefined)).toHaveLength(5)
    expect(await latchkey.sessions.authenticate(second)).toBeUndefined()
    expect(await latchkey.sessions.authenticate(elsewhere)).toBeDefined()
    await latchkey.close()
  })

  test('sessions of a revoked key go with it, and no others', async () => {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    for (const id of ['acme', 'bees']) await latchkey.organizations.create({ id, name: id })
    const [ours, colleague, foreign] = [
      await makeKey(latchkey, [], 'acme'),
      await makeKey(latchkey, [], 'acme'),
      await makeKey(latchkey, [], 'bees'),
    ]
    const rows = async () => {
      await using direct = await connectDirectly(database)
      return (await direct.run('select id from sessions')).map(({ id }) => id).sort()
    }
    const idsOf = (...started: StartedSession[]) => started.map(({ session }) => session.id).sort()
    const foreigner = await latchkey.sessions.start(foreign.key)
    const theirs = await latchkey.sessions.start(colleague.key)
    const latest = await latchkey.sessions.start(ours.key)
    expect(await rows()).toEqual(idsOf(foreigner, theirs, latest))
    await latchkey.keys.revoke(colleague.id)
    expect(await rows()).toEqual(idsOf(foreigner, latest))
    await latchkey.close()
  })

  test('a key lists and ends its own live sessions alone; any other id is as unknown as one that never was', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const server = await startTestServer(database, { now: clock.now })
    const { latchkey } = server
    const key = await makeKey(latchkey)
    const other = await makeKey(latchkey)
    const rotated = await signIn(server, key.key)
    const { key: newToken } = await latchkey.keys.rotate(key.id, { graceSeconds: 60 })
    clock.advance(minute)
    const first = await signIn(server, newToken)
    clock.advance(1)
    const second = await signIn(server, newToken)
    const theirs = await signIn(server, other.key)
    const list = async (browser: Browser) =>
      (await ask<WireSession[]>(server, 'GET', '/v1/sessions', browser)).json
    const shown = (await list(first.browser)).map(({ id, current }) => [id, current])
    expect(shown).toEqual([
      [second.session.id, false],
      [first.session.id, true],
    ])
    const byToken = await server.request<WireSession[]>('GET', '/v1/sessions', { token: newToken })
    expect(byToken.json.map(({ current }) => current)).toEqual([false, false])
    expectEnded(await ask(server, 'GET', '/v1/sessions', rotated.browser))

    const end = (id: string) => ask(server, 'DELETE', `/v1/sessions/${id}`, first.browser)
    const unchanged = await readAll(database)
    const ids = [theirs.session.id, '01a20711-2508-7000-8000-18883f1ab395', 'nonsense', 'Self', '%00']
    for (const id of ids)
      expect(await end(id)).toMatchObject({ status: 404, json: { code: 'session_not_found' } })
    const self = await server.request('DELETE', '/v1/sessions/self', { token: newToken })
    expect(self).toMatchObject({ status: 404, json: { code: 'session_not_found' } })
    expect(await readAll(database)).toBe(unchanged)
    const ended = await end(second.session.id)
    expect(ended).toMatchObject({ status: 200, json: { success: true } })
    expect(ended.headers.get('set-cookie')).toBeNull()
    expectEnded(await ask(server, 'GET', '/v1/keys/self', second.browser))
    expect((await end(second.session.id)).status).toBe(404)
    const left = await end('self')
    expect(left).toMatchObject({ status: 200, json: { success: true } })
    expect(left.headers.get('set-cookie')).toBe('latchkey=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict')
    expectEnded(await end('self'))
    expect(await list(theirs.browser)).toHaveLength(1)
    await server.close()
  })

  test('opening and ending a session are in the audit log, and nobody forgets a key for it', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const key = await makeKey(server.latchkey)
    const changes = async () => {
      await using direct = await connectDirectly(database)
      // Barriers come by themselves, a second after the start.
      return await direct.run('select * from changes where topic is not null')
    }
    const { session, browser } = await signIn(server, key.key, { 'x-request-id': 'in' })
    await send(server.url, 'DELETE', '/v1/sessions/self', {
      headers: { ...browser, 'sec-fetch-site': 'same-origin', 'x-request-id': 'out' },
    })
    const { items } = await server.latchkey.audit.list({ keyId: key.id, limit: 2 })
    const shared = {
      actor: key.id,
      keyId: key.id,
      organizationId: 'root',
      ip: '127.0.0.1',
      changes: { session_id: session.id },
    }
    expect(items).toMatchObject([
      { ...shared, action: 'session.ended', requestId: 'out' },
      { ...shared, action: 'session.started', requestId: 'in' },
    ])
    expect(await changes()).toEqual([])
    await server.close()
  })

  test('a broken database is no verdict on a session', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { browser } = await signIn(server, server.rootKey)
    await using direct = await connectDirectly(database)
    await direct.run('alter table sessions rename to elsewhere')
    const answer = await ask(server, 'GET', '/v1/keys/self', browser)
    expect(answer).toMatchObject({ status: 503, json: { code: 'store_unavailable' } })
    expect(answer.headers.get('set-cookie')).toBeNull()
    await direct.run('alter table elsewhere rename to sessions')
    expect((await ask(server, 'GET', '/v1/keys/self', browser)).status).toBe(200)
    await server.close()
  })

  test('who is signed in can go on reading where nothing can be written', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database, now: clock.now })
    const started = await latchkey.sessions.start((await latchkey.createRootKey()).key)
    await using direct = await connectDirectly(database)
    const full =
      kind === 'SQLite'
        ? `begin select raise(abort, 'full'); end`
        : 'for each row execute function find_disk_full()'
    if (kind === 'PostgreSQL') {
      await direct.run(
        `create function find_disk_full() returns trigger language plpgsql as $$ begin raise 'full'; end $$`,
      )
    }
    await direct.run(`create trigger full_disk before update on sessions ${full}`)
    clock.advance(2 * minute)
    expect(await latchkey.sessions.authenticate(started)).toBeDefined()
    await latchkey.close()
  })

  test('whatever a browser calls itself is stored and shown as text, and never a token', async () => {
    const latchkey = await openLatchkey({ database: await makeDatabase() })
    const root = await latchkey.createRootKey()
    const shown = async (userAgent: string) =>
      (await latchkey.sessions.start(root.key, { userAgent })).session.userAgent
    expect(await shown(`curl ${root.key}`)).toBeNull()
    expect(await shown('a\0b\x1b[31m')).toBe('ab[31m')
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 600 }), async (userAgent) => {
        const text = await shown(userAgent)
        expect(text?.length).toBeLessThanOrEqual(256)
        expect(text?.isWellFormed()).toBe(true)
      }),
      { numRuns: 20 },
    )
    await latchkey.close()
  })
})
