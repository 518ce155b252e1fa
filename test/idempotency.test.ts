// Idempotency-Key: what is asked for twice is made once, and answered the same, to the same caller alone.
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { maxKeptAnswers } from '../src/core/bounds.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { runInProcess } from './setup/command-in-process.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { startTestServer, type TestAnswer, type TestServer } from './setup/server.ts'
import { ask, signIn } from './setup/sessions.ts'

const day = 86_400_000
/** The secrets of webhooks are sealed by it on PostgreSQL. */
const sealingKeys = [`${'A'.repeat(43)}=`]
const quota = { name: 'credits', limit: 5, resets: 'monthly' } as const

/** Each call that makes something. */
const calls: Record<string, readonly [path: (keyId: string) => string, body: object]> = {
  'a key': [
    () => '/v1/keys',
    { name: 'New', organization_id: 'acme', permissions: ['a'], metadata: { camelCase: 1 } },
  ],
  'a rotation': [(id) => `/v1/keys/${id}/rotate`, { grace_seconds: 60 }],
  'an organization': [() => '/v1/organizations', { name: 'New' }],
  'a plan': [() => '/v1/plans', { name: 'pro' }],
  'a webhook': [() => '/v1/webhooks', { url: 'https://example.com/', events: ['key.*'] }],
  'units of a key': [(id) => `/v1/keys/${id}/limits/credits/units`, { add: 2 }],
  'units of an organization': [() => '/v1/organizations/acme/limits/credits/units', { add: 2 }],
}

