// What calls have in common: told apart by secret, operation, place, permissions and verdict, in memory and then in the database.
import { expect, test } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import { generateToken } from '../src/core/token.ts'
import { retentionJob } from '../src/jobs/retention.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { withKey } from '../src/middleware/fetch.ts'
import type { TokenVerifier } from '../src/middleware/guard.ts'
import { openStore } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { runAll } from './setup/jobs.ts'
import { writeProfiles } from './setup/profiles.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'
import { hourMs, readProfileRows } from './setup/usage.ts'

const begun = Date.UTC(2026, 5, 15, 12, 30)
const day = Math.floor(begun / hourMs / 24)
const here = { ip: '192.0.2.7', userAgent: 'curl/8', operation: 'POST /emails' }

onEachDatabase('a profile', (makeDatabase) => {
  async function openStage() {
    const database = await makeDatabase()
    const clock = makeClock(begun)
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const make = (more = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['emails:*', '*'], ...more })
    return { database, clock, latchkey, make }
  }

  /** Rows by key, as short texts. */
  async function readShort(database: string, names: Record<string, string>): Promise<Record<string, number>> {
    const rows = await readProfileRows(database)
    return Object.fromEntries(
      rows.map(({ key, operation, ip, userAgent, permissions, code, isRest, calls }) => [
        [names[key], isRest ? 'rest' : [operation, ip, userAgent, permissions].join('|'), code].join(' '),
        calls,
      ]),
    )
  }

  test('is of calls with the same secret, operation, place, permissions and verdict', async () => {
    const { database, clock, latchkey, make } = await openStage()
    const [key, limited] = [await make(), await make({ limits: [{ name: 'a', limit: 3, resets: 'daily' }] })]
    const asked = { permissions: ['emails:send'], context: here }
    // From the store, then from memory, whose calls repeat themselves.
    for (let i = 0; i < 4; i++) await latchkey.verify(key.key, asked)
    for (let i = 0; i < 3; i++) {
      latchkey.verifyCached(key.key, { permissions: ['emails:send'], context: { ...here } })
      latchkey.verifyCached(key.key, { permissions: ['emails:read', 'domains:read'] })
    }
    latchkey.verifyCached(key.key, {
      permissions: ['latchkey:keys:read'],
      context: { operation: 'GET /keys' },
    })
    latchkey.verifyCached(key.key, { ...asked, organizationId: 'other' })
    // Each is like the one before it but for one thing.
    for (const other of [{ operation: 'GET /emails' }, { ip: '192.0.2.8' }, { userAgent: 'wget/1' }])
      for (const context of [here, { ...here, ...other }])
        latchkey.verifyCached(key.key, { permissions: ['emails:send'], context })
    latchkey.verifyCached(key.key, asked, 'management')
    for (let i = 0; i < 4; i++) await latchkey.verify(limited.key, asked)
    await latchkey.verifyBatch([
      { key: key.key, ...asked },
      { key: limited.key, context: here },
    ])
    clock.advance(1_000)
    await latchkey.keys.revoke(key.id)
    await latchkey.verify(key.key, { context: here })
    await latchkey.close()
    const place = 'POST /emails|192.0.2.7|curl/8'
    expect(await readShort(database, { [key.id]: 'key', [limited.id]: 'limited' })).toEqual({
      [`key ${place}|emails:send valid`]: 4 + 3 + 3 + 1,
      'key GET /emails|192.0.2.7|curl/8|emails:send valid': 1,
      'key POST /emails|192.0.2.8|curl/8|emails:send valid': 1,
      'key POST /emails|192.0.2.7|wget/1|emails:send valid': 1,
      'key |||domains:read emails:read valid': 3,
      'key GET /keys|||latchkey:keys:read insufficient_permissions': 1,
      [`key ${place}| revoked`]: 1,
      [`limited ${place}|emails:send valid`]: 3,
      [`limited ${place}|emails:send quota_exceeded`]: 1,
      [`limited ${place}| quota_exceeded`]: 1,
    })
    const rows = await readProfileRows(database)
    expect(new Set(rows.map((row) => row.day))).toEqual(new Set([day]))
    expect(rows.find(({ code }) => code === 'revoked')?.last).toBe(begun + 1_000)
  })

  test('is of the day of its calls, also if it is written in the next one', async () => {
    const { database, clock, latchkey, make } = await openStage()
    const { key } = await make()
    clock.advance((day + 1) * 24 * hourMs - begun - 50)
    await latchkey.verify(key, { context: here })
    latchkey.verifyCached(key, { context: here })
    clock.advance(100)
    for (let i = 0; i < 3; i++) latchkey.verifyCached(key, { context: here })
    await latchkey.close()
    const rows = await readProfileRows(database)
    expect(rows.map((row) => [row.day, row.calls])).toEqual([
      [day, 2],
      [day + 1, 3],
    ])
  })

  test('has no more of its place than is kept, in memory and in what verifiers report', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database, { usageIp: 'network', usageUserAgent: 'off' })
    const { latchkey, rootKey, url } = server
    await createAcme(latchkey)
    const { key, id } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['a:*'],
    })
    const mine = { ip: '2001:DB8:1:2::7', userAgent: 'curl/8', operation: 'POST /emails' }
    await latchkey.verify(key, { permissions: ['a:b'], context: mine })
    expect((await latchkey.keys.get(id)).lastUsed).toMatchObject({ ip: '2001:db8:1::/48', userAgent: null })
    const verifier = createVerifier({ url, token: rootKey })
    for (let i = 0; i < 3; i++) await verifier.verify(key, { permissions: ['a:c'], context: here })
    await verifier.verify(key, { permissions: ['b'], context: here })
    await verifier.close()
    const { lastUsed } = await latchkey.keys.get(id)
    expect(lastUsed).toMatchObject({ ip: '192.0.2.0/24', userAgent: null, operation: here.operation })
    await server.close()
    const place = 'POST /emails|192.0.2.0/24|'
    expect(await readShort(database, { [id]: 'key' })).toEqual({
      'key POST /emails|2001:db8:1::/48||a:b valid': 1,
      [`key ${place}|a:c valid`]: 3,
      [`key ${place}|b insufficient_permissions`]: 1,
    })
  })

  test('of the last call is told with its key at once, before and after it is written, and forgotten in time', async () => {
    const { database, clock, latchkey, make } = await openStage()
    const { key, id } = await make()
    const read = async () => {
      const [listed] = (await latchkey.keys.list({ organizationId: 'acme' })).items
      const { secrets, lastUsedAt, lastUsed } = await latchkey.keys.get(id)
      expect([listed?.lastUsedAt, listed?.lastUsed]).toEqual([lastUsedAt, lastUsed])
      expect(lastUsed?.at ?? null).toEqual(lastUsedAt)
      expect(secrets[0]?.lastUsedAt).toEqual(lastUsedAt)
      return lastUsed
    }
    expect(await read()).toBeNull()
    // From the store, which remembers it, and then from memory.
    for (const operation of ['POST /emails', 'GET /emails']) {
      await latchkey.verify(key, { context: { ...here, operation } })
      const use = { ...here, operation, at: new Date(clock.now()), kid: key.slice(3, 19) }
      expect(await read()).toEqual(use)
      expect((await latchkey.keys.update(id, { name: operation })).lastUsed).toEqual(use)
      clock.advance(5)
    }
    const last = await read()
    await latchkey.close()
    const again = await openLatchkey({ database, now: clock.now })
    expect((await again.keys.get(id)).lastUsed).toEqual(last)
    await again.verify(key)
    expect((await again.keys.rotate(id, { graceSeconds: 60 })).lastUsed).toMatchObject({
      ip: null,
      operation: null,
    })
    await again.verify(key, { context: here })
    expect((await again.keys.get(id)).lastUsed).toMatchObject(here)
    await again.close()
    const store = await openStore(database, () => {})
    clock.advance(31 * 24 * hourMs)
    await runAll(retentionJob(store, systemClock, clock.now))
    await store.close()
    await using later = await openLatchkey({ database, now: clock.now })
    const { operation } = here
    expect((await later.keys.get(id)).lastUsed).toMatchObject({ ip: null, userAgent: null, operation })
  })

  test('tells from where a key is called, by secret and kind of client, until that is forgotten', async () => {
    const { latchkey, clock, make } = await openStage()
    const [key, other, third] = [await make(), await make(), await make()]
    // Forgetting writes what this process has counted before.
    const readPlaces = async (id: string) => {
      await latchkey.keys.forgetPlaces(third.id)
      return latchkey.keys.readPlaces(id)
    }
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const call = (context: object, token = key.key) => latchkey.verify(token, { context })
    await call({ ...here, userAgent: 'curl/8.2' })
    clock.advance(26 * hourMs)
    for (const userAgent of ['curl/8', 'curl/8.1', firefox]) await call({ ...here, userAgent })
    await call({ ip: '2001:db8::1' }, other.key)
    const [kid, at] = [key.key.slice(3, 19), new Date(clock.now())]
    const caller = { kid, ip: here.ip, client: 'curl', firstSeenOn: '2026-06-15', lastSeenAt: at, calls: 3 }
    expect(await readPlaces(key.id)).toEqual({
      callers: expect.arrayContaining([
        caller,
        { ...caller, client: 'Firefox', firstSeenOn: '2026-06-16', calls: 1 },
      ]),
      complete: true,
    })
    await latchkey.verify(key.key)
    expect((await readPlaces(key.id)).complete).toBe(false)
    await call(here)
    await latchkey.keys.forgetPlaces(key.id)
    expect((await readPlaces(key.id)).callers).toEqual([])
    expect((await latchkey.keys.get(key.id)).lastUsed).toMatchObject({ ip: null, userAgent: null, kid })
    expect((await readPlaces(other.id)).callers).toMatchObject([{ ip: '2001:db8::1', client: null }])
    const [event] = (await latchkey.audit.list({ keyId: key.id, limit: 1 })).items
    expect(event?.action).toBe('key.places_forgotten')
    // Of a revoked key too.
    await latchkey.keys.revoke(other.id)
    await latchkey.keys.forgetPlaces(other.id)
    expect((await readPlaces(other.id)).callers).toEqual([])
    // Of a key of another organization nothing is told, nor forgotten.
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    const permissions = ['latchkey:*']
    const theirs = await latchkey.keys.create({ organizationId: 'bees', name: 'Bees', permissions })
    const actor = await latchkey.authenticate(theirs.key)
    for (const id of [other.id, 'none']) {
      expect(await codeOf(latchkey.keys.readPlaces(id, actor && { actor }))).toBe('key_not_found')
      expect(await codeOf(latchkey.keys.forgetPlaces(id, actor && { actor }))).toBe('key_not_found')
    }
    await latchkey.close()
  })

  test('has texts of so many characters, as people count them', async () => {
    const { latchkey, make } = await openStage()
    const { id, key } = await make()
    const userAgent = '🔑'.repeat(256)
    expect((await latchkey.verify(key, { context: { userAgent, operation: userAgent } })).valid).toBe(true)
    expect((await latchkey.keys.get(id)).lastUsed).toMatchObject({ userAgent, operation: userAgent })
    for (const text of [`${userAgent}a`, 'a'.repeat(257), 'a'.repeat(10_000)])
      for (const context of [{ userAgent: text }, { operation: text }])
        expect(await codeOf(latchkey.verify(key, { context }))).toBe('invalid_input')
    await latchkey.close()
  })

  test('tells of the 200 callers of each secret that were seen last, and that there were others', async () => {
    const { database, clock, latchkey, make } = await openStage()
    const { id } = await make()
    const of = (kid: string, i: number) => ({
      keyId: id,
      kid,
      ip: `192.0.2.${i}`,
      at: begun,
      last: begun + i,
    })
    const many = Array.from({ length: 201 }, (_, i) => of('many', i))
    await writeProfiles({ database }, [...many, of('few', 0)])
    clock.advance(1_000)
    const { callers, complete } = await latchkey.keys.readPlaces(id)
    expect(callers.filter(({ kid }) => kid === 'few')).toHaveLength(1)
    const told = callers.filter(({ kid }) => kid === 'many').map(({ ip }) => ip)
    expect(told).toEqual(Array.from({ length: 200 }, (_, i) => `192.0.2.${200 - i}`))
    expect(complete).toBe(false)
    await latchkey.close()
  })

  test('of a context of a wrong form is refused, whether memory answers or the store', async () => {
    const { latchkey, make } = await openStage()
    const { key } = await make()
    const wrong = {
      'context.ip': { ip: '192.0.2.256' },
      'context.userAgent': { userAgent: 'curl\u0007' },
      'context.operation': { operation: 'GET /emails?to=a' },
      'context.user_agent': { user_agent: 'curl' },
      context: 'curl',
    }
    const told = [
      ...Object.entries(wrong),
      ...['userAgent', 'operation'].map((name) => [`context.${name}`, { [name]: `GET /${key}` }] as const),
    ]
    // From the store, then from memory, which knows of other calls each time.
    for (const known of [{}, { context: here }, { context: {} }, {}]) {
      for (const [path, context] of told) {
        const question = { context } as object
        const { code, errors } = await refusalOf(latchkey.verify(key, question))
        expect([code, errors?.[0]?.path]).toEqual(['invalid_input', path])
        const ofBatch = await refusalOf(latchkey.verifyBatch([{ key, ...question }]))
        expect([ofBatch.code, ofBatch.errors?.[0]?.path]).toEqual(['invalid_input', `[0].${path}`])
      }
      await latchkey.verify(key, known)
    }
    await latchkey.close()
  })
})

