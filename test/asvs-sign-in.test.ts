// Attacks on the sign-in of people that the requirements of OWASP ASVS 5.0 ask about and that no other test makes.
// docs/explain/asvs.md says which requirement each holds.
import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshMs } from '../src/core/bounds.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import {
  answerOf,
  Browser,
  type Claims,
  clientSecret,
  encode,
  startLiar,
  writeProviders,
} from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
const invitation = { email: 'bob@acme.example', role: 'viewer' }

onOneDatabase('PostgreSQL', 'somebody who signs in', (makeDatabase) => {
  async function start(settings: object = {}) {
    let now = Date.now()
    const liar = await startLiar()
    const database = await makeDatabase()
    const server = await startTestServer(database, {
      ...{ publicUrl, sealingKeys, now: () => now },
      oidcFile: writeProviders({ id: 'okta', issuer: liar.issuer, ...settings }),
    })
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    /** A browser in which somebody has accepted an invitation. */
    const join = async (sub = 'ada', role: 'owner' | 'admin' = 'owner') => {
      const email = `${sub}@acme.example`
      liar.claims = { sub, email }
      const browser = new Browser(server)
      const invited = await latchkey.invitations.create({ organizationId: 'acme', email, role })
      await browser.pass('okta', { purpose: 'invitation', invitation: secretOf(invited) })
      return browser
    }
    const idOf = async (browser: Browser) =>
      ((await browser.ask('GET', '/v1/members/self')).json as unknown as { id: string }).id
    const pass = (ms: number) => {
      now += ms
    }
    const seconds = () => Math.floor(now / 1_000)
    return Object.assign(server, { liar, database, join, idOf, pass, seconds })
  }

  test('finds a new instance without people, and becomes nobody by being first', async () => {
    await using server = await start({ organizations: ['root', '*'] })
    for (const sub of ['ada', 'admin', 'root']) {
      server.liar.claims = { sub, email: `${sub}@keys.example.com` }
      expect((await new Browser(server).pass('okta')).json).toMatchObject({ code: 'not_invited' })
    }
    expect((await server.latchkey.members.list({ status: 'all' })).items).toEqual([])
    expect((await server.latchkey.invitations.list({})).items).toEqual([])
    for (const token of ['root', 'admin', '', 'latchkey']) {
      const answer = await new Browser(server).ask('POST', '/v1/sessions', undefined, {
        authorization: `Bearer ${token}`,
      })
      expect(answer.status, token).toBe(401)
    }
  })

  test('by an ID token that nobody has signed, or that anybody could sign, is not signed in', async () => {
    await using server = await start()
    const { liar } = server
    await server.join()
    const unsigned = (header: object) => (claims: Claims) => `${encode(header)}.${encode(claims)}`
    const byHmac = (key: string | Buffer) => (claims: Claims) => {
      const text = unsigned({ alg: 'HS256', kid: 'k1' })(claims)
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
    }
    const { keys } = (await (await fetch(`${liar.issuer}/jwks`)).json()) as { keys: object[] }
    const forgeries: Record<string, (claims: Claims) => string> = {
      'no algorithm': (claims) => `${unsigned({ alg: 'none' })(claims)}.`,
      'no algorithm, in capitals': (claims) => `${unsigned({ alg: 'NONE', kid: 'k1' })(claims)}.`,
      'no signature': (claims) => `${unsigned({ alg: 'RS256', kid: 'k1' })(claims)}.`,
      'two parts': unsigned({ alg: 'RS256', kid: 'k1' }),
      'the secret of the client': byHmac(clientSecret),
      'the published key as a secret': byHmac(JSON.stringify(keys[0])),
      'a key that the token brings': (claims) =>
        `${unsigned({ alg: 'RS256', jwk: keys[0] as object })(claims)}.AAAA`,
    }
    for (const [name, sign] of Object.entries(forgeries)) {
      liar.sign = sign
      expect((await new Browser(server).pass('okta')).json, name).toMatchObject({
        code: 'provider_unavailable',
      })
    }
    liar.sign = undefined
    // For others beside us, and given to another one of them.
    for (const claims of [
      { aud: ['latchkey', 'other'], azp: 'other' },
      { aud: ['other'] },
      { aud: 'Latchkey' },
    ]) {
      liar.claims = claims
      expect((await new Browser(server).pass('okta')).json, JSON.stringify(claims)).toMatchObject({
        code: 'provider_unavailable',
      })
    }
    liar.claims = {}
    expect((await new Browser(server).pass('okta')).status).toBe(200)
  })

  test('has a state, a nonce, a verifier and a challenge of its own each time, of 256 bits, and gets none of the tokens', async () => {
    await using server = await start({ scopes: ['openid', 'email'] })
    const { liar } = server
    const seen = new Set<string>()
    const told: string[] = []
    const browser = await server.join()
    const note = (...values: (string | null)[]) => {
      for (const value of values) {
        expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/)
        expect(seen.has(value as string), 'drawn twice').toBe(false)
        seen.add(value as string)
      }
    }
    for (let i = 0; i < 4; i++) {
      const begun = await browser.begin('okta')
      const { searchParams } = begun
      note(...['state', 'nonce', 'code_challenge'].map((name) => searchParams.get(name)))
      // The code alone is asked for, the scopes of the file, and the answer in the query.
      expect(Object.fromEntries(searchParams)).toEqual({
        ...{ client_id: 'latchkey', response_type: 'code', scope: 'openid email' },
        // An age that asks nobody anew, so that the provider says when the person signed in there.
        max_age: '315360000',
        ...{ redirect_uri: `${publicUrl}/sign-in/callback/okta`, code_challenge_method: 'S256' },
        ...{ state: expect.any(String), nonce: expect.any(String), code_challenge: expect.any(String) },
      })
      const kept = [...browser.cookies].join()
      const finished = await browser.finish('okta', answerOf(begun))
      expect(finished.status).toBe(200)
      const verifier = liar.exchanged.at(-1)?.get('code_verifier') ?? ''
      note(verifier)
      // It is the one that was promised, and the browser has never had it.
      expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
        searchParams.get('code_challenge'),
      )
      told.push(begun.href, kept, finished.text, [...finished.headers].join())
      const secrets = [verifier, clientSecret, 'secret-access-token', ...liar.issued]
      for (const secret of secrets) expect(told.join().includes(secret), secret).toBe(false)
    }
    for (let i = 0; i < 4; i++) {
      const { json } = await browser.ask('POST', '/v1/sign-in/passkey/options', undefined)
      // Passkeys take a name and this server has one.
      note((json as unknown as { options: { challenge: string } }).options.challenge)
    }
  })

  test('gets two new values each time, of 256 bits, whatever its browser was given before', async () => {
    await using server = await start()
    const first = await server.join()
    const seen = new Set([first.pageValue, first.cookies.get('latchkey')])
    for (let i = 0; i < 5; i++) {
      const browser = new Browser(server)
      // Somebody has planted values of their own.
      browser.cookies.set('latchkey', first.cookies.get('latchkey') ?? '')
      // Whoever has the cookie alone, or guesses the page's value, ends nobody's session by signing in.
      if (i % 2 === 1) browser.pageValue = 'A'.repeat(43)
      const { status } = await browser.pass('okta')
      expect(status).toBe(200)
      for (const value of [browser.pageValue, browser.cookies.get('latchkey')]) {
        expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/)
        expect(seen.has(value)).toBe(false)
        seen.add(value)
      }
      expect((await browser.ask('GET', '/v1/members/self')).status).toBe(200)
      // The values that were planted, with the page's own, and the other way round.
      const mixed = Object.assign(new Browser(server), { pageValue: first.pageValue })
      mixed.cookies.set('latchkey', browser.cookies.get('latchkey') ?? '')
      expect((await mixed.ask('GET', '/v1/members/self')).json).toMatchObject({ code: 'session_ended' })
    }
    expect((await first.ask('GET', '/v1/members/self')).status).toBe(200)
  })

  test('is as fresh as the provider says, and no fresher by signing in again without being asked', async () => {
    await using server = await start()
    const { liar, pass, seconds } = server
    await server.join()
    const invite = async (browser: Browser) => (await browser.ask('POST', '/v1/invitations', invitation)).json
    const signIn = async (auth_time: number | undefined) => {
      liar.claims = { sub: 'ada', auth_time }
      const browser = new Browser(server)
      expect((await browser.pass('okta')).status).toBe(200)
      return browser
    }
    // A browser that was left signed in at the provider an hour ago is signed in again without a question.
    const stale = await signIn(seconds() - 3_600)
    expect(await invite(stale)).toMatchObject({ code: 'fresh_sign_in_required', methods: ['provider'] })
    expect((await stale.ask('GET', '/v1/keys')).status).toBe(200)
    const self = (await stale.ask('GET', '/v1/members/self')).json as unknown as { fresh_until: string }
    expect(new Date(self.fresh_until).getTime()).toBe((seconds() - 3_600) * 1_000 + freshMs)
    liar.claims = { sub: 'ada', auth_time: seconds() }
    expect((await stale.pass('okta', { purpose: 'fresh' })).status).toBe(200)
    expect(await invite(stale)).toMatchObject({ status: 'pending' })
    // Instants that no database holds are no fault of ours.
    for (const auth_time of [seconds() - 3_600.0004, 0.5])
      expect(await invite(await signIn(auth_time))).toMatchObject({ code: 'fresh_sign_in_required' })
    // For what is left of ten minutes.
    const recent = await signIn(seconds() - 540)
    expect(await invite(recent)).toMatchObject({ status: 'pending' })
    pass(61_000)
    expect(await invite(recent)).toMatchObject({ code: 'fresh_sign_in_required' })
    // Nobody is fresh for longer by a clock that is ahead, and who says nothing has just signed somebody in.
    for (const auth_time of [seconds() + 86_400, undefined]) {
      const browser = await signIn(auth_time)
      expect(await invite(browser)).toMatchObject({ status: 'pending' })
      pass(freshMs)
      expect(await invite(browser)).toMatchObject({ code: 'fresh_sign_in_required' })
    }
  })

  test('gets no link a second time by the same request if it could not invite so any more', async () => {
    await using server = await start()
    const ada = await server.join()
    const ask = () => ada.ask('POST', '/v1/invitations', invitation, { 'idempotency-key': 'one' })
    const first = (await ask()).json
    expect(first).toMatchObject({ status: 'pending', url: expect.stringContaining('#lki_') })
    expect((await ask()).json).toEqual(first)
    server.pass(freshMs)
    expect(await ask()).toMatchObject({ status: 403, json: { code: 'fresh_sign_in_required' } })
  })

  test('hears the same to the byte as a stranger, a suspended, a removed or a reset member', async () => {
    await using server = await start()
    const { liar, latchkey } = server
    await server.join('owner')
    const texts = new Set<string>()
    const note = async (sub: string) => {
      liar.claims = { sub, email: `${sub}@acme.example` }
      const answer = await new Browser(server).pass('okta')
      expect(answer.status, sub).toBe(403)
      texts.add(answer.text.replaceAll(/"request_id":"[^"]*"/g, ''))
    }
    await note('stranger')
    const suspended = await server.idOf(await server.join('suspended', 'admin'))
    await latchkey.members.suspend(suspended)
    await note('suspended')
    const removed = await server.idOf(await server.join('removed', 'admin'))
    await latchkey.members.remove(removed)
    await note('removed')
    const reset = await server.idOf(await server.join('reset', 'admin'))
    await latchkey.members.reset(reset)
    await note('reset')
    await latchkey.organizations.suspend('acme')
    await note('owner')
    expect([...texts]).toHaveLength(1)
  })

  test('loses every session at once, in all browsers, by a suspension, a removal and a reset', async () => {
    await using server = await start()
    const { liar, latchkey, database } = server
    await server.join('owner')
    await using direct = await connectDirectly(database)
    const ways = {
      suspended: (id: string) => latchkey.members.suspend(id),
      removed: (id: string) => latchkey.members.remove(id),
      reset: (id: string) => latchkey.members.reset(id),
    }
    for (const [sub, end] of Object.entries(ways)) {
      const browsers = [await server.join(sub, 'admin'), new Browser(server), new Browser(server)]
      liar.claims = { sub, email: `${sub}@acme.example` }
      for (const browser of browsers.slice(1)) expect((await browser.pass('okta')).status).toBe(200)
      const id = await server.idOf(browsers[0] as Browser)
      const live = async () => (await direct.run('select id from member_sessions')).length
      const before = await live()
      await end(id)
      for (const browser of browsers) {
        expect((await browser.ask('GET', '/v1/members/self')).json, sub).toMatchObject({
          code: 'session_ended',
        })
        expect((await browser.ask('POST', '/v1/keys', { name: 'K' })).json).toMatchObject({
          code: 'session_ended',
        })
      }
      expect(await live()).toBe(before - 3)
    }
  })
})

onEachDatabase('whoever was invited', (makeDatabase) => {
  test('has a secret of 256 bits that nobody else is given, and 72 hours for it', async () => {
    await using server = await startTestServer(await makeDatabase(), { publicUrl, sealingKeys })
    await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const made = []
    for (let i = 0; i < 20; i++)
      made.push(
        await server.latchkey.invitations.create({
          ...{ organizationId: 'acme', email: `p${i}@acme.example`, role: 'viewer' },
        }),
      )
    const secrets = made.map(secretOf)
    for (const secret of secrets) expect(secret).toMatch(/^lki_[A-Za-z0-9_-]{43}$/)
    expect(new Set(secrets).size).toBe(20)
    for (const { createdAt, expiresAt } of made)
      expect(expiresAt.getTime() - createdAt.getTime()).toBe(72 * 60 * 60_000)
  })
})