onEachDatabase('Idempotency-Key', (makeDatabase) => {
  async function start(options: Parameters<typeof startTestServer>[1] = {}) {
    const database = await makeDatabase()
    const server = await startTestServer(database, { sealingKeys, ...options })
    const { organizations, keys } = server.latchkey
    await createAcme(server.latchkey)
    await organizations.update('acme', { limits: [quota] })
    const { id } = await keys.create({ organizationId: 'acme', name: 'CI', limits: [quota] })
    return { database, server, id }
  }

  function post(
    server: Pick<TestServer, 'request' | 'rootKey'>,
    path: string,
    idempotencyKey: string,
    { body = { name: 'New' } as object, token = server.rootKey } = {},
  ): Promise<TestAnswer> {
    return server.request('POST', path, { token, body, headers: { 'idempotency-key': idempotencyKey } })
  }

  const codeOf = ({ status, json }: TestAnswer) => (status === 200 ? 200 : json.code)
  const actionsOf = async ({ latchkey }: TestServer) =>
    (await latchkey.audit.list({ limit: 1000 })).items.map(({ action }) => action)

  test.each(Object.entries(calls))(
    '%s is made once and answered the same, byte by byte',
    async (what, [pathOf, body]) => {
      const { database, server, id } = await start()
      await using _ = server
      const path = pathOf(id)
      const first = await post(server, path, '"a b"', { body })
      expect(first.status).toBe(200)
      const before = await readAll(database)
      const again = await post(server, path, '"a b"', { body })
      expect({ ...again, headers: again.headers.get('etag') }).toEqual({
        ...first,
        headers: first.headers.get('etag'),
      })
      expect((await post(server, `${path}?`, '"a b"', { body })).text).toBe(first.text)
      const after = await readAll(database)
      const hasToken = typeof first.json.key === 'string'
      expect(hasToken).toBe(/key|rotation/.test(what) && !what.startsWith('units'))
      // That a token was given again is an event; nothing else is written.
      if (!hasToken) expect(after).toBe(before)
      else
        expect((await actionsOf(server)).slice(0, 3)).toEqual([
          'key.token_replayed',
          'key.token_replayed',
          what === 'a key' ? 'key.created' : 'key.rotated',
        ])
      const refusals: Record<string, string> = {
        'a plan': 'plan_exists',
        'a rotation': 'rotation_in_progress',
      }
      expect(codeOf(await post(server, path, '"a c"', { body }))).toBe(refusals[what] ?? 200)
    },
  )

  test('a text in quotes is the same without them; what is neither is refused', async () => {
    const { server } = await start()
    await using _ = server
    const { text } = await post(server, '/v1/keys', 'once-1')
    expect((await post(server, '/v1/keys', '"once-1"')).text).toBe(text)
    expect((await post(server, '/v1/keys', ' "once-1" ')).text).toBe(text)
    const longest = 'x'.repeat(255)
    expect((await post(server, '/v1/keys', longest)).text).toBe(
      (await post(server, '/v1/keys', `"${longest}"`)).text,
    )
    expect((await post(server, '/v1/keys', '"\\"\\\\"')).status).toBe(200)
    for (const faulty of [
      `${longest}x`,
      `"${longest}x"`,
      'x'.repeat(300),
      '',
      '""',
      '"a',
      'a b',
      'a, b',
      '"a";p=1',
      '"\\a"',
      'ä',
      '"é"',
    ])
      expect(codeOf(await post(server, '/v1/keys', faulty)), faulty).toBe('invalid_input')
    // No other call reads it.
    const { latchkey, rootKey: token } = server
    const { items } = await latchkey.keys.list()
    const headers = { 'idempotency-key': 'x'.repeat(300) }
    expect((await server.request('GET', `/v1/keys/${items[0]?.id}`, { token, headers })).status).toBe(200)
  })

  test('another body, another call and another caller', async () => {
    const { server, id } = await start()
    await using _ = server
    const first = await post(server, '/v1/keys', 'once')
    expect(codeOf(await post(server, '/v1/keys', 'once', { body: { name: 'Other' } }))).toBe(
      'idempotency_key_reused',
    )
    expect((await post(server, '/v1/organizations', 'once')).json.id).not.toBe(first.json.id)
    const rotated = await post(server, `/v1/keys/${id}/rotate`, 'once', { body: {} })
    expect(rotated.json.id).toBe(id)
    const other = await server.latchkey.keys.create({
      organizationId: 'root',
      name: 'Other',
      permissions: ['latchkey:*'],
    })
    const byOther = await post(server, '/v1/keys', 'once', { token: other.key })
    expect(byOther.status).toBe(200)
    expect(byOther.json.id).not.toBe(first.json.id)
    expect((await post(server, '/v1/keys', 'once')).text).toBe(first.text)
  })

  test('the answer opens for no other token or session of the same key, which hears what was made', async () => {
    const { server } = await start()
    await using _ = server
    const { keys } = server.latchkey
    const admin = await keys.create({
      organizationId: 'root',
      name: 'Admin',
      permissions: ['latchkey:*', '*'],
    })
    const first = await post(server, '/v1/keys', 'once', { token: admin.key })
    const { browser } = await signIn(server, admin.key)
    const rotated = await keys.rotate(admin.id, { graceSeconds: 600 })
    const bySession = (body: object) =>
      ask(server, 'POST', '/v1/keys', { ...browser, 'idempotency-key': 'once' }, body)
    for (const answer of [
      await post(server, '/v1/keys', 'once', { token: rotated.key }),
      await bySession({ name: 'New' }),
    ]) {
      expect(answer).toMatchObject({
        status: 409,
        json: { code: 'idempotency_sealed', resource_id: first.json.id },
      })
      expect(answer.text).not.toContain(first.json.key)
    }
    // Also with another body: whoever cannot open it learns nothing of what was asked.
    expect(codeOf(await post(server, '/v1/keys', 'once', { token: rotated.key, body: { name: 'X' } }))).toBe(
      'idempotency_sealed',
    )
    expect((await post(server, '/v1/keys', 'once', { token: admin.key })).text).toBe(first.text)
    expect((await post(server, '/v1/keys', 'once', { token: `secret-token:${admin.key}` })).text).toBe(
      first.text,
    )
    const inBrowser = { ...browser, 'idempotency-key': 'in the browser'.replaceAll(' ', '-') }
    const made = await ask(server, 'POST', '/v1/keys', inBrowser, { name: 'By hand' })
    expect((await ask(server, 'POST', '/v1/keys', inBrowser, { name: 'By hand' })).text).toBe(made.text)
  })

  test('a caller that may no longer make the key, or rotate it, gets no token again', async () => {
    const { server } = await start()
    await using _ = server
    const { keys } = server.latchkey
    const mine = ['latchkey:keys:write', 'emails:*']
    const caller = await keys.create({ organizationId: 'acme', name: 'Caller', permissions: mine })
    const body = { name: 'New', permissions: ['emails:send'] }
    const again = () => post(server, '/v1/keys', 'once', { token: caller.key, body })
    const { json, text } = await again()
    await keys.update(caller.id, { permissions: ['latchkey:keys:write'] })
    expect(codeOf(await again())).toBe('permission_escalation')
    await keys.update(caller.id, { permissions: ['emails:*'] })
    expect(codeOf(await again())).toBe('missing_permission')
    await keys.update(caller.id, { permissions: mine })
    expect((await again()).text).toBe(text)
    // The key that was made may more by now.
    await keys.update(json.id as string, { permissions: ['emails:send', 'files:read'] })
    expect(codeOf(await again())).toBe('permission_escalation')
    await keys.update(json.id as string, { permissions: ['emails:send'] })
    await keys.update(caller.id, { expiresAt: new Date(Date.now() + day) })
    expect(codeOf(await again())).toBe('permission_escalation')
    await keys.update(caller.id, { expiresAt: null })
    // Of a revoked key the token opens nothing.
    await keys.revoke(json.id as string)
    expect((await again()).text).toBe(text)
    await keys.revoke(caller.id)
    expect(codeOf(await again())).toBe('invalid_token')
  })

  test('the permission for an answer that is given again is that of its transaction, not that of before', async () => {
    const { server } = await start()
    await using _ = server
    const { keys, webhooks } = server.latchkey
    // As of a request that was let in just before its caller's key was changed.
    const actor = await makeCaller(server.latchkey, 'acme', ['latchkey:keys:*', 'latchkey:webhooks:*'])
    const onceAs = (scope: string) => ({ actor, once: { scope, secret: 'token', body: '' } })
    const makers = [
      () => keys.create({ organizationId: 'acme', name: 'New' }, onceAs('a key')),
      () => webhooks.create({ url: 'https://example.com/', events: ['*'] }, onceAs('a webhook')),
    ]
    for (const make of makers) expect(await make()).toEqual(await make())
    await keys.update(actor.keyId, { permissions: [] })
    for (const make of makers) await expect(make()).rejects.toHaveProperty('code', 'missing_permission')
  })

  test('only success is kept: what was refused may be asked for again', async () => {
    const { database, server } = await start()
    await using _ = server
    const body = { name: 'New', organization_id: 'globex' }
    expect(codeOf(await post(server, '/v1/keys', 'once', { body }))).toBe('organization_not_found')
    expect(codeOf(await post(server, '/v1/organizations', 'once', { body: { id: 'acme', name: 'A' } }))).toBe(
      'organization_exists',
    )
    await using direct = await connectDirectly(database)
    expect(await direct.run('select id from idempotent_requests')).toEqual([])
    await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const { status, text } = await post(server, '/v1/keys', 'once', { body })
    expect(status).toBe(200)
    expect((await post(server, '/v1/keys', 'once', { body })).text).toBe(text)
  })

  test('many at one instant, in two processes, make one; each is answered the same, or asked to come again', async () => {
    const { database, server } = await start()
    await using one = server
    await using other = await startTestServer(database)
    other.rootKey = one.rootKey
    for (const [what, path] of [
      ['keys', '/v1/keys'],
      ['organizations', '/v1/organizations'],
    ] as const) {
      for (let round = 0; round < 5; round++) {
        const body = { name: `Once ${round}` }
        const sides = Array.from({ length: 12 }, (_, i) => (i % 2 ? one : other))
        const answers = await Promise.all(sides.map((side) => post(side, path, `once-${round}`, { body })))
        const made = answers.filter(({ status }) => status === 200)
        expect(new Set(made.map(({ text }) => text)).size, what).toBe(1)
        const rest = answers.filter(({ status }) => status !== 200)
        expect(rest.every(({ json }) => json.code === 'idempotency_in_progress')).toBe(true)
        expect(rest.every(({ headers }) => headers.get('retry-after') === '1')).toBe(true)
        expect((await post(other, path, `once-${round}`, { body })).text).toBe(made[0]?.text)
        const list = await one.request<object[]>('GET', `${path}?q=Once%20${round}`, { token: one.rootKey })
        expect(list.json).toHaveLength(1)
      }
    }
  })

  test('new keys that come together are made, answered again and refused each by itself', async () => {
    const { server } = await start()
    await using _ = server
    const old = await post(server, '/v1/keys', 'old')
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, (_, i) => post(server, '/v1/keys', `new-${i}`)),
      ...Array.from({ length: 5 }, () =>
        server.request('POST', '/v1/keys', { token: server.rootKey, body: { name: 'New' } }),
      ),
      post(server, '/v1/keys', 'old'),
      post(server, '/v1/keys', 'gone', { body: { name: 'New', organization_id: 'nobody' } }),
      post(server, '/v1/keys', 'old-2'),
    ])
    expect(answers.map(codeOf)).toEqual([...Array(26).fill(200), 'organization_not_found', 200])
    expect(answers[25]?.text).toBe(old.text)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(28)
    for (const [i, answer] of answers.slice(0, 20).entries())
      expect((await post(server, '/v1/keys', `new-${i}`)).text).toBe(answer.text)
  })

  test('after a day it is another request, whether or not the old one is deleted yet', async () => {
    const clock = makeClock()
    const { database, server } = await start({ now: clock.now })
    await using _ = server
    const first = await post(server, '/v1/keys', 'once')
    clock.advance(day - 1)
    expect((await post(server, '/v1/keys', 'once')).text).toBe(first.text)
    clock.advance(1)
    const other = { body: { name: 'Other' } }
    const second = await post(server, '/v1/keys', 'once', other)
    expect([second.status, second.json.name]).toEqual([200, 'Other'])
    expect((await post(server, '/v1/keys', 'once', other)).text).toBe(second.text)
    await using direct = await connectDirectly(database)
    expect(await direct.run('select id from idempotent_requests')).toHaveLength(1)
  })

  test('of a key the newest answers are kept, so many and few more, and those of others stay', async () => {
    const { database, server, id: other } = await start()
    await using _ = server
    const self = await server.request('GET', '/v1/keys/self', { token: server.rootKey })
    await using direct = await connectDirectly(database)
    const count = async (keyId: unknown) =>
      (await direct.run(`select id from idempotent_requests where key_id = '${keyId}'`)).length
    const fill = async (keyId: unknown, rows: number) => {
      const values = Array.from(
        { length: rows },
        (_, i) => `('${keyId}-${i}', '${keyId}', ${Date.now() + i})`,
      )
      await direct.run(`insert into idempotent_requests (id, key_id, kept_until) values ${values.join()}`)
    }
    await fill(self.json.id, maxKeptAnswers + 150)
    await fill(other, 3)
    for (let i = 0; i < 64; i++) await post(server, '/v1/keys', `new-${i}`)
    expect(await count(self.json.id)).toBeLessThanOrEqual(maxKeptAnswers + 64)
    expect(await count(self.json.id)).toBeGreaterThanOrEqual(maxKeptAnswers - 64)
    expect(await count(other)).toBe(3)
    // The oldest are gone, and the newest are there.
    const left = await direct.run('select id from idempotent_requests')
    const ids = new Set(left.map((row) => row.id))
    expect([0, 100].map((i) => ids.has(`${self.json.id}-${i}`))).toEqual([false, false])
    expect([300, maxKeptAnswers + 149].map((i) => ids.has(`${self.json.id}-${i}`))).toEqual([true, true])
    expect((await post(server, '/v1/keys', 'new-63', { body: { name: 'X' } })).json.code).toBe(
      'idempotency_key_reused',
    )
  })

  test('the client sends one for each call, and the one that it is given', async () => {
    const { database, server } = await start()
    await using _ = server
    const client = createClient({ url: server.url, token: server.rootKey })
    const idempotencyKey = 'import of 27 November, line 12'
    const first = await client.keys.create({ name: 'New' }, { idempotencyKey })
    expect(await client.keys.create({ name: 'New' }, { idempotencyKey })).toEqual(first)
    expect((await client.keys.create({ name: 'New' })).id).not.toBe(first.id)
    const rotated = await client.keys.rotate(
      first.id,
      {},
      { idempotencyKey, ifRevision: first.revision, wait: 'applied' },
    )
    const { applied: _applied, ...again } = await client.keys.rotate(
      first.id,
      {},
      { idempotencyKey, ifRevision: first.revision, wait: 'applied' },
    )
    expect(again).toEqual({ ...rotated, applied: undefined })
    await client.organizations.create({ name: 'New' }, { idempotencyKey })
    await client.plans.create({ name: 'pro' })
    await using direct = await connectDirectly(database)
    expect(await direct.run('select id from idempotent_requests')).toHaveLength(5)
    for (const faulty of ['', 'x'.repeat(256), 'a\r\nb', 'ä', '"', 7, null])
      await expect(
        client.keys.create({ name: 'New' }, { idempotencyKey: faulty as string }),
      ).rejects.toMatchObject({
        code: 'invalid_input',
      })
    await expect(client.keys.get(first.id, { idempotencyKey })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })
})

