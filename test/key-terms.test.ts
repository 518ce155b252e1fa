// When and from where a key may be used, and why one was revoked.
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createGuard } from '../src/middleware/guard.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'
import { ask, signIn } from './setup/sessions.ts'

const hour = 3_600_000
const inside = { context: { ip: '10.1.2.3' } }
const outside = { context: { ip: '192.0.2.7' } }

onEachDatabase('a key', (makeDatabase) => {
  async function open() {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const create = (fields: object) => latchkey.keys.create({ organizationId: 'acme', name: 'CI', ...fields })
    return { ...latchkey, latchkey, database, clock, create, [Symbol.asyncDispose]: () => latchkey.close() }
  }

  test('is valid from its beginning on, which verdicts before tell', async () => {
    await using stage = await open()
    const { keys, latchkey, clock } = stage
    const notBefore = clock.in(hour)
    const { id, key, ...made } = await stage.create({ notBefore, expiresAt: clock.in(2 * hour) })
    expect(made).toMatchObject({ notBefore, status: 'active' })
    const early = { valid: false, code: 'not_yet_valid', notBefore, keyId: id, name: 'CI' }
    expect(await latchkey.verify(key)).toMatchObject(early)
    clock.advance(hour - 1)
    expect(await latchkey.verify(key)).toMatchObject(early)
    clock.advance(1)
    expect(await latchkey.verify(key)).toMatchObject({ valid: true })
    await keys.update(id, { notBefore: clock.in(1) })
    expect((await latchkey.verify(key)).code).toBe('not_yet_valid')
    expect((await keys.update(id, { name: 'Robot' })).notBefore).toEqual(clock.in(1))
    expect((await keys.update(id, { notBefore: null })).notBefore).toBeNull()
    expect((await latchkey.verify(key)).valid).toBe(true)
    const [event] = (await latchkey.audit.list({ keyId: id, action: 'key.updated' })).items
    expect(event?.changes).toEqual({ not_before: { from: clock.in(1).toISOString(), to: null } })
  })

  test('begins before it expires, whichever of both is set', async () => {
    await using stage = await open()
    const { keys, clock } = stage
    const at = clock.in(hour)
    expect((await refusalOf(stage.create({ notBefore: at, expiresAt: at }))).errors?.[0]?.path).toBe(
      'notBefore',
    )
    expect(await codeOf(stage.create({ notBefore: clock.in(hour + 1), expiresAt: at }))).toBe('invalid_input')
    const { id } = await stage.create({ expiresAt: at })
    expect(await codeOf(keys.update(id, { notBefore: at }))).toBe('invalid_input')
    await keys.update(id, { notBefore: clock.in(hour - 1) })
    expect(await codeOf(keys.update(id, { expiresAt: clock.in(hour - 1) }))).toBe('invalid_input')
    expect(await codeOf(keys.preview(id, { expiresAt: clock.in(hour - 1) }))).toBe('invalid_input')
    await keys.update(id, { notBefore: clock.in(2 * hour), expiresAt: clock.in(3 * hour) })
    await keys.update(id, { expiresAt: null })
    for (const notBefore of ['tomorrow', 7, {}, [], '2030-01-31', new Date(Number.NaN)] as never[]) {
      expect(await codeOf(stage.create({ notBefore }))).toBe('invalid_input')
      expect(await codeOf(keys.update(id, { notBefore }))).toBe('invalid_input')
    }
  })

  test('that is bound to addresses is valid from these alone, wherever it is judged', async () => {
    await using stage = await open()
    const { keys, latchkey } = stage
    const { id, key, allowedIps } = await stage.create({
      allowedIps: ['10.0.0.0/8', '2001:DB8::0/32', '10.0.0.0/8'],
    })
    expect(allowedIps).toEqual(['10.0.0.0/8', '2001:db8::/32'])
    await using other = await openLatchkey({ database: stage.database, now: stage.clock.now })
    for (const one of [latchkey, other, latchkey, other]) {
      for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7'])
        expect((await one.verify(key, { context: { ip } })).valid, ip).toBe(true)
      for (const asked of [outside, {}, { context: {} }, { context: { ip: '::1' } }])
        expect(await one.verify(key, asked)).toMatchObject({
          valid: false,
          code: 'ip_not_allowed',
          keyId: id,
        })
      const batch = await one.verifyBatch([{ key, ...inside }, { key }, { key, ...outside }])
      expect(batch.map(({ code }) => code)).toEqual(['valid', 'ip_not_allowed', 'ip_not_allowed'])
      for (const ip of [7, 'nonsense', null] as never[])
        expect(await codeOf(one.verify(key, { context: { ip } }))).toBe('invalid_input')
    }
    // Null keeps the list, and an empty one removes it.
    expect((await keys.update(id, { name: 'Robot', allowedIps: null })).allowedIps).toHaveLength(2)
    expect((await keys.update(id, { allowedIps: ['192.0.2.0/24'] })).allowedIps).toEqual(['192.0.2.0/24'])
    expect((await latchkey.verify(key, inside)).code).toBe('ip_not_allowed')
    expect((await keys.update(id, { allowedIps: [] })).allowedIps).toEqual([])
    expect((await latchkey.verify(key)).valid).toBe(true)
    const [last] = (await latchkey.audit.list({ keyId: id, action: 'key.updated' })).items
    expect(last?.changes).toEqual({ allowed_ips: { from: ['192.0.2.0/24'], to: [] } })
  })

  test('is bound to no more than 32 addresses and networks, of which each is one', async () => {
    await using stage = await open()
    const list = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i}.0/24`)
    expect((await stage.create({ allowedIps: list(32) })).allowedIps).toHaveLength(32)
    expect(await codeOf(stage.create({ allowedIps: list(33) }))).toBe('invalid_input')
    for (const allowedIps of ['10.0.0.0/8', 7, {}, [7], [null], [['10.0.0.0/8']], ['']] as never[])
      expect(await codeOf(stage.create({ allowedIps }))).toBe('invalid_input')
    for (const [network, hint] of [
      ['10.0.0.1/8', 'such as 10.0.0.0/8'],
      ['2001:db8::1/32', 'such as 2001:db8::/32'],
      ['fe80::1%eth0', 'Must have no zone'],
      ['10.0.0.0/33', 'Must be an address'],
      ['localhost', 'Must be an address'],
    ] as const) {
      const refusal = await refusalOf(stage.create({ allowedIps: ['::1', network] }))
      expect(refusal.errors).toEqual([{ path: 'allowedIps[1]', message: expect.stringContaining(hint) }])
    }
  })

  test('that changes others is judged by its address in the transaction of the change', async () => {
    await using stage = await open()
    const { keys, latchkey } = stage
    const { key } = await stage.create({ permissions: ['latchkey:keys:write'], allowedIps: ['10.0.0.0/8'] })
    expect(await latchkey.authenticate(key)).toBeUndefined()
    expect(await latchkey.authenticate(key, { ip: '192.0.2.7' })).toBeUndefined()
    const caller = await latchkey.authenticate(key, { ip: '10.1.2.3' })
    if (caller === undefined) throw new Error('The token opens nothing.')
    await keys.create({ name: 'New' }, { actor: caller })
    await using other = await openLatchkey({ database: stage.database, now: stage.clock.now })
    await other.keys.update(caller.keyId, { allowedIps: ['10.1.2.4'] })
    for (const one of [latchkey, other])
      expect(await codeOf(one.keys.create({ name: 'New' }, { actor: caller }))).toBe('invalid_token')
    const { ip: _, ...nowhere } = caller
    await other.keys.update(caller.keyId, { allowedIps: ['10.0.0.0/8'] })
    expect(await codeOf(keys.create({ name: 'New' }, { actor: nowhere }))).toBe('invalid_token')
  })

  test('tells why and by whom it was revoked, by the first revocation', async () => {
    await using stage = await open()
    const { keys, latchkey } = stage
    const customer = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const [one, two] = [await stage.create({}), await stage.create({})]
    expect(one).toMatchObject({ revokedBy: null, revocationReason: null })
    for (const reason of ['', 'stolen', 7, null] as never[])
      expect(await codeOf(keys.revoke(one.id, { reason }))).toBe('invalid_input')
    await keys.revoke(one.id, { reason: 'compromised', actor: customer, wait: 'applied' })
    await keys.revoke(one.id, { reason: 'superseded' })
    expect(await keys.get(one.id)).toMatchObject({
      revokedBy: customer.keyId,
      revocationReason: 'compromised',
    })
    await keys.revoke(two.id)
    expect(await keys.get(two.id)).toMatchObject({ revokedBy: null, revocationReason: 'unspecified' })
    const [event] = (await latchkey.audit.list({ keyId: one.id, action: 'key.revoked' })).items
    expect(event?.changes).toMatchObject({ revocation_reason: 'compromised' })
  })

  test('has its calls previewed: suspended, bound to addresses, beginning later', async () => {
    await using stage = await open()
    const { keys, latchkey, clock } = stage
    const { id, key } = await stage.create({})
    for (const asked of [inside, inside, outside, {}]) await latchkey.verify(key, asked)
    const preview = async (change: object) => {
      const { calls, atLeast, atMost, refusals } = await keys.preview(id, change)
      return [calls, atLeast, atMost, refusals.map(({ code }) => code)]
    }
    expect(await preview({ suspend: true })).toEqual([4, 4, 4, expect.arrayContaining(['suspended'])])
    expect(await preview({ notBefore: clock.in(hour) })).toEqual([
      4,
      4,
      4,
      expect.arrayContaining(['not_yet_valid']),
    ])
    // Of one call it is not known from where it came.
    expect(await preview({ allowedIps: ['10.0.0.0/8'] })).toEqual([4, 1, 2, ['ip_not_allowed']])
    expect(await preview({ allowedIps: [] })).toEqual([4, 0, 0, []])
    expect(await codeOf(keys.preview(id, { suspend: true, revoke: true }))).toBe('invalid_input')
    expect((await keys.get(id)).status).toBe('active')
  })
})

onOneDatabase('SQLite', 'over HTTP, a key', (makeDatabase) => {
  test('that is bound to addresses is judged by the client of the management API, and by what a trusted proxy says', async () => {
    await using server = await startTestServer(await makeDatabase(), { trustedProxies: ['127.0.0.1'] })
    const { latchkey } = server
    await createAcme(latchkey)
    const bound = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Bound',
      permissions: ['latchkey:keys:read', 'latchkey:keys:verify'],
      allowedIps: ['192.0.2.0/24'],
    })
    const from = (ip: string) => ({ 'x-forwarded-for': ip })
    const self = (ip?: string) =>
      server.request('GET', '/v1/keys/self', { token: bound.key, ...(ip && { headers: from(ip) }) })
    expect((await self('192.0.2.7')).json).toMatchObject({ id: bound.id, allowed_ips: ['192.0.2.0/24'] })
    const unknown = await server.request('GET', '/v1/keys/self', { token: 'nonsense' })
    // The peer itself is no such client: nothing tells it from a token that nobody knows.
    for (const ip of [undefined, '203.0.113.9', 'unknown']) {
      const { status, json, headers } = await self(ip)
      expect([status, headers.get('www-authenticate')]).toEqual([
        401,
        unknown.headers.get('www-authenticate'),
      ])
      expect(json).toEqual({ ...unknown.json, request_id: json.request_id })
    }
    const verify = (ip?: string) =>
      server.request('POST', '/v1/keys/verify', {
        token: bound.key,
        body: { key: bound.key, ...(ip && { context: { ip } }) },
        headers: from('192.0.2.7'),
      })
    // Twice, so that the fast path and memory answer too.
    for (let i = 0; i < 2; i++) {
      expect((await verify('192.0.2.9')).json).toMatchObject({ code: 'valid' })
      // The caller's own address is not that of the call.
      expect((await verify()).json).toMatchObject({ code: 'ip_not_allowed' })
      expect((await verify('203.0.113.9')).json).toMatchObject({ code: 'ip_not_allowed' })
      const auth = (headers: Record<string, string>) =>
        server.request('GET', '/v1/auth', { headers: { 'x-api-key': bound.key, ...headers } })
      expect((await auth(from('192.0.2.7'))).status).toBe(200)
      for (const headers of [{}, from('203.0.113.9')]) {
        const answer = await auth(headers)
        expect([answer.status, answer.headers.get('x-latchkey-code')]).toEqual([401, 'ip_not_allowed'])
      }
    }
    const { browser } = await signIn(server, bound.key, from('192.0.2.7'))
    expect((await ask(server, 'GET', '/v1/keys/self', { ...browser, ...from('192.0.2.8') })).status).toBe(200)
    expect((await ask(server, 'GET', '/v1/keys/self', { ...browser, ...from('203.0.113.9') })).status).toBe(
      401,
    )
    const stream = await server.request('GET', '/v1/changes', {
      token: bound.key,
      headers: from('192.0.2.7'),
    })
    expect(stream.text).toContain('hello')
  })

  test('that is bound to addresses is let through by a guard from these alone', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Bound',
      allowedIps: ['192.0.2.0/24'],
    })
    const guard = createGuard({ verifier: latchkey })
    const statusFrom = async (parts: { ip?: string }) => {
      const header = (name: string) => (name === 'x-api-key' ? key : undefined)
      const admission = await guard(header, {}, {}, parts)
      return 'refusal' in admission ? admission.refusal.status : 200
    }
    expect(await statusFrom({ ip: '192.0.2.7' })).toBe(200)
    for (const parts of [{}, { ip: '203.0.113.9' }, { ip: 'unknown' }])
      expect(await statusFrom(parts)).toBe(401)
  })

  test('is judged by its terms in a verifier elsewhere, at their instants and with changes', async () => {
    let ahead = 0
    const now = () => Date.now() + ahead
    await using server = await startTestServer(await makeDatabase(), { now })
    const { keys, organizations } = server.latchkey
    await createAcme(server.latchkey)
    const create = (fields: object) => keys.create({ organizationId: 'acme', name: 'CI', ...fields })
    const [plain, early, bound] = [
      await create({}),
      await create({ notBefore: new Date(now() + hour) }),
      await create({ allowedIps: ['10.0.0.0/8'] }),
    ]
    await using verifier = createVerifier({ url: server.url, token: server.rootKey, now })
    await verifier.ready()
    expect(await verifier.verify(early.key)).toEqual(await server.latchkey.verify(early.key))
    for (const asked of [{}, inside, outside])
      expect(await verifier.verify(bound.key, asked)).toEqual(await server.latchkey.verify(bound.key, asked))
    expect(verifier.verifyCached(bound.key, inside)?.code).toBe('valid')
    const seen = (token: string) => async () => (await verifier.verify(token)).code
    for (const [suspend, resume] of [
      [() => keys.suspend(plain.id), () => keys.resume(plain.id)],
      [() => organizations.suspend('acme'), () => organizations.resume('acme')],
    ] as const) {
      expect((await verifier.verify(plain.key)).valid).toBe(true)
      await suspend()
      await expect.poll(seen(plain.key), { timeout: 2_000, interval: 5 }).toBe('suspended')
      await resume()
      await expect.poll(seen(plain.key), { timeout: 2_000, interval: 5 }).toBe('valid')
    }
    ahead = hour
    await expect.poll(seen(early.key), { timeout: 5_000 }).toBe('valid')
  })
})
