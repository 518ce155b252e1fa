// Every call of the HTTP API, over real HTTP, on both databases.
import { expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer, type TestAnswer, type TestServer } from './setup/server.ts'

type Json = Record<string, unknown>

/** A server with the organization `acme`. */
async function startWithAcme(databaseUrl: string): Promise<TestServer & AsyncDisposable> {
  const server = await startTestServer(databaseUrl)
  await createAcme(server.latchkey)
  return { ...server, [Symbol.asyncDispose]: server.close }
}

async function createKey(server: TestServer, fields: Json = {}): Promise<Json & { id: string; key: string }> {
  const body = { organization_id: 'acme', name: 'CI', permissions: ['emails:send'], ...fields }
  const { status, json } = await server.request('POST', '/v1/keys', { token: server.rootKey, body })
  expect(status).toBe(200)
  return json as Json & { id: string; key: string }
}

/** The address of the next page, as a client finds it (RFC 8288): seen from that of the page. */
function nextOf(path: string, { headers }: TestAnswer<unknown>): string | undefined {
  const link = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
  // Some proxy serves it under a path of its own, which only the client knows.
  const url = link && new URL(link, `https://keys.example.com/a/prefix${path}`)
  if (!url) return undefined
  expect(url.pathname).toMatch(/^\/a\/prefix\/v1\//)
  return url.pathname.slice('/a/prefix'.length) + url.search
}

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

onEachDatabase('over HTTP', (makeDatabase) => {
  test('a key is created with the fields of the seed first, and its token is in no later answer', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    const created = await createKey(server, {
      metadata: { camelCase: [1, null] },
      expires_at: '2090-01-01T00:00:00+01:00',
    })
    expect(Object.keys(created)).toEqual([
      ...['id', 'organization_id', 'name', 'key', 'permissions', 'last_used_at'],
      'created_by',
      'created_by_type',
      'created_at',
      'revoked_at',
      'hint',
      'status',
      'expires_at',
      'metadata',
      ...['description', 'tags', 'parent_id', 'not_before', 'allowed_ips'],
      ...['suspended_at', 'suspended_by', 'suspended_reason', 'revoked_by', 'revocation_reason'],
      'exposure',
      'limits',
      'last_used',
      'revision',
    ])
    expect(created).toMatchObject({
      organization_id: 'acme',
      name: 'CI',
      key: expect.stringMatching(/^re_[0-9A-Za-z]{65}$/),
      permissions: ['emails:send'],
      last_used_at: null,
      created_at: instant,
      revoked_at: null,
      status: 'active',
      expires_at: '2089-12-31T23:00:00.000Z',
      metadata: { camelCase: [1, null] },
    })
    const { key, ...shown } = created
    const listed = await server.request('GET', '/v1/keys?organization_id=acme', { token })
    expect(listed.json).toEqual([shown])
    const { json } = await server.request<Json>('GET', `/v1/keys/${created.id}`, { token })
    const secret = { kid: key.slice(3, 19), hint: created.hint, created_at: instant }
    expect(json).toEqual({
      ...shown,
      secrets: [
        {
          ...secret,
          ...{ created_by: created.created_by, created_by_type: 'key' },
          ...{ expires_at: null, last_used_at: null, until_silent_seconds: null, silent_at: null },
        },
      ],
    })
    for (const path of ['/v1/keys?status=all', `/v1/keys/${created.id}`, '/v1/audit-log', '/metrics']) {
      const { status, text } = await server.request('GET', path, { token })
      expect(status).toBe(200)
      expect(text).not.toContain(key.slice(19))
    }
  })

  test('a key asks what it is without any permission', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const { key, ...created } = await createKey(server, { permissions: [] })
    const { status, json } = await server.request<Json>('GET', '/v1/keys/self', { token: key })
    expect(status).toBe(200)
    // Asking is itself a use of the key.
    expect({ ...json, last_used_at: null, last_used: null }).toEqual(created)
  })

  test('an update changes what it names and leaves the rest', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const { key: _, ...created } = await createKey(server, { metadata: { a: 1 } })
    const changed = await server.request('PATCH', `/v1/keys/${created.id}`, {
      token: server.rootKey,
      body: { name: 'Builds', expires_at: '2090-01-01T00:00:00Z' },
    })
    expect(changed.status).toBe(200)
    const { revision } = changed.json
    expect(revision).not.toBe(created.revision)
    expect(changed.json).toEqual({
      ...created,
      ...{ name: 'Builds', expires_at: '2090-01-01T00:00:00.000Z', revision },
    })
    // As some generated clients write what nobody has set.
    const renamed = { token: server.rootKey, body: { name: 'Builds', permissions: null, metadata: null } }
    expect((await server.request('PATCH', `/v1/keys/${created.id}`, renamed)).json).toEqual(changed.json)
    const forEver = { token: server.rootKey, body: { expires_at: null } }
    expect((await server.request('PATCH', `/v1/keys/${created.id}`, forEver)).json).toMatchObject({
      name: 'Builds',
      expires_at: null,
    })
  })

  test('a rotation with a grace keeps the old token until its end is asked for; without a body it ends it at once', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    const first = await createKey(server)
    const path = `/v1/keys/${first.id}`
    const rotated = await server.request<Json & { key: string }>('POST', `${path}/rotate`, {
      token,
      body: { grace_seconds: 3600 },
    })
    expect(rotated.status).toBe(200)
    expect(rotated.json).toMatchObject({ id: first.id, name: 'CI', permissions: ['emails:send'] })
    const codeOf = async (key: string) =>
      (await server.request('POST', '/v1/keys/verify', { token, body: { key } })).json.code
    expect(await codeOf(first.key)).toBe('valid')
    expect(await codeOf(rotated.json.key)).toBe('valid')
    const again = await server.request('POST', `${path}/rotate`, { token, body: { grace_seconds: 1 } })
    expect(again).toMatchObject({ status: 409, json: { code: 'rotation_in_progress' } })

    const newest = `${path}/secrets/${rotated.json.key.slice(3, 19)}`
    expect(await server.request('DELETE', newest, { token })).toMatchObject({
      status: 409,
      json: { code: 'last_secret' },
    })
    const oldest = `${path}/secrets/${first.key.slice(3, 19)}`
    for (const time of ['first', 'second']) {
      const ended = await server.request('DELETE', oldest, { token })
      expect(ended, time).toMatchObject({ status: 200, json: { success: true } })
    }
    expect(await codeOf(first.key)).toBe('rotated')
    const unknown = await server.request('DELETE', `${path}/secrets/${'0'.repeat(16)}`, { token })
    expect(unknown).toMatchObject({ status: 404, json: { code: 'secret_not_found' } })

    const withoutBody = await server.request<Json & { key: string }>('POST', `${path}/rotate`, { token })
    expect(withoutBody.status).toBe(200)
    expect(await codeOf(rotated.json.key)).toBe('rotated')
    expect(await codeOf(withoutBody.json.key)).toBe('valid')
  })

  test('a revocation is final: again it answers the same, and nothing else may follow it', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    const { id, key } = await createKey(server)
    expect(await server.request('DELETE', `/v1/keys/${id}`, { token })).toMatchObject({
      status: 200,
      json: { success: true },
    })
    const { json: revoked } = await server.request<Json>('GET', `/v1/keys/${id}`, { token })
    expect(revoked).toMatchObject({ status: 'revoked', revoked_at: instant })
    expect((await server.request('DELETE', `/v1/keys/${id}`, { token })).text).toBe('{"success":true}')
    expect((await server.request<Json>('GET', `/v1/keys/${id}`, { token })).json).toEqual(revoked)
    for (const [method, path, body] of [
      ['PATCH', `/v1/keys/${id}`, { name: 'Alive' }],
      ['POST', `/v1/keys/${id}/rotate`, {}],
    ] as const) {
      const refused = await server.request(method, path, { token, body })
      expect(refused).toMatchObject({ status: 409, json: { code: 'key_revoked' } })
    }
    const verdict = await server.request('POST', '/v1/keys/verify', { token, body: { key } })
    expect(verdict).toMatchObject({ status: 200, json: { valid: false, code: 'revoked', key_id: id } })
  })

  test('an expired key is not rotated, and its verdict says so', async () => {
    let now = Date.now()
    const server = await startTestServer(await makeDatabase(), { now: () => now })
    const token = server.rootKey
    await createAcme(server.latchkey)
    const { id, key } = await createKey(server, { expires_at: new Date(now + 1000).toISOString() })
    now += 1000
    expect(await server.request('POST', `/v1/keys/${id}/rotate`, { token })).toMatchObject({
      status: 409,
      json: { code: 'key_expired' },
    })
    const { json } = await server.request('POST', '/v1/keys/verify', { token, body: { key } })
    expect(json).toMatchObject({ valid: false, code: 'expired' })
    const listed = await server.request<Json[]>('GET', '/v1/keys?status=expired', { token })
    expect(listed.json.map((item) => item.id)).toEqual([id])
    await server.close()
  })

  test('verdicts come one by one or in a batch, in the order asked, and a refusal is an answer', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    const { id, key } = await createKey(server, { metadata: { plan: 'pro' } })
    const known = {
      key_id: id,
      organization_id: 'acme',
      name: 'CI',
      permissions: ['emails:send'],
      expires_at: null,
      metadata: { plan: 'pro' },
    }
    const unknown = (await server.latchkey.createRootKey()).key.replace(/^re/, 'rf')
    const asked = [
      { key, permissions: ['emails:send'] },
      { key: `secret-token:${key}` },
      { key, permissions: ['emails:read'] },
      { key: unknown },
      { key: '' },
    ]
    const expected = [
      { valid: true, code: 'valid', ...known },
      { valid: true, code: 'valid', ...known },
      { valid: false, code: 'insufficient_permissions', missing: ['emails:read'], ...known },
      { valid: false, code: 'malformed' },
      { valid: false, code: 'malformed' },
    ]
    const batch = await server.request('POST', '/v1/keys/verify/batch', { token, body: asked })
    expect(batch).toMatchObject({ status: 200, json: expected })
    for (const [i, body] of asked.entries()) {
      const one = await server.request('POST', '/v1/keys/verify', { token, body })
      expect(one.status).toBe(200)
      expect(one.json).toEqual(expected[i])
    }
  })

  test('a proxy gets 200, 401 or 403 without a body, and headers that it can hand on', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const { id, key } = await createKey(server, { name: 'Ключ ✓', permissions: ['emails:*', 'a:b'] })
    const identity = {
      'x-latchkey-key-id': id,
      'x-latchkey-organization-id': 'acme',
      'x-latchkey-permissions': 'emails:* a:b',
    }
    const cases: [string, Record<string, string>, number, Record<string, string | null>][] = [
      ['', { authorization: `Bearer ${key}` }, 200, { ...identity, 'x-latchkey-code': 'valid' }],
      ['', { authorization: `bearer  ${key}` }, 200, { 'x-latchkey-code': 'valid' }],
      ['', { 'x-api-key': key }, 200, { ...identity, 'www-authenticate': null }],
      ['', { 'x-api-key': key, authorization: 'Basic YTpi' }, 200, {}],
      ['', { 'x-api-key': key, authorization: `Bearer ${key}` }, 200, {}],
      ['', { 'x-api-key': key, authorization: 'Bearer x' }, 401, { 'x-latchkey-code': 'malformed' }],
      ['?permission=emails:send&permission=a:b', { 'x-api-key': key }, 200, {}],
      [
        '?permission=emails:send&permission=a:c',
        { 'x-api-key': key },
        403,
        {
          ...identity,
          'x-latchkey-code': 'insufficient_permissions',
          'www-authenticate': 'Bearer error="insufficient_scope", scope="emails:send a:c"',
        },
      ],
      ['', {}, 401, { 'x-latchkey-code': 'missing_token', 'www-authenticate': 'Bearer' }],
      [
        '',
        { authorization: 'Bearer nonsense' },
        401,
        {
          'x-latchkey-code': 'malformed',
          'www-authenticate': 'Bearer error="invalid_token"',
          'x-latchkey-key-id': null,
        },
      ],
    ]
    for (const [query, headers, status, wanted] of cases) {
      const answer = await server.request('GET', `/v1/auth${query}`, { headers })
      expect(answer, query + JSON.stringify(Object.keys(headers))).toMatchObject({ status, text: '' })
      for (const [name, value] of Object.entries(wanted)) expect(answer.headers.get(name), name).toBe(value)
    }
    await server.latchkey.keys.revoke(id)
    const revoked = await server.request('GET', '/v1/auth', { headers: { 'x-api-key': key } })
    expect(revoked.status).toBe(401)
    expect(revoked.headers.get('x-latchkey-code')).toBe('revoked')
  })

  test('organizations are created, read, renamed and listed', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    const named = await server.request('POST', '/v1/organizations', {
      token,
      body: { id: 'b.ees_-1', name: 'Bees' },
    })
    expect(named).toMatchObject({
      status: 200,
      json: { id: 'b.ees_-1', name: 'Bees', created_at: instant },
    })
    const made = await server.request('POST', '/v1/organizations', { token, body: { name: 'Cars' } })
    expect(made.json.id).toMatch(/^[0-9a-f-]{36}$/)
    for (const id of ['acme', 'root']) {
      const taken = await server.request('POST', '/v1/organizations', { token, body: { id, name: 'A' } })
      expect(taken).toMatchObject({ status: 409, json: { code: 'organization_exists' } })
    }
    const renamed = await server.request('PATCH', '/v1/organizations/acme', {
      token,
      body: { name: 'Acme 2' },
    })
    expect(renamed).toMatchObject({ status: 200, json: { id: 'acme', name: 'Acme 2' } })
    const read = await server.request('GET', '/v1/organizations/acme', { token })
    expect(read.json).toEqual(renamed.json)
    const listed = await server.request<Json[]>('GET', '/v1/organizations', { token })
    expect(listed.json.map(({ name }) => name).sort()).toEqual(['Acme 2', 'Bees', 'Cars', 'Root'])
  })

  test('a list leads from page to page with the same filter, and shows each item once', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    for (let i = 0; i < 5; i++) await createKey(server, { name: `Key ${i}` })
    await createKey(server, { name: 'Other' })
    const names: unknown[] = []
    let path: string | undefined = '/v1/keys?q=KEY+&sort=name&limit=2&organization_id=acme'
    for (let pages = 1; path !== undefined; pages++) {
      const answer: TestAnswer<Json[]> = await server.request('GET', path, { token })
      expect(answer.status).toBe(200)
      names.push(...answer.json.map(({ name }) => name))
      path = nextOf(path, answer)
      expect(path !== undefined).toBe(pages < 3)
    }
    expect(names).toEqual(['Key 0', 'Key 1', 'Key 2', 'Key 3', 'Key 4'])
    for (const list of ['organizations', 'audit-log']) {
      const first = await server.request<Json[]>('GET', `/v1/${list}?limit=1`, { token })
      const next = nextOf(`/v1/${list}?limit=1`, first) as string
      const second = await server.request<Json[]>('GET', next, { token })
      expect(second.json).toHaveLength(1)
      expect(second.json).not.toEqual(first.json)
    }
  })

  test('the audit log tells who did what, from where, under which request', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const token = server.rootKey
    const { json: self } = await server.request<Json>('GET', '/v1/keys/self', { token })
    const body = { organization_id: 'acme', name: 'CI' }
    const headers = { 'x-request-id': 'deploy-42' }
    const created = await server.request<Json>('POST', '/v1/keys', { token, body, headers })
    expect(created.headers.get('x-request-id')).toBe('deploy-42')
    const path = `/v1/audit-log?key_id=${created.json.id}&action=key.created&organization_id=acme`
    const { json } = await server.request<Json[]>('GET', path, { token })
    expect(json).toHaveLength(1)
    expect(json[0]).toEqual({
      id: expect.any(String),
      at: instant,
      action: 'key.created',
      actor: self.id,
      actor_type: 'key',
      organization_id: 'acme',
      key_id: created.json.id,
      changes: expect.objectContaining({ name: 'CI', permissions: [] }),
      request_id: 'deploy-42',
      ip: '127.0.0.1',
      is_erased: false,
      via: null,
      sequence: json[0]?.sequence === null ? null : 2,
    })
  })

  test('what is granted must be held, and acting for the operator takes a root key', async () => {
    await using server = await startWithAcme(await makeDatabase())
    const { key: token, id } = await createKey(server, {
      permissions: ['latchkey:keys:*', 'latchkey:organizations:write', 'emails:*'],
    })
    const cases: [string, string, Json, string][] = [
      [
        'POST',
        '/v1/keys',
        { name: 'More', permissions: ['emails:send', 'users:read'] },
        'permission_escalation',
      ],
      ['PATCH', `/v1/keys/${id}`, { permissions: ['*'] }, 'permission_escalation'],
      ['POST', '/v1/keys', { name: 'For Ann', created_by: 'ann' }, 'root_organization_required'],
      ['POST', '/v1/organizations', { name: 'Mine' }, 'root_organization_required'],
    ]
    for (const [method, path, body, code] of cases) {
      const refused = await server.request(method, path, { token, body })
      expect(refused).toMatchObject({ status: 403, json: { code } })
    }
    const stronger = await createKey(server, { permissions: ['users:read'] })
    const rotated = await server.request('POST', `/v1/keys/${stronger.id}/rotate`, { token })
    expect(rotated).toMatchObject({ status: 403, json: { code: 'permission_escalation' } })
    const covered = { name: 'Less', permissions: ['emails:send'] }
    const created = await server.request('POST', '/v1/keys', { token, body: covered })
    expect(created).toMatchObject({ status: 200, json: { organization_id: 'acme', created_by: id } })
    const onBehalf = await createKey(server, { created_by: 'ann@example.com' })
    expect(onBehalf.created_by).toBe('ann@example.com')
  })
})
