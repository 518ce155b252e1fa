// What all ways to sign in have in common: from which pages they are called and how often, what a browser keeps, and that nothing
// signs in twice.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { operator } from '../src/core/actor.ts'
import { maxSignInsUnderWay, signInCallsAMinute, signInMs } from '../src/core/bounds.ts'
import { Keyring } from '../src/domain/keyring.ts'
import { openSignIn, sealSignIn, signInIdOf, useSignIn } from '../src/domain/sign-in/under-way.ts'
import { keepSignIn, readSignIns } from '../src/http/sign-in-cookie.ts'
import { SignInLimit } from '../src/server/sign-in-limit.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makePostgres, onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { join, openWithPeople, personOf, publicUrl, secretOf, signInAs } from './setup/people.ts'
import { send, startTestServer } from './setup/server.ts'
import { makeWriter } from './setup/writer.ts'

const ours = { 'sec-fetch-site': 'same-origin' }
const newKey = () => randomBytes(32).toString('base64')

/** What a deployment seals with, at an instant. */
function sealerAt(now: number, keys = [newKey()]) {
  return { keyring: new Keyring('postgres://nobody@localhost/none', keys), now: () => now }
}

test('a sign-in under way opens within ten minutes, of its own kind and by its own secret alone', () => {
  const key = newKey()
  const begun = sealSignIn(sealerAt(0, [key]), 'provider', 'state-1', { purpose: 'sign_in' })
  const open =
    (at: number, kind: 'provider' | 'passkey', secret: string, value = begun.value, keys = [key]) =>
    () =>
      openSignIn(sealerAt(at, keys), kind, secret, value)
  expect(open(599_999, 'provider', 'state-1')()).toEqual({ purpose: 'sign_in' })
  expect(begun.id).toBe(signInIdOf('provider', 'state-1'))
  const expired = expect.objectContaining({ code: 'sign_in_expired' })
  expect(open(600_000, 'provider', 'state-1')).toThrow(expired)
  expect(open(0, 'passkey', 'state-1')).toThrow(expired)
  expect(open(0, 'provider', 'state-2')).toThrow(expired)
  expect(open(0, 'provider', 'state-1', begun.value, [newKey()])).toThrow(expired)
  // After a rotation of the keyring, what was begun goes on.
  expect(open(0, 'provider', 'state-1', begun.value, [newKey(), key])()).toEqual({ purpose: 'sign_in' })
  for (const wrong of ['', 'x', `${begun.value.slice(0, -2)}AA`, begun.value.slice(4), 'A'.repeat(9_000)])
    expect(open(0, 'provider', 'state-1', wrong), wrong).toThrow(expired)
})

test('a browser keeps four sign-ins, and gives up the oldest', () => {
  let cookies: string[] = []
  const ids = Array.from({ length: 6 }, (_, i) => signInIdOf('provider', `state-${i}`))
  for (const [i, id] of ids.entries()) {
    const lines = keepSignIn({ id, value: `v${i}` }, readSignIns(cookies.join('; '), true), {
      overTls: true,
      now: i * 1_000,
    })
    for (const line of lines) {
      expect(line).toMatch(
        /^__Host-latchkey-sign-in-[\w-]{16}=[\w.]*; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
      )
      const [pair = ''] = line.split(';')
      cookies = cookies.filter((cookie) => cookie.split('=')[0] !== pair.split('=')[0])
      if (!line.includes('Max-Age=0')) cookies.push(pair)
    }
    expect(cookies.length).toBeLessThanOrEqual(maxSignInsUnderWay)
  }
  expect([...readSignIns(cookies.join('; '), true)]).toEqual(ids.slice(2).map((id, i) => [id, `v${i + 2}`]))
  // What could have been planted without TLS does not count with it.
  expect(readSignIns(`latchkey-sign-in-${ids[0]}=0.v`, true).size).toBe(0)
  expect(readSignIns(`latchkey-sign-in-${ids[0]}=0.v; latchkey-sign-in-x=0.v; latchkey=v`, false).size).toBe(
    1,
  )
})

test('an address makes 30 calls of sign-ins a minute, whoever else does', () => {
  let now = 0
  const limit = new SignInLimit(() => now)
  for (let i = 0; i < signInCallsAMinute; i++)
    limit.require(i % 2 === 0 ? '2001:db8::1' : '2001:db8:0:0:5::2')
  const refusal = expect.objectContaining({ code: 'too_many_sign_ins', retryAfterMs: 60_000 })
  expect(() => limit.require('2001:db8::3')).toThrow(refusal)
  limit.require('2001:db8:0:1::1')
  limit.require('198.51.100.7')
  now = 59_999
  expect(() => limit.require('2001:db8::3')).toThrow(expect.objectContaining({ retryAfterMs: 1 }))
  now = 60_000
  limit.require('2001:db8::3')
})

