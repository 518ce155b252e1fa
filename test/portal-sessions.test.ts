// Portal sessions: an operator's backend makes them for its users, and each is judged anew at each request.
import { expect, test } from 'vitest'
import type { LatchkeyError } from '../src/index.ts'
import { commitmentTo } from '../src/transparency/leaf.ts'
import { leafHash } from '../src/transparency/merkle.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { join } from './setup/people.ts'
import {
  allOfPortal,
  askForSession,
  embedOrigin,
  linkSecretOf,
  openLink,
  openPage,
  portalUrl,
} from './setup/portal.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('portal sessions', (makeDatabase, kind) => {
  async function open(options: object = {}) {
    const database = await makeDatabase()
    const server = await startTestServer(database, { publicUrl: portalUrl, ...options })
    await createAcme(server.latchkey)
    await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    return Object.assign(server, { database })
  }
  const makeRootKey = async (server: Awaited<ReturnType<typeof open>>, permissions: string[] = []) =>
    server.latchkey.keys.create({
      ...{ organizationId: 'root', name: 'Backend' },
      permissions: ['latchkey:portal:write', 'latchkey:keys:read', 'latchkey:keys:write', ...permissions],
    })

  test('a link opens once, within five minutes, and its token sees the organization of the session', async () => {
    await using server = await open()
    const { json: made } = await askForSession(server, {
      return_url: 'https://app.example.com/x',
      lang: 'de',
    })
    expect(made).toMatchObject({
      ...{ kind: 'link', organization_id: 'acme', user: { id: 'u_81', name: 'Ada' }, token: null },
      ...{ permissions: allOfPortal, prefixes: null, origin: null, scheme: 'auto', lang: 'de' },
      ...{ created_by_type: 'key', ended_at: null, return_url: 'https://app.example.com/x' },
    })
    expect(made.url).toMatch(/^https:\/\/keys\.example\.com\/portal#lkl_[A-Za-z0-9_-]{43}$/)
    const opened = await openLink(server, linkSecretOf(made))
    expect(opened.json.token).toMatch(/^lkp_[A-Za-z0-9_-]{43}$/)
    expect(opened.json.expires_at).toBe(made.expires_at)
    const again = await openLink(server, linkSecretOf(made))
    expect([again.status, again.json.code]).toEqual([401, 'invalid_token'])
    const { json } = await server.request('GET', '/v1/portal/self', { token: opened.json.token })
    expect(json).toMatchObject({
      ...{ id: made.id, kind: 'link', organization: { id: 'acme', name: 'Acme' } },
      ...{ user: { id: 'u_81', name: 'Ada' }, permissions: allOfPortal, grantable: ['emails:*'] },
      ...{ prefixes: ['re'], catalogue: [], return_url: 'https://app.example.com/x' },
    })
  })

  test('of fifty who open one link at once, one gets in', async () => {
    await using server = await open()
    const { json: made } = await askForSession(server)
    const answers = await Promise.all(Array.from({ length: 50 }, () => openLink(server, linkSecretOf(made))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    // Whoever waits too long for so many from one address is told so.
    expect(answers.filter(({ status }) => ![200, 401, 503].includes(status))).toEqual([])
  })

  test('a link that is late, unknown or misspelt opens nothing, and all of them are told the same', async () => {
    const clock = makeClock()
    await using server = await open({ now: clock.now })
    const { json: made } = await askForSession(server)
    clock.advance(300_000)
    const secrets = [linkSecretOf(made), `lkl_${'A'.repeat(43)}`, 'lkl_', '', server.rootKey]
    const answers = await Promise.all(secrets.map((secret) => openLink(server, secret)))
    const told = answers.map(({ status, json }) => ({ ...json, status, request_id: '' }))
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(told[0]).toMatchObject({ status: 401, code: 'invalid_token' })
    for (const body of ['null', '[]', '{}', '{"secret":7}', '{"secret":"lkl_","more":1}']) {
      const { status, json } = await server.request('POST', '/v1/portal/token', { body })
      expect([body, status, json.code]).toEqual([body, 422, 'invalid_input'])
    }
  })

  test('a session ends by its time, by its id, with its user and with its organization', async () => {
    const clock = makeClock()
    await using server = await open({ now: clock.now })
    const isOver = async (page: Awaited<ReturnType<typeof openPage>>) => {
      const { status, json } = await page.ask('GET', 'self')
      return status === 200 ? false : json.code
    }
    const end = (path: string) => server.request('DELETE', path, { token: server.rootKey })
    const [first, second, third] = [await openPage(server), await openPage(server), await openPage(server)]
    const stranger = await openPage(server, { user: { id: 'u_82' } })
    expect((await end(`/v1/portal-sessions/${first.id}`)).status).toBe(200)
    expect((await end(`/v1/portal-sessions/${first.id}`)).status).toBe(200)
    expect([await isOver(first), await isOver(second)]).toEqual(['session_ended', false])
    expect((await end('/v1/portal-sessions?organization_id=acme&user_id=u_81')).status).toBe(200)
    expect([await isOver(second), await isOver(third), await isOver(stranger)]).toEqual([
      ...['session_ended', 'session_ended', false],
    ])
    expect((await end('/v1/portal-sessions?organization_id=acme')).status).toBe(200)
    expect(await isOver(stranger)).toBe('session_ended')
    const short = await openPage(server, { expires_in_seconds: 60 })
    expect(await isOver(short)).toBe(false)
    clock.advance(60_000)
    expect(await isOver(short)).toBe('session_ended')
    const suspended = await openPage(server)
    await server.latchkey.organizations.suspend('acme')
    expect(await isOver(suspended)).toBe('session_ended')
    await server.latchkey.organizations.resume('acme')
    expect(await isOver(suspended)).toBe('session_ended')
    const absent = await end('/v1/portal-sessions/0192f0c1-0000-7000-8000-000000000000')
    expect([absent.status, absent.json.code]).toEqual([404, 'portal_session_not_found'])
  })

  test('a session ends with the secret of the key that made it, and may no more than that key', async () => {
    await using server = await open()
    const backend = await makeRootKey(server)
    const permissions = ['latchkey:keys:read', 'latchkey:keys:write', 'emails:*']
    const page = await openPage(server, { permissions }, backend.key)
    const create = () => page.ask('POST', 'keys', { name: 'CI', permissions: ['emails:send'] })
    expect((await create()).status).toBe(200)
    await server.latchkey.keys.update(backend.id, {
      permissions: ['latchkey:portal:write', 'latchkey:keys:read'],
    })
    const refused = await create()
    expect([refused.status, refused.json.code]).toEqual([403, 'missing_permission'])
    expect((await page.ask('GET', 'keys')).status).toBe(200)
    await server.latchkey.keys.revoke(backend.id)
    expect((await page.ask('GET', 'keys')).json.code).toBe('session_ended')
    const other = await makeRootKey(server)
    const rotated = await openPage(server, { permissions }, other.key)
    await server.latchkey.keys.rotate(other.id)
    expect((await rotated.ask('GET', 'keys')).json.code).toBe('session_ended')
  })

  test('a change that began before its session, or the key of that, ended is not made after it', async () => {
    await using server = await open()
    const permissions = ['latchkey:keys:write', 'emails:*']
    const countKeys = async () => (await server.latchkey.keys.list({ organizationId: 'acme' })).items.length
    for (let round = 0; round < 20; round++) {
      const backend = await makeRootKey(server)
      const page = await openPage(server, { permissions, user: { id: `u_${round}` } }, backend.key)
      const changes = Array.from({ length: 12 }, () => page.ask('POST', 'keys', { name: 'CI' }))
      await new Promise((resolve) => setTimeout(resolve, round % 5))
      if (round % 2 === 0) await server.latchkey.keys.revoke(backend.id)
      else await server.latchkey.portalSessions.end(page.id)
      const seen = await countKeys()
      await Promise.all(changes)
      expect(await countKeys(), `round ${round}`).toBe(seen)
    }
  })

  if (kind === 'PostgreSQL')
    test('an end waits for the change that its session has under way, and is not told before', async () => {
      await using server = await open()
      const permissions = ['latchkey:keys:write', 'emails:*']
      for (const which of ['session', 'key'] as const) {
        const backend = await makeRootKey(server)
        const page = await openPage(server, { permissions, user: { id: which } }, backend.key)
        await using direct = await connectDirectly(server.database)
        await direct.run('begin')
        // What the change waits for when its caller was judged, and no end needs.
        await direct.run('lock table key_terms in exclusive mode')
        const changed = page.ask('POST', 'keys', { name: 'CI' })
        await new Promise((resolve) => setTimeout(resolve, 150))
        let isEnded = false
        const end =
          which === 'session'
            ? server.latchkey.portalSessions.end(page.id)
            : server.latchkey.keys.rotate(backend.id).then(() => {})
        const ended = end.then(() => {
          isEnded = true
        })
        await new Promise((resolve) => setTimeout(resolve, 150))
        expect([which, isEnded]).toEqual([which, false])
        await direct.run('rollback')
        expect((await changed).status).toBe(200)
        await ended
        expect((await page.ask('POST', 'keys', { name: 'CI' })).json.code).toBe('session_ended')
      }
    })

  test('only a root key with the permission makes sessions, of what it covers, for customers', async () => {
    await using server = await open()
    const answerTo = async (fields: Record<string, unknown>, token?: string) => {
      const { status, json } = await askForSession<{ code: string; errors?: { path: string }[] }>(
        server,
        fields,
        token,
      )
      return status === 200 ? 'made' : [json.code, ...(json.errors ?? []).map(({ path }) => path)].join(' ')
    }
    const backend = await makeRootKey(server)
    const customer = await server.latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'K', permissions: ['latchkey:portal:write', 'latchkey:keys:read'] },
    })
    const keysOnly = ['latchkey:keys:read']
    expect(await answerTo({ permissions: keysOnly }, customer.key)).toBe('root_organization_required')
    expect(await answerTo({ permissions: keysOnly }, backend.key)).toBe('made')
    expect(await answerTo({ permissions: ['latchkey:usage:read'] }, backend.key)).toBe(
      'permission_escalation',
    )
    for (const permission of [
      'latchkey:*',
      'latchkey:audit:read',
      'latchkey:keys:*',
      'latchkey:portal:write',
    ])
      expect(await answerTo({ permissions: [permission] })).toBe('invalid_input permissions[0]')
    expect(await answerTo({ permissions: [] })).toBe('invalid_input permissions')
    expect(await answerTo({ permissions: undefined })).toBe('invalid_input permissions')
    expect(await answerTo({ organization_id: 'root' })).toBe('invalid_input organization_id')
    expect(await answerTo({ organization_id: 'nobody' })).toBe('organization_not_found')
    expect(await answerTo({ prefixes: ['unknown'] })).toBe('invalid_input prefixes[0]')
    expect(await answerTo({ origin: embedOrigin })).toBe('invalid_input origin')
    expect(await answerTo({ kind: 'embed', origin: null })).toBe('invalid_input origin')
    expect(await answerTo({ kind: 'embed', return_url: embedOrigin })).toBe('invalid_input return_url')
    for (const origin of [
      'null',
      '*',
      'app.example.com',
      `${embedOrigin}/`,
      'http://app.example.com',
      'file://x',
    ])
      expect(await answerTo({ kind: 'embed', origin })).toBe('invalid_input origin')
    expect(await answerTo({ kind: 'embed', origin: 'http://localhost:3000' })).toBe('made')
    for (const url of [
      'javascript:alert(1)',
      '//evil.example',
      'http://app.example.com/',
      'https://u:p@x.example',
      'https://x.example/\u0000',
      'https://x.example/\u001f#a',
    ])
      expect(await answerTo({ return_url: url })).toBe('invalid_input return_url')
    for (const seconds of [59, 43_201, 1.5]) {
      expect(await answerTo({ expires_in_seconds: seconds })).toBe('invalid_input expires_in_seconds')
    }
    await server.latchkey.organizations.suspend('globex')
    expect(await answerTo({ organization_id: 'globex' })).toBe('organization_suspended')
  })

  test('the name of a user is forgotten with its sessions, and no secret lies in the database, the log or a list', async () => {
    await using server = await open()
    const page = await openPage(server)
    await page.ask('POST', 'keys', { name: 'CI' })
    const list = await server.request<{ user: object; token: null; url: null }[]>(
      'GET',
      '/v1/portal-sessions?organization_id=acme',
      { token: server.rootKey },
    )
    expect(list.json).toMatchObject([
      { id: page.id, user: { id: 'u_81', name: 'Ada' }, token: null, url: null },
    ])
    const forget = () => server.request('DELETE', '/v1/portal-users/acme/u_81', { token: server.rootKey })
    expect((await forget()).status).toBe(200)
    expect((await forget()).status).toBe(200)
    expect((await page.ask('GET', 'self')).json.code).toBe('session_ended')
    const after = await openPage(server, { user: { id: 'u_81' } })
    expect((await after.ask('GET', 'self')).json).toMatchObject({ user: { id: 'u_81', name: null } })
    const { items } = await server.latchkey.audit.list({})
    expect(items.filter(({ action }) => action === 'portal_user.forgotten')).toHaveLength(1)
    const told = JSON.stringify([items, server.log])
    expect(told).not.toMatch(/lkl_|lkp_|Ada/)
    expect(server.log.some((line) => line.portal_session_id === page.id)).toBe(true)
  })

  test('an organization’s thousands of sessions end by one call, each with its event', async () => {
    await using server = await open()
    const page = await openPage(server)
    await using direct = await connectDirectly(server.database)
    const columns = 'kind, organization_id, user_id, permissions, scheme, created_at, expires_at'
    for (let i = 0; i < 2_100; i += 100) {
      const ids = Array.from(
        { length: 100 },
        (_, n) => `0192f0c1-0000-7000-8000-${String(i + n).padStart(12, '0')}`,
      )
      await direct.run(
        `insert into portal_sessions (id, ${columns}) ${ids.map((id) => `select '${id}', ${columns} from portal_sessions where id = '${page.id}'`).join(' union all ')}`,
      )
    }
    // A program whose variable is empty means no such thing.
    const byNobody = server.latchkey.portalSessions.endAll({ organizationId: 'acme', userId: undefined })
    expect(await codeOf(byNobody)).toBe('invalid_input')
    expect((await page.ask('GET', 'self')).status).toBe(200)
    await server.latchkey.portalSessions.endAll({ organizationId: 'acme' })
    expect((await page.ask('GET', 'self')).json.code).toBe('session_ended')
    const { items } = await server.latchkey.portalSessions.list({})
    const ended = await server.latchkey.audit.list({ action: 'portal_session.ended', limit: 1_000 })
    expect(items.filter(({ endedAt }) => endedAt === null)).toEqual([])
    expect([items.length, ended.items.length, ended.next === undefined]).toEqual([1_000, 1_000, false])
  })

  test('who asks without end by one session keeps no other session waiting', async () => {
    await using server = await open()
    const [greedy, modest] = [await openPage(server), await openPage(server, { user: { id: 'u_82' } })]
    const { portal } = server.latchkey
    let ended = 0
    const many = Array.from({ length: 400 }, () =>
      portal.authenticate(greedy.token).then(
        () => void ended++,
        (error: LatchkeyError) => error.code,
      ),
    )
    expect(await portal.authenticate(modest.token)).toMatchObject({ userId: 'u_82' })
    const before = ended
    const codes = new Set(await Promise.all(many))
    expect(before).toBeLessThan(200)
    expect([...codes].filter((code) => code !== undefined && code !== 'too_many_requests')).toEqual([])
  })

  test('of a user’s more than twenty sessions the oldest ends, and no other user’s', async () => {
    await using server = await open()
    const other = await openPage(server, { user: { id: 'u_82' } })
    const pages = []
    for (let i = 0; i < 21; i++) pages.push(await openPage(server))
    const statuses = await Promise.all(
      [...pages, other].map(async (page) => (await page.ask('GET', 'self')).status),
    )
    expect(statuses).toEqual([401, ...Array(21).fill(200)])
    const { items } = await server.latchkey.audit.list({ action: 'portal_session.ended' })
    expect(items.map(({ changes }) => changes.portal_session_id)).toEqual([pages[0]?.id])
  })

  test('a browser whose sign-in is no longer fresh makes no session, which would outlive its own', async () => {
    const clock = makeClock()
    await using server = await open({ now: clock.now })
    const { caller } = await join(server.latchkey, 'root', 'admin')
    const { portalSessions } = server.latchkey
    const permissions = ['latchkey:keys:read']
    const input = { kind: 'link', organizationId: 'acme', user: { id: 'u_1' }, permissions } as const
    expect(await portalSessions.create(input, { actor: caller })).toMatchObject({ kind: 'link' })
    clock.advance(601_000)
    expect(await codeOf(portalSessions.create(input, { actor: caller }))).toBe('fresh_sign_in_required')
  })

  test('the id of a user is any text, and in a path as it is encoded', async () => {
    await using server = await open()
    const id = 'https://id.example/users/8 1?#ü'
    const page = await openPage(server, { user: { id, name: 'Bo' } })
    const path = `/v1/portal-users/acme/${encodeURIComponent(id)}`
    expect((await server.request('DELETE', path, { token: server.rootKey })).status).toBe(200)
    expect((await page.ask('GET', 'self')).json.code).toBe('session_ended')
    const misspelt = await server.request('DELETE', '/v1/portal-users/acme/%FF', { token: server.rootKey })
    expect([misspelt.status, misspelt.json.errors]).toMatchObject([422, [{ path: 'user_id' }]])
    for (const wrong of [
      ' ',
      '\u200b',
      'x'.repeat(257),
      7,
      '.',
      '..',
      `lkp_${'A'.repeat(43)}`,
      server.rootKey,
    ])
      expect((await askForSession(server, { user: { id: wrong } })).status).toBe(422)
  })

  test('what users do is sealed like every change, with the session, and verifies', async () => {
    await using server = await open()
    const page = await openPage(server)
    await page.ask('POST', 'keys', { name: 'CI' })
    await server.latchkey.audit.readCheckpoint({})
    const { items } = await server.latchkey.audit.listSealed({ organizationId: 'acme' })
    const made = items.at(-1)
    const leaf = JSON.parse(made?.leaf as string)
    expect(leaf).toMatchObject({ action: 'key.created', actor_type: 'user', origin: null })
    expect(JSON.parse(made?.details as string)).toMatchObject({ actor: 'u_81', via: page.id })
    expect(commitmentTo(made?.detailsSalt as string, made?.details as string)).toBe(leaf.details)
    expect(leafHash(made?.leaf as string).toString('base64')).toBe(made?.hash)
  })

  test('a member of the root organization makes sessions, which end with its role', async () => {
    await using server = await open()
    const { caller, value, pageValue } = await join(server.latchkey, 'root', 'admin')
    const input = { kind: 'embed', organizationId: 'acme', user: { id: 'u_1' }, origin: embedOrigin } as const
    const made = await server.latchkey.portalSessions.create(
      { ...input, permissions: ['latchkey:keys:read'] },
      { actor: caller },
    )
    const origin = { origin: embedOrigin }
    expect(await server.latchkey.portal.authenticate(made.token as string, origin)).toMatchObject({
      userId: 'u_1',
    })
    await server.latchkey.sessions.end('self', { actor: caller })
    expect(await server.latchkey.sessions.authenticate({ value, pageValue })).toBeUndefined()
    expect(await server.latchkey.portal.authenticate(made.token as string, origin)).toBeDefined()
    await server.latchkey.members.suspend(caller.memberId, {})
    expect(await server.latchkey.portal.authenticate(made.token as string, origin)).toBeUndefined()
    await server.latchkey.members.resume(caller.memberId)
    expect(await server.latchkey.portal.authenticate(made.token as string, origin)).toBeDefined()
    await server.latchkey.members.update(caller.memberId, { role: 'viewer' })
    expect(await server.latchkey.portal.authenticate(made.token as string, origin)).toBeUndefined()
  })
})
