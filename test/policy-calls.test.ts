// How policies are set: by whom, with which input, and by which calls. What they refuse: `policies.test.ts`.
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('a policy', (makeDatabase, kind) => {
  if (kind === 'PostgreSQL')
    test('takes no more locks however many organizations a change is of: a server has room for some thousands', async () => {
      const database = await makeDatabase()
      await using latchkey = await openLatchkey({ database })
      await createAcme(latchkey)
      await using direct = await connectDirectly(database)
      const columns = 'name, name_folded, created_at'
      await direct.run(
        `insert into organizations (id, ${columns}) select 'of-' || n, ${columns} from organizations, generate_series(1, 900) as n where id = 'acme'`,
      )
      const keys = Array.from({ length: 900 }, (_, i) => ({
        ...{ organizationId: `of-${i + 1}`, name: 'Imported' },
        token: `of-another-system-${i}`,
      }))
      await direct.run('begin')
      await direct.run('lock table latchkey.secrets in exclusive mode')
      const imported = latchkey.keys.import(keys)
      const count = async (where: string) =>
        (await direct.run(`select 1 from pg_locks where ${where}`)).length
      await expect.poll(() => count('not granted'), { interval: 10 }).toBe(1)
      const held = await count(`locktype = 'advisory' and classid = ${0x6c61_7466}`)
      expect(held).toBeGreaterThan(200)
      expect(held).toBeLessThan(258)
      await direct.run('rollback')
      expect((await imported).every(({ id }) => id !== undefined)).toBe(true)
    })

  test('is set by whom it is of, and what the operator has set only the operator changes', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await createAcme(latchkey)
    const { policies, organizations, audit } = latchkey
    await organizations.create({ id: 'globex', name: 'Globex' })
    const may = ['latchkey:organizations:write', 'latchkey:keys:write', 'latchkey:keys:read']
    const root = { actor: await makeCaller(latchkey, 'root', ['latchkey:*']) }
    const acme = { actor: await makeCaller(latchkey, 'acme', may) }
    const reader = { actor: await makeCaller(latchkey, 'acme', ['latchkey:keys:read']) }
    const never = {
      ...{ maxLifetimeSeconds: null, requireExpiry: false, permissions: null, cataloguedOnly: false },
      ...{ prefixes: null, requireAllowedIps: false, maxKeys: null, setAt: null, revision: '0' },
      ...{ onLeak: null, leakEndsAfterHours: null },
    }
    expect(await policies.get(acme)).toEqual(never)
    expect(await policies.getFor('acme', reader)).toEqual(never)
    expect(await codeOf(policies.set({}, acme))).toBe('root_organization_required')
    expect(await codeOf(policies.setFor('acme', {}, reader))).toBe('missing_permission')
    for (const id of ['globex', 'unknown', 'no id', '', '\0']) {
      const calls = [policies.getFor(id, acme), policies.setFor(id, {}, acme), policies.deleteFor(id, acme)]
      expect(await Promise.all(calls.map(codeOf)), id).toEqual(Array(3).fill('organization_not_found'))
    }
    expect(await codeOf(policies.getFor('unknown'))).toBe('organization_not_found')
    expect(await codeOf(policies.setFor('unknown', {}))).toBe('organization_not_found')
    const own = await policies.setFor('acme', { maxKeys: 7 }, acme)
    expect(own).toEqual({ ...never, maxKeys: 7, setAt: new Date(clock.now()), revision: expect.any(String) })
    // Again, it changes nothing, whatever the revision; another one does so only of what its editor has seen.
    expect(await policies.setFor('acme', { maxKeys: 7 }, { ...acme, ifRevision: '0' })).toEqual(own)
    expect(await codeOf(policies.setFor('acme', { maxKeys: 8 }, { ...acme, ifRevision: '0' }))).toBe(
      'precondition_failed',
    )
    expect(await codeOf(policies.deleteFor('acme', { ...acme, ifRevision: '0' }))).toBe('precondition_failed')
    await policies.deleteFor('acme', { ...acme, ifRevision: own.revision })
    await policies.deleteFor('acme', acme)
    expect(await policies.getFor('acme', acme)).toEqual(never)
    await policies.setFor('acme', { maxKeys: 3 }, root)
    expect(await codeOf(policies.setFor('acme', { maxKeys: 9 }, acme))).toBe('root_organization_required')
    expect(await codeOf(policies.deleteFor('acme', acme))).toBe('root_organization_required')
    expect((await policies.getFor('acme', acme)).maxKeys).toBe(3)
    const { items } = await audit.list({ action: 'policy.set' })
    expect(items.map(({ organizationId, actor, changes }) => [organizationId, actor, changes])).toEqual([
      ['acme', root.actor.keyId, { max_keys: { from: null, to: 3 } }],
      ['acme', acme.actor.keyId, { max_keys: { from: 7, to: null } }],
      ['acme', acme.actor.keyId, { max_keys: { from: null, to: 7 } }],
    ])
  })

  test('refuses bad input with its path', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { policies } = latchkey
    const many = Array.from({ length: 129 }, (_, i) => `p${i}`)
    const inputs: [path: string, input: object][] = [
      ...[0, -1, 1.5, '90d', Number.NaN, 3_155_760_001].map(
        (value) => ['maxLifetimeSeconds', value] as const,
      ),
      ...[-1, 0.5, '3', 100_001].map((value) => ['maxKeys', value] as const),
      ...['yes', 1, null].map((value) => ['requireExpiry', value] as const),
      ...['yes', 1, null].map((value) => ['cataloguedOnly', value] as const),
      ...['yes', 1, null].map((value) => ['requireAllowedIps', value] as const),
      ...[[], 're', many, {}].map((value) => ['prefixes', value] as const),
      ...['a', many, {}].map((value) => ['permissions', value] as const),
    ].map(([name, value]) => [name, { [name]: value }])
    for (const [path, input] of inputs)
      for (const set of [() => policies.set(input), () => policies.setFor('acme', input)])
        expect(await refusalOf(set()), JSON.stringify(input)).toMatchObject({
          code: 'invalid_input',
          errors: [{ path }],
        })
    for (const input of [null, [], 'x', { maxKey: 3 }] as object[])
      expect(await codeOf(policies.set(input))).toBe('invalid_input')
    expect((await policies.get()).setAt).toBeNull()
  })
})