onOneDatabase('SQLite', 'the context of a call', (makeDatabase) => {
  test('goes along over HTTP and by the client, and is checked by its path', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    const { latchkey, rootKey, url } = server
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: [] })
    const client = createClient({ url, token: rootKey })
    const wire = { ip: here.ip, user_agent: here.userAgent, operation: here.operation }
    const verify = (context: object, path = '/v1/keys/verify', wrap = (body: object): object => body) =>
      server.request('POST', path, { token: rootKey, body: wrap({ key, context }) })
    expect((await verify(wire)).status).toBe(200)
    expect((await verify(wire, '/v1/keys/verify/batch', (body) => [body])).status).toBe(200)
    expect((await client.verify(key, { context: here })).valid).toBe(true)
    expect((await client.verifyBatch([{ key, context: here }]))[0]?.valid).toBe(true)
    for (const [field, value] of Object.entries({
      ip: 'here',
      user_agent: '',
      operation: 'a\nb',
      userAgent: 'a',
    })) {
      const { status, json } = await verify({ [field]: value })
      expect([status, (json.errors as { path: string }[])[0]?.path]).toEqual([422, `context.${field}`])
    }
    await server.close()
    const rows = await readProfileRows(database)
    expect(rows).toMatchObject([{ ...here, calls: 4 }])
  })

  test('is taken from the headers of trusted proxies, and from no others, on the fast path and the general one', async () => {
    const database = await makeDatabase()
    const told = {
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-method': 'POST',
      'x-forwarded-uri': '/emails/4711/0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e/attachments?to=me',
      'user-agent': `curl/8 ${'x'.repeat(300)}`,
    }
    const ids: Record<string, string> = {}
    for (const [name, trustedProxies] of Object.entries({ trusted: ['127.0.0.1'], foreign: [] })) {
      const server = await startTestServer(database, { trustedProxies })
      const { latchkey } = server
      if (name === 'trusted') await createAcme(latchkey)
      const { key, id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: [] })
      ids[id] = name
      // From the store, and then from memory.
      for (let i = 0; i < 2; i++)
        expect((await server.request('GET', '/v1/auth', { token: key, headers: told })).status).toBe(200)
      await server.close()
    }
    const rows = await readProfileRows(database)
    const operation = 'POST /emails/*/*/attachments'
    const byName = Object.fromEntries(rows.map((row) => [ids[row.key], row]))
    expect(rows).toHaveLength(2)
    expect(byName.trusted).toMatchObject({ ip: '192.0.2.7', operation, calls: 2 })
    expect(byName.trusted?.userAgent).toHaveLength(256)
    expect(byName.foreign).toMatchObject({ ip: '', userAgent: '', operation: '', calls: 2 })
  })

  test('is what a guard tells of its request, cut and cleaned', async () => {
    const asked: unknown[] = []
    const verifier: TokenVerifier = {
      verify: async (_, question) => {
        asked.push(question?.context)
        return { valid: false, code: 'not_found' }
      },
    }
    const handler = withKey({ verifier }, () => new Response('in'))
    const ask = (path: string, userAgent: string) =>
      handler(
        new Request(`https://example.com${path}`, {
          headers: { authorization: 'Bearer x', 'user-agent': userAgent },
        }),
      )
    await ask('/files/00042/abcdefghijklmnopqrstuvwxyz?key=secret#part', 'curl/8')
    await ask('/', 'a\u0085b')
    const { token, kid } = generateToken('re', (bytes) => bytes)
    await ask('/', `curl/8 ${token}`)
    expect(asked).toEqual([
      { userAgent: 'curl/8', operation: 'GET /files/*/*' },
      { userAgent: 'a b', operation: 'GET /' },
      { userAgent: `curl/8 re_${kid}…`, operation: 'GET /' },
    ])
  })
})