onEachDatabase('what signs in', (makeDatabase) => {
  test('signs in once, also if two do so at once, and not at all if what it did came to nothing', async () => {
    const database = await makeDatabase()
    const { writer } = await makeWriter(database)
    const begunAt = Date.now()
    const use = (secret: string, fails = false) =>
      writer.commit(operator, { permission: 'any key' }, async ({ tx, now }) => {
        await useSignIn(tx, 'provider', secret, now)
        if (fails) throw new TypeError('It came to nothing.')
      })
    await expect(use('a', true)).rejects.toThrow('nothing')
    const outcomes = await Promise.allSettled([use('a'), use('a'), use('a')])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'sign_in_expired' })
    // It is kept until what the browser keeps is too old in every process, be its clock a minute behind.
    await using direct = await connectDirectly(database)
    const [kept] = await direct.run('select expires_at from sign_ins_used')
    expect(Number(kept?.expires_at)).toBeGreaterThanOrEqual(begunAt + signInMs + 60_000)
  })
})

test('people who sign in or join keep nobody else from a change, however many do so at once', async () => {
  const { url, remove } = await makePostgres()
  onTestFinished(remove)
  await using latchkey = await openWithPeople({ database: url })
  await createAcme(latchkey)
  await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
  const { identityId } = await join(latchkey, 'acme', 'owner')
  const neighbour = await makeCaller(latchkey, 'globex', ['latchkey:keys:write'])
  const invited = { organizationId: 'acme', email: 'bob@example.com', role: 'viewer' } as const
  const secret = secretOf(await latchkey.invitations.create(invited))
  for (const [id, seed, come] of [
    [identityId, 0x6c61_7468, () => latchkey.sessions.startFor(identityId)],
    ['acme', 0x6c61_7467, () => latchkey.invitations.accept(secret, personOf('bob'))],
  ] as const) {
    await using direct = await connectDirectly(url)
    await direct.run('begin')
    await direct.run(`select pg_advisory_xact_lock(hashtextextended('${id}', ${seed}))`)
    const many = Promise.allSettled(Array.from<unknown, Promise<unknown>>({ length: 40 }, come))
    const names = ['a', 'b', 'c']
    for (const name of names) await latchkey.keys.create({ name }, { actor: neighbour })
    await direct.run('rollback')
    await many
  }
})

