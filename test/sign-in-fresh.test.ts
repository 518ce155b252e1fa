// What a member does at a provider while it is signed in: it makes its sign-in fresh, and adds identities to its own.
import { expect, test } from 'vitest'
import { maxIdentities } from '../src/core/bounds.ts'
import { onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { answerOf, Browser, startLiar, writeProviders } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

onOneDatabase('SQLite', 'a member at a provider', (makeDatabase) => {
  async function start(database?: string) {
    let now = Date.now()
    const [okta, google] = [await startLiar(), await startLiar()]
    const server = await startTestServer(database ?? (await makeDatabase()), {
      publicUrl,
      now: () => now,
      sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
      oidcFile: writeProviders(
        { id: 'okta', issuer: okta.issuer },
        { id: 'google', issuer: google.issuer, organizations: ['acme'] },
      ),
    })
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const join = async (organizationId: string, email: string, sub: string) => {
      okta.claims = { email, sub }
      const invited = await latchkey.invitations.create({ organizationId, email, role: 'owner' })
      const browser = new Browser(server)
      await browser.pass('okta', { purpose: 'invitation', invitation: secretOf(invited) })
      return browser
    }
    const pass = (ms: number) => {
      now += ms
    }
    return Object.assign(server, { okta, google, join, pass, seconds: () => Math.floor(now / 1000) })
  }

  const wanted = { purpose: 'fresh' }
  const invite = { email: 'bob@acme.example', role: 'viewer' }

  test('makes its sign-in fresh only by signing in there anew, as the same person, in the same session', async () => {
    await using server = await start()
    const { okta, pass, seconds } = server
    const ada = await server.join('acme', 'ada@acme.example', 'ada')
    pass(11 * 60_000)
    expect(await ada.ask('POST', '/v1/invitations', invite)).toMatchObject({
      status: 403,
      json: { code: 'fresh_sign_in_required', methods: ['provider'] },
    })
    const refused: [object, string][] = [
      [{ auth_time: seconds() - 60 }, 'fresh_sign_in_required'],
      [{ auth_time: undefined }, 'fresh_sign_in_required'],
      [{ auth_time: 'now' }, 'provider_unavailable'],
      [{ auth_time: seconds(), sub: 'bob' }, 'not_invited'],
    ]
    for (const [claims, code] of refused) {
      okta.claims = { sub: 'ada', ...claims }
      const answer = await ada.pass('okta', wanted)
      expect(answer.json, JSON.stringify(claims)).toMatchObject({ code })
    }
    okta.claims = { sub: 'ada', auth_time: seconds() }
    // Another session of the same browser, and none.
    const begun = await ada.begin('okta', wanted)
    const other = await server.join('globex', 'ada@globex.example', 'ada')
    other.organization = 'globex'
    for (const [name, value] of ada.cookies) if (name.includes('sign-in')) other.cookies.set(name, value)
    expect((await other.finish('okta', answerOf(begun))).json).toMatchObject({ code: 'session_ended' })
    expect((await new Browser(server).ask('POST', '/v1/sign-in/providers/okta', wanted)).status).toBe(401)
    // A browser that is signed in by the token of a key is nobody here.
    const { key } = await server.latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'Script', permissions: ['latchkey:keys:read'] },
    })
    const byKey = new Browser(server)
    const started = await byKey.ask('POST', '/v1/sessions', undefined, { authorization: `Bearer ${key}` })
    byKey.pageValue = (started.json as unknown as { page_value: string }).page_value
    for (const purpose of ['fresh', 'identity'])
      expect(
        (await byKey.ask('POST', '/v1/sign-in/providers/okta', { purpose })).json,
        purpose,
      ).toMatchObject({ code: 'session_ended' })
    ada.organization = 'acme'
    okta.claims = { sub: 'ada', auth_time: seconds() }
    const fresh = await ada.pass('okta', wanted)
    expect(fresh).toMatchObject({ status: 200, json: { purpose: 'fresh', session: null } })
    expect((await ada.ask('POST', '/v1/invitations', invite)).status).toBe(200)
  })

  test('does nothing a second time with what it has begun, whatever codes the provider gives', async () => {
    await using server = await start()
    const { okta, google, pass, seconds } = server
    const ada = await server.join('acme', 'ada@acme.example', 'ada')
    const expired = { status: 400, json: { code: 'sign_in_expired' } }
    const twice = async (provider: string, input: object, between: () => Promise<unknown>) => {
      const begun = await ada.begin(provider, input)
      const kept = new Map(ada.cookies)
      expect((await ada.finish(provider, answerOf(begun))).status).toBe(200)
      await between()
      for (const [name, value] of kept) ada.cookies.set(name, value)
      expect(await ada.finish(provider, answerOf(begun))).toMatchObject(expired)
    }
    google.claims = { sub: 'g-ada' }
    await twice('google', { purpose: 'identity' }, async () => {
      const { identities } = (await ada.ask('GET', '/v1/members/self')).json as unknown as {
        identities: { id: string }[]
      }
      const path = `/v1/members/self/identities/${identities[1]?.id}`
      expect((await ada.ask('DELETE', path)).status).toBe(200)
    })
    okta.claims = { sub: 'ada', auth_time: seconds() }
    await twice('okta', wanted, async () => pass(60_000))
  })

  test('is not made fresh by the same subject of another provider, or of another issuer', async () => {
    const database = await makeDatabase()
    await using server = await start(database)
    const { google, seconds } = server
    const ada = await server.join('acme', 'ada@acme.example', 'ada')
    google.claims = { sub: 'ada', auth_time: seconds() }
    expect((await ada.pass('google', wanted)).json).toMatchObject({ code: 'not_invited' })
    // The operator takes another issuer for the provider, and one issuer for two: neither says who was signed in before.
    const [other, twin] = [await startLiar(), server.okta]
    for (const [id, { issuer }] of Object.entries({ okta: other, twin })) {
      await using later = await startTestServer(database, {
        ...{ publicUrl, sealingKeys: [Buffer.alloc(32, 7).toString('base64')] },
        oidcFile: writeProviders(
          { id, issuer },
          ...(id === 'okta' ? [] : [{ id: 'okta', issuer: server.okta.issuer }]),
        ),
      })
      const same = Object.assign(new Browser(later), { pageValue: ada.pageValue })
      for (const [name, value] of ada.cookies) same.cookies.set(name, value)
      for (const liar of [other, twin]) liar.claims = { sub: 'ada', auth_time: seconds() }
      expect((await same.ask('GET', '/v1/members/self')).status).toBe(200)
      expect((await same.pass(id, wanted)).json, id).toMatchObject({ code: 'not_invited' })
    }
  })

  test('adds an identity, freshly signed in, signs in by it, and removes the first', async () => {
    await using server = await start()
    const { okta, google, pass, seconds } = server
    const ada = await server.join('acme', 'ada@acme.example', 'ada')
    google.claims = { sub: 'g-ada', email: 'ada@elsewhere.example' }
    pass(11 * 60_000)
    expect((await ada.pass('google', { purpose: 'identity' })).json).toMatchObject({
      code: 'fresh_sign_in_required',
    })
    okta.claims = { sub: 'ada', auth_time: seconds() }
    await ada.pass('okta', wanted)
    expect((await ada.pass('google', { purpose: 'identity' })).json).toMatchObject({
      purpose: 'identity',
      organization_id: 'acme',
      session: null,
    })
    expect((await ada.pass('google', { purpose: 'identity' })).json).toMatchObject({ code: 'member_exists' })
    const self = (await ada.ask('GET', '/v1/members/self')).json as unknown as {
      identities: { id: string; provider: string; label: string }[]
    }
    expect(self.identities.map(({ provider, label }) => [provider, label])).toEqual([
      ['okta', 'ada@acme.example'],
      ['google', 'ada@elsewhere.example'],
    ])
    const second = new Browser(server)
    google.claims = { sub: 'g-ada', auth_time: seconds() }
    expect((await second.pass('google')).status).toBe(200)
    const [first = { id: '' }, last = { id: '' }] = self.identities
    expect((await second.ask('DELETE', `/v1/members/self/identities/${first.id}`)).status).toBe(200)
    // The session of the identity that is gone has ended, and it opens none.
    expect((await ada.ask('GET', '/v1/members/self')).json).toMatchObject({ code: 'session_ended' })
    expect((await new Browser(server).pass('okta')).json).toMatchObject({ code: 'not_invited' })
    const removed = await second.ask('DELETE', `/v1/members/self/identities/${last.id}`)
    expect(removed.json).toMatchObject({ code: 'last_identity' })
  })

  test('adds none of a provider whose word does not count there, and none that another member has', async () => {
    await using server = await start()
    const ada = await server.join('globex', 'ada@globex.example', 'ada')
    server.google.claims = { sub: 'g-ada' }
    expect((await ada.pass('google', { purpose: 'identity' })).json).toMatchObject({ code: 'not_invited' })
    await server.join('globex', 'bob@globex.example', 'bob')
    expect((await ada.pass('okta', { purpose: 'identity' })).json).toMatchObject({ code: 'member_exists' })
  })

  test('signs in by no more than twenty identities, whichever they are', async () => {
    const database = await makeDatabase()
    await using server = await start(database)
    const ada = await server.join('acme', 'ada@acme.example', 'ada')
    await using direct = await connectDirectly(database)
    const [{ id: memberId } = { id: '' }] = await direct.run('select id from members')
    for (let i = 1; i < maxIdentities; i++) {
      const id = `01a220d5-3f5c-7000-8000-0000000000${String(i).padStart(2, '0')}`
      const identity = `'${id}', 'okta', 'https://okta.example', 'sub-${i}', 'Ada', 1`
      await direct.run(
        `insert into identities (id, provider, issuer, subject, label, created_at) values (${identity})`,
      )
      await direct.run(
        `insert into member_identities (member_id, identity_id, organization_id, created_at) values ('${memberId}', '${id}', 'acme', 1)`,
      )
    }
    server.google.claims = { sub: 'g-ada' }
    const add = async () => (await ada.pass('google', { purpose: 'identity' })).json
    expect(await add()).toMatchObject({ code: 'too_many_identities' })
    await direct.run("delete from member_identities where identity_id like '%01'")
    expect(await add()).toMatchObject({ purpose: 'identity' })
  })

  test('hears nothing more on a stream of events after its session, or itself, has ended', async () => {
    await using server = await start()
    const { latchkey } = server
    for (const end of ['session', 'member', 'policy'] as const) {
      const email = `${end}@acme.example`
      const browser = await server.join('acme', email, end)
      await server.join('acme', `other-${email}`, `other-${end}`)
      const self = (await browser.ask('GET', '/v1/members/self')).json as unknown as { id: string }
      const response = await fetch(`${server.url}/v1/events`, {
        headers: {
          accept: 'text/event-stream',
          'sec-fetch-site': 'same-origin',
          cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          'latchkey-session': browser.pageValue ?? '',
        },
      })
      expect(response.status).toBe(200)
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const before = await latchkey.keys.create({
        organizationId: 'acme',
        name: `before the end of the ${end}`,
      })
      let told = ''
      while (!told.includes(before.id)) told += new TextDecoder().decode((await reader.read()).value)
      if (end === 'session') await browser.ask('DELETE', '/v1/sessions/self')
      else if (end === 'member') await latchkey.members.suspend(self.id)
      else await latchkey.members.remove(self.id)
      const after = await latchkey.keys.create({
        organizationId: 'acme',
        name: `after the end of the ${end}`,
      })
      let text = ''
      try {
        for (;;) {
          const { done, value } = await reader.read()
          if (done) break
          text += new TextDecoder().decode(value)
        }
      } catch {
        // The transfer breaks.
      }
      expect(text).not.toContain(after.id)
    }
  })
})
