// The customers' page: a user of the operator's sees and changes the keys of one organization, within its session, from pages of one
// origin, and never by a cookie.
import { expect, test } from 'vitest'
import { type Caller, type CreatePortalSessionInput, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { askForSession, embedOrigin, linkSecretOf, openLink, openPage, portalUrl } from './setup/portal.ts'
import { startTestServer } from './setup/server.ts'
import { hourMs } from './setup/usage.ts'
import { begun, openStage } from './setup/usage-stage.ts'

onEachDatabase('the portal', (makeDatabase) => {
  async function open(options: object = {}) {
    const database = await makeDatabase()
    const server = await startTestServer(database, { publicUrl: portalUrl, ...options })
    await createAcme(server.latchkey)
    await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    return Object.assign(server, { database })
  }
  test('a user lists, creates, rotates and revokes keys; the log says who, by which session', async () => {
    await using server = await open()
    const page = await openPage(server)
    const theirs = await server.latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'Other', permissions: ['emails:send'], metadata: { plan: 'x' } },
    })
    await server.latchkey.keys.create({ organizationId: 'globex', name: 'Foreign' })
    const { json: made } = await page.ask<Record<string, string>>('POST', 'keys', {
      ...{ name: '<b>CI</b>', permissions: ['emails:send'], description: 'For "tests"' },
    })
    expect(made.key).toMatch(/^re_/)
    expect(await server.latchkey.verify(made.key as string)).toMatchObject({ valid: true })
    const listed = await page.ask<Record<string, unknown>[]>('GET', 'keys')
    expect(listed.json.map(({ name }) => name)).toEqual(['<b>CI</b>', 'Other'])
    expect(listed.json[0]).toMatchObject({ created_by: { id: 'u_81', name: 'Ada' } })
    expect(listed.json[1]).toMatchObject({ id: theirs.id, created_by: null })
    const colleague = await openPage(server, { user: { id: 'u_82', name: 'Bo' } })
    const seen = await colleague.ask<Record<string, unknown>[]>('GET', 'keys')
    expect(seen.json.map((one) => one.created_by)).toEqual([null, null])
    expect(seen.text).not.toMatch(/Ada|u_81/)
    expect(listed.text).not.toMatch(/metadata|organization_id|allowed_ips|"ip"|plan/)
    const rotated = await page.ask<Record<string, string>>('POST', `keys/${made.id}/rotate`, {
      grace_seconds: 3_600,
    })
    expect(rotated.json).toMatchObject({ id: made.id, created_by: { id: 'u_81', name: 'Ada' } })
    expect(await server.latchkey.verify(rotated.json.key as string)).toMatchObject({ valid: true })
    const revoked = await page.ask('POST', `keys/${made.id}/revoke`, { reason: 'no_longer_used' })
    expect(revoked.json).toMatchObject({ status: 'revoked', id: made.id })
    const key = await server.latchkey.keys.get(made.id as string)
    expect(key).toMatchObject({ createdBy: 'u_81', createdByType: 'user', revokedBy: 'u_81' })
    const { items } = await server.latchkey.audit.list({ keyId: made.id as string })
    expect(items.map(({ action, actor, actorType, via }) => [action, actor, actorType, via])).toEqual(
      ['key.revoked', 'key.rotated', 'key.created'].map((action) => [action, 'u_81', 'user', page.id]),
    )
    expect((await server.latchkey.audit.list({ actor: 'u_81' })).items).toHaveLength(4)
    // The organization itself sees its user, and not the backend of the operator.
    const auditor = await server.latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'Auditor', permissions: ['latchkey:audit:read'] },
    })
    const log = await server.request<Record<string, unknown>[]>('GET', '/v1/audit-log', {
      token: auditor.key,
    })
    expect(log.json.find(({ action }) => action === 'key.revoked')).toMatchObject({
      actor: 'u_81',
      via: page.id,
    })
    expect(log.json.find(({ action }) => action === 'portal_session.created')).toMatchObject({
      ...{ actor: null, actor_type: 'operator' },
    })
    // It finds what its user did also by the user's id, and nothing of the backend, if a user has the id of that.
    const by = async (actor: string) => {
      const { json } = await server.request<{ action: string; actor: string }[]>(
        ...(['GET', `/v1/audit-log?actor=${actor}`, { token: auditor.key }] as const),
      )
      return json.map((event) => [event.action, event.actor])
    }
    expect(await by('u_81')).toEqual(
      ['key.revoked', 'key.rotated', 'key.created', 'portal_session.opened'].map((one) => [one, 'u_81']),
    )
    const [root] = (await server.latchkey.keys.list({ organizationId: 'root' })).items
    const id = root?.id ?? ''
    expect(await by(id)).toEqual([])
    await openPage(server, { user: { id } })
    expect(await by(id)).toEqual([['portal_session.opened', id]])
  })

  test('a user does no more than its session says: nothing to stronger keys, other prefixes, other organizations', async () => {
    await using server = await open()
    await server.latchkey.keys.setPrefixes({ prefixes: ['re', 'acme_live', 'acme_test'] })
    const make = (name: string, permissions: string[], prefix: string, organizationId = 'acme') =>
      server.latchkey.keys.create({ organizationId, name, permissions, prefix })
    const weak = await make('Weak', ['emails:send'], 'acme_live')
    const strong = await make('Strong', ['billing:write'], 'acme_live')
    const manager = await make('Manager', ['latchkey:keys:read'], 'acme_live')
    const hidden = await make('Hidden', ['emails:send'], 're')
    const foreign = await make('Foreign', ['emails:send'], 'acme_live', 'globex')
    const page = await openPage(server, { prefixes: ['acme_live', 'acme_test'] })
    const listed = await page.ask<{ name: string }[]>('GET', 'keys?limit=2')
    const next = /<\?(.+)>/.exec(listed.headers.get('link') ?? '')?.[1]
    const rest = await page.ask<{ name: string }[]>('GET', `keys?${next}`)
    expect([...listed.json, ...rest.json].map(({ name }) => name)).toEqual(['Manager', 'Strong', 'Weak'])
    const codes = async (id: string) => {
      const rotated = await page.ask('POST', `keys/${id}/rotate`, {})
      const usage = await page.ask('GET', `usage?key_id=${id}`)
      const revoked = await page.ask('POST', `keys/${id}/revoke`, {})
      return [rotated, usage, revoked].map(({ status, json }) => (status === 200 ? 'done' : json.code))
    }
    const escalation = ['permission_escalation', 'done', 'permission_escalation']
    expect(await codes(weak.id)).toEqual(['done', 'done', 'done'])
    expect(await codes(strong.id)).toEqual(escalation)
    expect(await codes(manager.id)).toEqual(escalation)
    for (const { id } of [hidden, foreign]) expect(await codes(id)).toEqual(Array(3).fill('key_not_found'))
    const create = async (fields: object) => {
      const { status, json } = await page.ask('POST', 'keys', { name: 'New', ...fields })
      return status === 200 ? json.hint : json.code
    }
    expect(await create({})).toMatch(/^acme_live_/)
    expect(await create({ prefix: 'acme_test' })).toMatch(/^acme_test_/)
    expect(await create({ prefix: 're' })).toBe('invalid_input')
    expect(await create({ permissions: ['billing:write'] })).toBe('permission_escalation')
    expect(await create({ permissions: ['*'] })).toBe('permission_escalation')
    expect(await create({ permissions: ['latchkey:keys:read'] })).toBe('permission_escalation')
    for (const field of [
      'metadata',
      'organization_id',
      'created_by',
      'limits',
      'parent_id',
      'decoy',
      'allowed_ips',
    ])
      expect(await create({ [field]: {} })).toBe('invalid_input')
    const reader = await openPage(server, { permissions: ['latchkey:keys:read'] })
    expect((await reader.ask('POST', 'keys', { name: 'New' })).json.code).toBe('missing_permission')
    expect((await reader.ask('GET', 'usage')).json.code).toBe('missing_permission')
    const counter = await openPage(server, { permissions: ['latchkey:usage:read'] })
    expect((await counter.ask('GET', 'keys')).json.code).toBe('missing_permission')
  })

  test('usage counts the calls with the keys that the user sees, and no others', async () => {
    await using server = await open()
    await server.latchkey.keys.setPrefixes({ prefixes: ['re', 'acme_live'] })
    // Closed again: what it has counted is written.
    const counting = await openLatchkey({ database: server.database })
    for (const [prefix, organizationId, calls] of [
      ['re', 'acme', 3],
      ['acme_live', 'acme', 5],
      ['acme_live', 'globex', 7],
    ] as const) {
      const { key } = await server.latchkey.keys.create({ organizationId, name: 'K', prefix })
      for (let i = 0; i < calls; i++) await counting.verify(key)
    }
    await counting.close()
    const countOf = async (fields: Record<string, unknown>) => {
      const page = await openPage(server, fields)
      const { json, headers } = await page.ask<{ calls: number; valid: number }[]>('GET', 'usage?by=total')
      expect(headers.get('latchkey-as-of')).toMatch(/Z$/)
      return json.map(({ calls, valid }) => [calls, valid])
    }
    expect(await countOf({})).toEqual([[8, 8]])
    expect(await countOf({ prefixes: ['acme_live'] })).toEqual([[5, 5]])
    expect(await countOf({ prefixes: ['re'] })).toEqual([[3, 3]])
  })

  test('usage that is closed and summed is told of the same keys alone', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees } = stage
    await latchkey.keys.setPrefixes({ prefixes: ['re', 'acme_live'] })
    const live = await latchkey.keys.create({ organizationId: 'acme', name: 'Live', prefix: 'acme_live' })
    const hour = Math.floor(begun / hourMs) - 72
    await stage.write([
      ...([acme, live, bees] as const).map((key, i) => [key, hour, 'valid', 3 + i] as const),
      [undefined, hour, 'malformed', 7],
    ])
    await stage.roll()
    const callsOf = async (prefixes: string[] | null) => {
      const { token } = await latchkey.portalSessions.create({
        ...{ kind: 'embed', organizationId: 'acme', user: { id: 'u_1' }, origin: embedOrigin },
        ...{ permissions: ['latchkey:usage:read'], prefixes },
      } as CreatePortalSessionInput)
      const actor = await latchkey.portal.authenticate(token as string, { origin: embedOrigin })
      const { rows } = await latchkey.portal.readUsage({ by: 'total' }, { actor: actor as Caller })
      return rows.map(({ calls }) => calls)
    }
    expect(await callsOf(null)).toEqual([7])
    expect(await callsOf(['re'])).toEqual([3])
    expect(await callsOf(['acme_live'])).toEqual([4])
  })

  test('a token of an embed is for its origin alone; preflights answer any, and never with credentials', async () => {
    await using server = await open()
    const { json: made } = await askForSession(server, { kind: 'embed' })
    expect(made).toMatchObject({ url: null, url_expires_at: null, origin: embedOrigin })
    const token = made.token as string
    const ask = (origin?: string) =>
      server.request('GET', '/v1/portal/self', { token, headers: origin === undefined ? {} : { origin } })
    expect((await ask(embedOrigin)).status).toBe(200)
    const others = [undefined, 'null', `${embedOrigin}/`, `${embedOrigin}:443`, 'http://app.example.com']
    for (const origin of [...others, 'https://APP.example.com', 'https://evil.example', portalUrl]) {
      const { status, json, headers } = await ask(origin)
      expect([origin, status, json.code]).toEqual([origin, 403, 'origin_not_allowed'])
      expect(headers.get('access-control-allow-origin')).toBe('*')
    }
    const path = '/v1/portal/keys/0192f0c1-0000-7000-8000-000000000000/rotate'
    const preflight = await server.request('OPTIONS', path, {
      headers: { origin: 'https://any.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key',
    })
    expect(preflight.headers.has('access-control-allow-credentials')).toBe(false)
    const ofList = await server.request('OPTIONS', '/v1/portal/keys', { headers: { origin: embedOrigin } })
    expect(ofList.headers.get('access-control-allow-methods')).toBe('GET, POST')
    const elsewhere = await server.request('OPTIONS', '/v1/keys', { headers: { origin: embedOrigin } })
    expect([elsewhere.status, elsewhere.headers.has('access-control-allow-origin')]).toEqual([405, false])
    const link = await openPage(server)
    expect((await link.ask('GET', 'self', undefined, { origin: portalUrl })).status).toBe(200)
    expect((await link.ask('GET', 'self', undefined, { origin: embedOrigin })).json.code).toBe(
      'origin_not_allowed',
    )
    const { json: other } = await askForSession(server)
    const refused = await openLink(server, linkSecretOf(other), { origin: embedOrigin })
    expect(refused.json.code).toBe('origin_not_allowed')
    expect((await openLink(server, linkSecretOf(other), { origin: portalUrl })).status).toBe(200)
  })

  test('portal tokens open nothing elsewhere, and keys and sessions nothing here', async () => {
    await using server = await open()
    const page = await openPage(server)
    for (const path of [
      '/v1/keys',
      '/v1/audit-log',
      '/v1/portal-sessions',
      '/v1/sessions',
      '/v1/keys/self',
    ]) {
      const { status, json } = await server.request('GET', path, { token: page.token })
      expect([path, status, json.code]).toEqual([path, 401, 'invalid_token'])
    }
    const auth = await server.request('GET', '/v1/auth', { token: page.token })
    expect(auth.status).toBe(401)
    const { json: verdict } = await server.request('POST', '/v1/keys/verify', {
      ...{ token: server.rootKey, body: { key: page.token } },
    })
    expect(verdict).toMatchObject({ valid: false })
    for (const token of [
      server.rootKey,
      'lkp_',
      `lkp_${'A'.repeat(43)}`,
      linkSecretOf((await askForSession(server)).json),
    ]) {
      const { status, json } = await server.request('GET', '/v1/portal/self', { token })
      expect([status, json.code]).toEqual([401, 'session_ended'])
    }
    expect((await server.request('GET', '/v1/portal/self')).json.code).toBe('missing_token')
    const { value, pageValue } = await server.latchkey.sessions.start(server.rootKey)
    const byCookie = await server.request('GET', '/v1/portal/self', {
      headers: { cookie: `latchkey_session=${value}`, 'latchkey-session': pageValue },
    })
    expect(byCookie.json.code).toBe('missing_token')
  })

  test('a request with an Idempotency-Key makes one key, and its answer opens for its own session alone', async () => {
    await using server = await open()
    const [page, other] = [await openPage(server), await openPage(server)]
    const foreign = await openPage(server, { organization_id: 'globex' })
    const ask = (one: typeof page) => one.ask('POST', 'keys', { name: 'CI' }, { 'idempotency-key': 'k-1' })
    const [first, second] = [await ask(page), await ask(page)]
    expect(second.json.key).toBe(first.json.key)
    expect((await ask(other)).json.code).toBe('idempotency_sealed')
    expect((await ask(foreign)).status).toBe(200)
    expect((await server.latchkey.keys.list({ organizationId: 'acme' })).items).toHaveLength(1)
  })
})