onOneDatabase('PostgreSQL', 'calls of sign-ins', (makeDatabase) => {
  async function start(options: Parameters<typeof startTestServer>[1] = {}) {
    const server = await startTestServer(await makeDatabase(), { publicUrl, ...options })
    await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    return server
  }

  test('an invitation is shown to whoever holds its secret, again and again, until it ends', async () => {
    await using server = await start()
    const { latchkey, request } = server
    const invitation = await latchkey.invitations.create({
      organizationId: 'acme',
      email: 'Ada@acme.example',
      role: 'admin',
    })
    const show = (secret: unknown) =>
      request('POST', '/v1/sign-in/invitation', { body: { invitation: secret }, headers: ours })
    const shown = {
      ...{ organization: { id: 'acme', name: 'Acme' }, email: 'Ada@acme.example', name: null, role: 'admin' },
      ...{ expires_at: invitation.expiresAt.toISOString(), providers: [], passkeys: expect.any(Boolean) },
    }
    expect(await show(secretOf(invitation))).toMatchObject({ status: 200, json: shown })
    expect((await show(secretOf(invitation))).json).toEqual(shown)
    await latchkey.invitations.revoke(invitation.id)
    for (const secret of [secretOf(invitation), `lki_${'A'.repeat(43)}`, 'x'])
      expect(await show(secret)).toMatchObject({ status: 410, json: { code: 'invitation_ended' } })
    for (const wrong of ['', 7, 'x'.repeat(300)]) expect((await show(wrong)).status).toBe(422)
  })

  test('an invitation tells the providers that accept it: those of the organization alone, though they are not listed', async () => {
    const provider = (id: string, organizations: string[], listed: boolean) => ({
      ...{ id, name: id, issuer: 'https://login.example.com', client_id: 'latchkey', organizations, listed },
    })
    const providers = [
      provider('acme-okta', ['acme'], false),
      provider('bees-okta', ['bees'], false),
      provider('google', ['root', '*'], true),
      provider('hidden', ['*'], false),
      provider('staff', ['root'], true),
    ]
    const folder = mkdtempSync(joinPath(tmpdir(), 'latchkey-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const oidcFile = joinPath(folder, 'providers.json')
    writeFileSync(oidcFile, JSON.stringify({ providers }))
    await using server = await start({ oidcFile })
    const { latchkey, request } = server
    const person = { email: 'ada@acme.example', role: 'admin' } as const
    const idsFor = async (organizationId: string) => {
      const made = await latchkey.invitations.create({ organizationId, ...person })
      const body = { invitation: secretOf(made) }
      const { json } = await request('POST', '/v1/sign-in/invitation', { body, headers: ours })
      return (json.providers as { id: string }[]).map(({ id }) => id)
    }
    expect(await idsFor('acme')).toEqual(['acme-okta', 'google'])
    expect(await idsFor('root')).toEqual(['google', 'staff'])
  })

  test('only pages of the same origin call, and 30 times a minute', async () => {
    await using server = await start()
    const { request, url } = server
    const show = (headers: Record<string, string>) =>
      request('POST', '/v1/sign-in/invitation', { body: { invitation: 'x' }, headers })
    for (const headers of [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://elsewhere.example' },
    ] as Record<string, string>[])
      expect(await show(headers), JSON.stringify(headers)).toMatchObject({
        status: 403,
        json: { code: 'cross_site_request' },
      })
    // Of those none counts: else any page could have the network of its visitor refused.
    for (let i = 0; i < signInCallsAMinute; i++)
      expect((await show({ 'sec-fetch-site': 'cross-site' })).json.code).toBe('cross_site_request')
    expect((await show({ origin: url })).status).toBe(410)
    let last = await show(ours)
    for (let i = 2; i < signInCallsAMinute; i++) last = await show(ours)
    expect(last.status).toBe(410)
    last = await show(ours)
    expect(last).toMatchObject({ status: 429, json: { code: 'too_many_sign_ins' } })
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await request('GET', '/v1/sign-in')).status).toBe(200)
  })

  test('tokens open sessions as the operator says', async () => {
    await using all = await start()
    expect((await all.request('GET', '/v1/sign-in')).json).toEqual({
      providers: [],
      passkeys: expect.any(Boolean),
      mail: false,
      tokens: 'all',
    })
    await using root = await start({ tokenSignIn: 'root' })
    expect((await root.request('GET', '/v1/sign-in')).json.tokens).toBe('root')
    const ofAcme = await root.latchkey.keys.create({
      organizationId: 'acme',
      name: 'A',
      permissions: ['latchkey:keys:read'],
    })
    const signIn = (server: { url: string }, token: string) =>
      send(server.url, 'POST', '/v1/sessions', { token })
    expect((await signIn(root, root.rootKey)).status).toBe(200)
    expect(await signIn(root, ofAcme.key)).toMatchObject({ status: 403, json: { code: 'token_sign_in_off' } })
    expect(await signIn(root, 're_nonsense')).toMatchObject({ status: 401, json: { code: 'invalid_token' } })
    await using off = await start({ tokenSignIn: 'off' })
    expect(await signIn(off, off.rootKey)).toMatchObject({ status: 403, json: { code: 'token_sign_in_off' } })
  })

  test('nobody is refused who names a provider, and an unknown one is told', async () => {
    await using server = await start()
    const { request } = server
    expect((await request('GET', '/v1/sign-in?provider=okta')).json.providers).toEqual([])
    expect((await request('GET', '/v1/sign-in?provider=a&provider=b')).status).toBe(422)
    expect((await request('GET', '/v1/sign-in?other=a')).status).toBe(422)
    for (const [path, body] of [
      ['/v1/sign-in/providers/okta', { purpose: 'sign_in' }],
      ['/v1/sign-in/providers/okta/callback', { state: 'x', code: 'x' }],
    ] as const)
      expect(await request('POST', path, { body, headers: ours })).toMatchObject({
        status: 404,
        json: { code: 'provider_not_found' },
      })
  })

  test('a member removes an identity while it has another one, freshly signed in', async () => {
    let now = Date.now()
    await using server = await start({ now: () => now })
    const { latchkey, request } = server
    const ada = await join(latchkey, 'acme', 'owner', 'ada')
    const remove = (id: string, browser = ada) =>
      request('DELETE', `/v1/members/self/identities/${id}`, {
        headers: { ...ours, cookie: `latchkey=${browser.value}`, 'latchkey-session': browser.pageValue },
      })
    expect(await remove(ada.identityId)).toMatchObject({ status: 409, json: { code: 'last_identity' } })
    expect(await remove('0192f0c1-0000-7000-8000-000000000000')).toMatchObject({
      status: 404,
      json: { code: 'identity_not_found' },
    })
    // That of a colleague is as unknown as none, whatever is asked of it.
    const bob = await join(latchkey, 'acme', 'viewer', 'bob')
    const rename = await request('PATCH', `/v1/members/self/identities/${bob.identityId}`, {
      headers: { ...ours, cookie: `latchkey=${ada.value}`, 'latchkey-session': ada.pageValue },
      body: { label: 'Ada was here' },
    })
    for (const answer of [rename, await remove(bob.identityId)])
      expect(answer).toMatchObject({ status: 404, json: { code: 'identity_not_found' } })
    expect((await latchkey.members.get(bob.caller.memberId)).identities).toMatchObject([
      { id: bob.identityId, label: 'bob@example.com' },
    ])
    now += 11 * 60_000
    expect(await remove(ada.identityId)).toMatchObject({
      status: 403,
      json: { code: 'fresh_sign_in_required' },
    })
    const again = await signInAs(latchkey, ada.identityId, 'acme')
    expect((await remove(ada.identityId, again)).json.code).toBe('last_identity')
  })
})