onEachDatabase('the calls on policies', (makeDatabase) => {
  test('read, replace and remove them, each on the condition of what was seen', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { latchkey, rootKey: token, url } = server
    await createAcme(latchkey)
    const client = createClient({ url, token })
    const put = (path: string, body: object, headers: Record<string, string> = {}) =>
      server.request('PUT', path, { token, body, headers })
    const first = await put('/v1/policy', { max_lifetime_seconds: 3_600 })
    expect(first).toMatchObject({ status: 200, json: { max_lifetime_seconds: 3_600, max_keys: null } })
    const tag = first.headers.get('etag') as string
    expect((await server.request('GET', '/v1/policy', { token })).headers.get('etag')).toBe(tag)
    expect((await put('/v1/policy', { max_keys: 1 }, { 'if-match': '"1"' })).status).toBe(412)
    // What removes every rule is said.
    expect((await server.request('PUT', '/v1/policy', { token })).status).toBe(415)
    expect((await put('/v1/policy?wait=applied', { max_keys: 1 }, { 'if-match': tag })).json).toMatchObject({
      ...{ max_lifetime_seconds: null, max_keys: 1 },
      applied: { confirmed: true },
    })
    const ofAcme = '/v1/organizations/acme/policy'
    expect((await put(ofAcme, { require_expiry: true })).status).toBe(200)
    const body = { name: 'K', organization_id: 'acme' }
    const refused = await server.request('POST', '/v1/keys', { token, body })
    expect(refused).toMatchObject({
      status: 403,
      json: { code: 'policy', rule: 'require_expiry', detail: expect.stringContaining('expires_at') },
    })
    await expect(client.keys.create({ name: 'K', organizationId: 'acme' })).rejects.toMatchObject({
      code: 'policy',
      rule: 'require_expiry',
      status: 403,
    })
    const tokens = [{ organization_id: 'acme', name: 'I', token: 'of-another-system' }]
    expect((await server.request('POST', '/v1/keys/import', { token, body: tokens })).json).toMatchObject([
      { code: 'policy', rule: 'require_expiry' },
    ])
    expect(await client.policies.getFor('acme')).toEqual(await latchkey.policies.getFor('acme'))
    expect(await client.policies.get()).toEqual(await latchkey.policies.get())
    expect((await server.request('DELETE', ofAcme, { token })).json).toEqual({ success: true })
    const { json } = await server.request<object[]>('GET', '/v1/keys?breaks_policy=true', { token })
    expect(json).toEqual([])
  })
})
