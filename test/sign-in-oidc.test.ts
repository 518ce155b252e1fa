// People sign in at providers of OpenID Connect: who a person is, what is proved of an address, and for which organizations a
// provider's word counts.
import { expect, test } from 'vitest'
import { onEachDatabase } from './setup/databases.ts'
import { answerOf, Browser, passThrough, startLiar, startRealProvider, writeProviders } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('providers', (makeDatabase, kind) => {
  async function start(...providers: object[]) {
    const server = await startTestServer(await makeDatabase(), {
      publicUrl,
      sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
      oidcFile: writeProviders(...providers),
    })
    await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const invite = async (
      organizationId: string,
      email = 'ada@acme.example',
      role: 'owner' | 'viewer' = 'owner',
    ) => secretOf(await server.latchkey.invitations.create({ organizationId, email, role }))
    return Object.assign(server, { invite, browser: () => new Browser(server) })
  }

  if (kind === 'SQLite')
    test('a person accepts an invitation at a real provider, signs in again, and makes the sign-in fresh', async () => {
      const provider = await startRealProvider(['okta'])
      provider.accounts = { u1: { email: 'Ada@acme.example', email_verified: true, name: 'Ada' } }
      provider.subject = 'u1'
      await using server = await start({ id: 'okta', issuer: provider.issuer, listed: true })
      const invitation = await server.invite('acme')
      const browser = server.browser()
      const begun = await browser.begin('okta', { purpose: 'invitation', invitation })
      expect(begun.searchParams.get('redirect_uri')).toBe(`${publicUrl}/sign-in/callback/okta`)
      const answered = await passThrough(begun.href)
      expect(answered.iss).toBe(provider.issuer)
      const accepted = await browser.finish('okta', answered)
      expect(accepted).toMatchObject({
        status: 200,
        json: { purpose: 'invitation', organization_id: 'acme', session: { provider: 'okta' } },
      })
      expect([...browser.cookies.keys()]).toEqual(['latchkey'])
      const self = await browser.ask('GET', '/v1/members/self')
      expect(self.json).toMatchObject({ email: 'ada@acme.example', email_verified: true, role: 'owner' })
      const other = server.browser()
      const again = await other.finish('okta', await passThrough((await other.begin('okta')).href))
      expect(again).toMatchObject({ status: 200, json: { purpose: 'sign_in', fresh_until: null } })
      const page = await other.begin('okta', { purpose: 'fresh' })
      expect(page.searchParams.get('max_age')).toBe('0')
      const fresh = await other.finish('okta', await passThrough(page.href))
      expect(fresh).toMatchObject({ status: 200, json: { purpose: 'fresh', session: null } })
      expect(
        (await server.latchkey.audit.list({ organizationId: 'acme' })).items.map(({ action }) => action),
      ).toContain('session.refreshed')
      expect(JSON.stringify(server.log)).not.toContain(invitation)
    })

  test('a person is the provider, the issuer and the subject, whatever else changes', async () => {
    const liar = await startLiar()
    await using server = await start({ id: 'okta', issuer: liar.issuer })
    const ada = server.browser()
    expect((await ada.pass('okta')).json).toMatchObject({ code: 'not_invited' })
    const first = await ada.pass('okta', { purpose: 'invitation', invitation: await server.invite('acme') })
    expect(first.status).toBe(200)
    // The address changed at the provider, and the name.
    liar.claims = { email: 'lovelace@acme.example', name: 'Ada King' }
    expect((await server.browser().pass('okta')).status).toBe(200)
    // The same browser again: its session of before ends.
    const before = Object.assign(server.browser(), { pageValue: ada.pageValue })
    for (const [name, value] of ada.cookies) before.cookies.set(name, value)
    expect((await before.ask('GET', '/v1/members/self')).status).toBe(200)
    expect((await ada.pass('okta')).status).toBe(200)
    expect((await ada.ask('GET', '/v1/members/self')).status).toBe(200)
    expect((await before.ask('GET', '/v1/members/self')).json).toMatchObject({ code: 'session_ended' })
    // The old address belongs to somebody else by now.
    liar.claims = { sub: 'bob', email: 'ada@acme.example' }
    expect((await server.browser().pass('okta')).json).toMatchObject({ code: 'not_invited' })
    // The same subject of another issuer, or of another provider with the same issuer.
    expect((await server.latchkey.members.list({ organizationId: 'acme' })).items).toHaveLength(1)
    expect(liar.asked['/.well-known/openid-configuration']).toBe(1)
  })

  test('an address accepts an invitation only if the provider proves it', async () => {
    const liar = await startLiar()
    await using server = await start(
      { id: 'okta', issuer: liar.issuer },
      { id: 'entra', issuer: liar.issuer, email_proof: 'issuer', email_domains: ['acme.example'] },
    )
    const accept = async (provider: string, claims: object, email = 'ada@acme.example') => {
      liar.claims = { ...claims, sub: email }
      const invitation = await server.invite('acme', email, 'viewer')
      const { status, json } = await server.browser().pass(provider, { purpose: 'invitation', invitation })
      return status === 200 ? 'accepted' : (json as { code?: string }).code
    }
    const refused = 'email_not_proven'
    for (const email_verified of [undefined, false, 'true', 1, null])
      expect(await accept('okta', { email_verified }), String(email_verified)).toBe(refused)
    expect(await accept('okta', { email: undefined })).toBe(refused)
    expect(await accept('okta', { email: 'eve@acme.example' })).toBe(refused)
    expect(await accept('okta', { email: 'ADA@Acme.example' })).toBe('accepted')
    const bob = 'bob@acme.example'
    expect(await accept('entra', { email: bob, email_verified: false }, bob)).toBe(refused)
    expect(await accept('entra', { email: bob, email_verified: undefined }, bob)).toBe('accepted')
    const eve = 'eve@elsewhere.example'
    expect(await accept('entra', { email: eve, email_verified: true }, eve)).toBe(refused)
    const trick = 'eve@evil.example@acme.example'
    expect(await accept('entra', { email: trick, email_verified: true }, 'joe@acme.example')).toBe(refused)
  })

  test('an address that userinfo alone tells counts as well', async () => {
    const liar = await startLiar()
    await using server = await start({ id: 'okta', issuer: liar.issuer })
    liar.claims = { email: undefined, email_verified: undefined }
    liar.userinfo = { email: 'ada@acme.example', email_verified: true }
    const invitation = await server.invite('acme')
    expect((await server.browser().pass('okta', { purpose: 'invitation', invitation })).status).toBe(200)
    // As Okta has it: the address in the ID token, and in userinfo alone that it is verified.
    liar.claims = { sub: 'bob', email: 'bob@acme.example', email_verified: undefined }
    const acceptAs = async (email: string) => {
      const secret = await server.invite('acme', email)
      const { json } = await server.browser().pass('okta', { purpose: 'invitation', invitation: secret })
      return json.code ?? 'accepted'
    }
    // A proof of one address is none of another.
    liar.userinfo = { email: 'eve@acme.example', email_verified: true }
    expect(await acceptAs('bob@acme.example')).toBe('email_not_proven')
    liar.userinfo = { email_verified: true }
    expect(await acceptAs('bob@acme.example')).toBe('email_not_proven')
    liar.userinfo = { email: 'bob@acme.example', email_verified: true }
    expect(await acceptAs('bob@acme.example')).toBe('accepted')
    liar.claims = { email: undefined, email_verified: undefined }
    liar.userinfo = { sub: 'somebody-else', email: 'ada@acme.example', email_verified: true }
    expect((await server.browser().pass('okta')).json).toMatchObject({ code: 'provider_unavailable' })
  })

  test("a provider's word counts for its organizations alone, at every request", async () => {
    const liar = await startLiar()
    const database = await makeDatabase()
    const open = (organizations: string[], unlistedProviders?: 'refuse') =>
      startTestServer(database, {
        publicUrl,
        sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
        oidcFile: writeProviders({ id: 'okta', issuer: liar.issuer, organizations }),
        ...(unlistedProviders && { unlistedProviders }),
      })
    const wide = await open(['*'])
    await wide.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    await wide.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const invite = async (organizationId: string) =>
      secretOf(
        await wide.latchkey.invitations.create({ organizationId, email: 'ada@acme.example', role: 'owner' }),
      )
    const browser = new Browser(wide)
    // A customer's provider asserts the address of the root's owner: it signs nobody in there.
    const ofRoot = await invite('root')
    const asked = await browser.ask('POST', '/v1/sign-in/providers/okta', {
      purpose: 'invitation',
      invitation: ofRoot,
    })
    expect(asked).toMatchObject({ status: 403, json: { code: 'not_invited' } })
    for (const id of ['acme', 'globex'])
      expect(
        (await browser.pass('okta', { purpose: 'invitation', invitation: await invite(id) })).status,
      ).toBe(200)
    browser.organization = 'globex'
    expect((await browser.ask('GET', '/v1/members/self')).status).toBe(200)
    // Begun while its word counted, and ended when it does not any more.
    const bob = new Browser(wide)
    const globexs = await wide.latchkey.invitations.create({
      ...{ organizationId: 'globex', email: 'bob@acme.example', role: 'viewer' },
    })
    const begun = await bob.begin('okta', { purpose: 'invitation', invitation: secretOf(globexs) })
    await wide.close()
    await using narrow = await open(['acme'])
    const bobs = new Browser(narrow)
    for (const [name, value] of bob.cookies) bobs.cookies.set(name, value)
    liar.claims = { sub: 'bob', email: 'bob@acme.example' }
    expect((await bobs.finish('okta', answerOf(begun))).json).toMatchObject({ code: 'not_invited' })
    expect(await narrow.latchkey.invitations.get(globexs.id)).toMatchObject({ status: 'pending' })
    expect((await narrow.latchkey.members.list({ organizationId: 'globex' })).items).toHaveLength(1)
    const later = Object.assign(new Browser(narrow), { pageValue: browser.pageValue, organization: 'globex' })
    for (const [name, value] of browser.cookies) later.cookies.set(name, value)
    expect((await later.ask('GET', '/v1/members/self')).json).toMatchObject({
      code: 'organization_not_found',
    })
    expect((await later.ask('POST', '/v1/keys', { name: 'A' })).json).toMatchObject({
      code: 'organization_not_found',
    })
    later.organization = 'acme'
    const self = await later.ask('GET', '/v1/members/self')
    expect(self.json).toMatchObject({ organizations: [{ id: 'acme' }] })
  })

  test('what a browser brings of another provider, another browser or another time signs nobody in', async () => {
    const [one, two] = [await startLiar(), await startLiar()]
    one.saysIssuer = true
    await using server = await start({ id: 'one', issuer: one.issuer }, { id: 'two', issuer: two.issuer })
    const ada = server.browser()
    const invitation = await server.invite('acme')
    const begun = await ada.begin('one', { purpose: 'invitation', invitation })
    const iss = one.issuer
    const answered = { ...answerOf(begun), iss }
    const expired = { status: 400, json: { code: 'sign_in_expired' } }
    // In another browser, with another state, of another provider, by another issuer, and without its name.
    expect(await server.browser().finish('one', answered)).toMatchObject(expired)
    expect(await ada.finish('one', { ...answered, state: 'x' })).toMatchObject(expired)
    expect(await ada.finish('two', answered)).toMatchObject(expired)
    expect(await ada.finish('one', { ...answered, iss: two.issuer })).toMatchObject(expired)
    expect(await ada.finish('one', answerOf(begun))).toMatchObject(expired)
    expect(await ada.finish('one', { state: answered.state, iss })).toMatchObject(expired)
    const denied = await ada.finish('one', { state: answered.state, error: 'access_denied' })
    expect(denied).toMatchObject(expired)
    expect(denied.text).toContain('access_denied')
    // Whatever a page of another site has put there, the console does not say in our name.
    for (const error of ['call +1 555 0100 to go on', 'a'.repeat(41), '<b>denied</b>']) {
      const told = await ada.finish('one', { state: answered.state, error, error_description: error })
      expect(told, error).toMatchObject(expired)
      expect(told.text.includes(error), error).toBe(false)
    }
    expect(one.asked['/token']).toBeUndefined()
    // A provider that names itself nowhere gets no code of another one either.
    expect(await ada.finish('two', answerOf(begun))).toMatchObject(expired)
    expect(two.asked['/token']).toBeUndefined()
    const cookies = new Map(ada.cookies)
    expect((await ada.finish('one', answered)).status).toBe(200)
    // The code again, and another one for the same sign-in, from a copy of the browser.
    const copy = server.browser()
    for (const [name, value] of cookies) copy.cookies.set(name, value)
    expect(await copy.finish('one', answered)).toMatchObject(expired)
    expect(await copy.finish('one', { ...answerOf(begun), iss })).toMatchObject({ status: 410 })
    const again = await ada.begin('two', { purpose: 'sign_in' })
    const both = answerOf(again)
    const held = new Map(ada.cookies)
    await ada.finish('two', both)
    for (const [name, value] of held) copy.cookies.set(name, value)
    expect((await copy.finish('two', answerOf(again))).status).toBeGreaterThanOrEqual(400)
  })

  test('who signs in as itself ends the session of a key in the same browser, and the other way round', async () => {
    const liar = await startLiar()
    await using server = await start({ id: 'okta', issuer: liar.issuer })
    const { latchkey, rootKey } = server
    const ada = server.browser()
    await ada.pass('okta', { purpose: 'invitation', invitation: await server.invite('acme') })
    const copyOf = (browser: Browser) => {
      const copy = Object.assign(server.browser(), { pageValue: browser.pageValue })
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
      return copy
    }
    const isLive = async (browser: Browser) => (await browser.ask('GET', '/v1/sessions')).status === 200
    const asAda = copyOf(ada)
    expect(await isLive(asAda)).toBe(true)
    const signedIn = await ada.ask('POST', '/v1/sessions', undefined, { authorization: `Bearer ${rootKey}` })
    ada.pageValue = (signedIn.json as unknown as { page_value: string }).page_value
    expect([await isLive(ada), await isLive(asAda)]).toEqual([true, false])
    const asRoot = copyOf(ada)
    expect((await ada.pass('okta')).status).toBe(200)
    expect([await isLive(ada), await isLive(asRoot)]).toEqual([true, false])
    const ended = (await latchkey.audit.list({ action: 'session.ended' })).items
    expect(ended.map(({ organizationId, actorType }) => `${organizationId} ${actorType}`)).toEqual([
      ...['root key', 'acme member'],
    ])
    // A cookie alone ends none.
    const half = Object.assign(copyOf(ada), { pageValue: undefined })
    await half.ask('POST', '/v1/sessions', undefined, { authorization: `Bearer ${rootKey}` })
    expect(await isLive(ada)).toBe(true)
  })

  test('a session opens once for a sign-in, also if the provider gives two codes for it', async () => {
    const liar = await startLiar()
    await using server = await start({ id: 'okta', issuer: liar.issuer })
    const ada = server.browser()
    await ada.pass('okta', { purpose: 'invitation', invitation: await server.invite('acme') })
    const url = await ada.begin('okta')
    const copy = server.browser()
    for (const [name, value] of ada.cookies) copy.cookies.set(name, value)
    const [first, second] = await Promise.all([
      ada.finish('okta', answerOf(url)),
      copy.finish('okta', answerOf(url)),
    ])
    expect([first.status, second.status].sort()).toEqual([200, 400])
  })

  test('an ID token that is not as it must be signs nobody in, and the log tells no token', async () => {
    const liar = await startLiar()
    await using server = await start({ id: 'okta', issuer: liar.issuer })
    const ada = server.browser()
    await ada.pass('okta', { purpose: 'invitation', invitation: await server.invite('acme') })
    const now = Math.floor(Date.now() / 1000)
    for (const claims of [
      { nonce: 'another' },
      { nonce: undefined },
      { iss: 'https://elsewhere.example' },
      { aud: 'another-client' },
      { exp: now - 120, iat: now - 400 },
      { iat: now + 300, exp: now + 600, nbf: now + 300 },
      { sub: undefined },
    ]) {
      liar.claims = claims
      expect((await server.browser().pass('okta')).json, JSON.stringify(claims)).toMatchObject({
        code: 'provider_unavailable',
      })
    }
    liar.claims = {}
    liar.isForged = true
    expect((await server.browser().pass('okta')).json).toMatchObject({ code: 'provider_unavailable' })
    liar.isForged = false
    // Clocks differ a little.
    liar.claims = { exp: now - 30, iat: now - 330 }
    expect((await server.browser().pass('okta')).status).toBe(200)
    const log = JSON.stringify(server.log)
    expect(log).toContain('unexpected')
    for (const secret of ['secret-access-token', 'eyJ', 'a-secret-of-the-client'])
      expect(log).not.toContain(secret)
  })
})