test('the command line makes a thing once for each text that it is given, and on a server alone', async () => {
  const { url, remove } = makeSqlite()
  onTestFinished(remove)
  await using server = await startTestServer(url)
  const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
  const run = (...args: string[]) => runInProcess(args, process.cwd(), { env })
  const make = async (...args: string[]) => (await run(...args, '--idempotency-key', 'x', '--json')).stdout
  const twice: string[][] = [
    ['keys', 'create', '--name', 'New'],
    ['orgs', 'create', '--name', 'New'],
    ['plans', 'create', 'pro'],
    ['webhooks', 'create', 'https://example.com/', '--events', 'key.*'],
  ]
  for (const args of twice) {
    const first = await make(...args)
    expect(JSON.parse(first)).toBeTypeOf('object')
    expect([args, await make(...args)]).toEqual([args, first])
    if (args[1] !== 'create' || !['keys', 'webhooks'].includes(args[0] ?? '')) continue
    const rotate = [args[0] ?? '', 'rotate', JSON.parse(first).id, '--yes'].filter(
      (word) => args[0] === 'keys' || word !== '--yes',
    )
    const rotated = await make(...rotate)
    expect(rotated).not.toBe(first)
    expect([rotate, await make(...rotate)]).toEqual([rotate, rotated])
  }
  const other = await run('keys', 'create', '--name', 'Other', '--idempotency-key', 'x')
  expect([other.code, other.stdout]).toEqual([1, ''])
  const wrong = await run('keys', 'create', '--name', 'Other', '--idempotency-key', 'ä')
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--idempotency-key: ')])
  const direct = await run('keys', 'create', '--name', 'New', '--idempotency-key', 'x', '--database', url)
  expect([direct.code, direct.stderr]).toEqual([2, expect.stringContaining('Applies to a server only')])
})
