// Passkeys in a real browser, by virtual authenticators: who signs in, who does not, and that nothing proves anything twice.
import { afterEach, describe, expect, test } from 'vitest'
import { freshMs, maxIdentities, signInCallsAMinute } from '../../src/core/bounds.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { secretOf } from '../setup/people.ts'
import { send } from '../setup/server.ts'
import { browserNote, skipsBrowser } from './browser.ts'
import { Person, startAtLocalhost } from './person.ts'

const ours = { 'sec-fetch-site': 'same-origin' }

describe.skipIf(skipsBrowser)(`in a browser${browserNote}`, () => {
  onOneDatabase('SQLite', 'a passkey', (makeDatabase) => {
    const people: Person[] = []
    afterEach(async () => {
      for (const person of people.splice(0)) await person.close()
    })
    let database = ''
    let now = 0
    async function start() {
      database = await makeDatabase()
      now = Date.now()
      const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
      const server = await startAtLocalhost(database, { now: () => now, sealingKeys })
      await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
      return server
    }
    type Server = Awaited<ReturnType<typeof start>>
    async function open({ origin }: Server): Promise<Person> {
      const person = await Person.open(origin)
      people.push(person)
      return person
    }
    const invite = async ({ latchkey }: Server, name = 'ada', role: 'owner' | 'admin' = 'owner') =>
      secretOf(
        await latchkey.invitations.create({
          ...{ organizationId: 'acme', email: `${name}@example.com`, name, role },
        }),
      )
    /** A person who has accepted an invitation by a passkey. */
    async function joined(server: Server, name = 'ada', role: 'owner' | 'admin' = 'owner'): Promise<Person> {
      const person = await open(server)
      expect(await person.register(await invite(server, name, role), 'Laptop')).toMatchObject({ status: 200 })
      return person
    }

    test('accepts an invitation, signs in without a name, and makes the sign-in fresh', async () => {
      await using server = await start()
      const { latchkey } = server
      const ada = await open(server)
      const secret = await invite(server)
      expect(await ada.call('/v1/sign-in/invitation', { invitation: secret })).toMatchObject({
        json: { passkeys: true, email: 'ada@example.com' },
      })
      const registered = await ada.register(secret, 'Laptop')
      expect(registered).toMatchObject({
        status: 200,
        json: { purpose: 'invitation', organization_id: 'acme', session: { provider: 'passkey' } },
      })
      const self = await ada.call('/v1/members/self', {}, 'GET')
      expect(self.json).toMatchObject({
        ...{ email: 'ada@example.com', email_verified: false, role: 'owner' },
        identities: [{ provider: 'passkey', label: 'Laptop' }],
      })
      const before = ada.headers
      const again = await ada.use()
      expect(again).toMatchObject({ status: 200, json: { purpose: 'sign_in', fresh_until: null } })
      expect(again.json.session).toMatchObject({ provider: 'passkey', ip: expect.any(String) })
      // The session that the browser had before has ended.
      expect(before).not.toEqual(ada.headers)
      expect((await ada.call('/v1/sessions', {}, 'GET')).json).toHaveLength(1)
      // What was used is given up, and the session stays.
      const names = (await ada.page.context().cookies()).map(({ name }) => name)
      expect(names).toEqual(['latchkey'])
      now += freshMs
      const invitation = { email: 'bob@example.com', role: 'viewer' }
      expect(await ada.call('/v1/invitations', invitation)).toMatchObject({
        json: { code: 'fresh_sign_in_required' },
      })
      expect(await ada.use('fresh')).toMatchObject({
        status: 200,
        json: {
          purpose: 'fresh',
          session: null,
          fresh_until: new Date(now + freshMs).toISOString(),
        },
      })
      expect((await ada.call('/v1/invitations', invitation)).status).toBe(200)
      const events = (await latchkey.audit.list({ organizationId: 'acme' })).items
      expect(events.map(({ action }) => action)).toEqual([
        ...['invitation.created', 'session.refreshed', 'session.ended', 'session.started', 'session.started'],
        ...['invitation.accepted', 'invitation.created', 'organization.created'],
      ])
      expect(JSON.stringify([server.log, events])).not.toContain(secret)
    }, 60_000)

    test('proves nothing twice, in no other browser, and nothing of another kind', async () => {
      await using server = await start()
      const ada = await joined(server)
      const begun = await ada.call('/v1/sign-in/passkey/options', {})
      const credential = await ada.ask('get', begun.json.options)
      const cookie = (await ada.page.context().cookies())
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ')
      const finish = (headers: Record<string, string>) =>
        send(server.url, 'POST', '/v1/sign-in/passkey', {
          body: { credential },
          headers: { ...ours, ...headers },
        })
      const expired = { status: 400, json: { code: 'sign_in_expired' } }
      expect(await finish({})).toMatchObject(expired)
      const registration = await ada.call('/v1/sign-in/passkey/registration', { credential })
      expect(registration).toMatchObject({ status: 403, json: { code: 'passkey_refused' } })
      const both = await Promise.all([finish({ cookie }), finish({ cookie })])
      expect(both.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(await finish({ cookie })).toMatchObject({ status: 403, json: { code: 'passkey_refused' } })
      // As of an authenticator that does not count.
      await using direct = await connectDirectly(database)
      await direct.run('update passkeys set counter = 0')
      expect(await finish({ cookie })).toMatchObject(expired)
      // The options of a registration are no challenge of a sign-in.
      const making = await ada.call('/v1/sign-in/passkey/registration-options', {})
      const used = await ada.ask('get', {
        challenge: making.json.options.challenge,
        userVerification: 'required',
      })
      expect(await ada.call('/v1/sign-in/passkey', { credential: used })).toMatchObject({
        status: 403,
        json: { code: 'passkey_refused' },
      })
      now += 10 * 60_000
      const late = await ada.call('/v1/sign-in/passkey/options', {})
      now += 10 * 60_000
      const slow = await ada.ask('get', late.json.options)
      expect(await ada.call('/v1/sign-in/passkey', { credential: slow })).toMatchObject(expired)
    }, 60_000)

    test('is refused without the person, from another origin, and when its counter goes back', async () => {
      await using server = await start()
      const ada = await joined(server)
      const refused = { status: 403, json: { code: 'passkey_refused' } }
      const optionsOf = async () => (await ada.call('/v1/sign-in/passkey/options', {})).json.options
      const finish = (credential: unknown) =>
        ada.call('/v1/sign-in/passkey', { credential: credential as object })
      const unverified = await ada.ask('get', { ...(await optionsOf()), userVerification: 'discouraged' })
      // The authenticator verifies its person anyway, so take the bit that says so: then its signature is another's.
      const { response } = unverified as { response: { authenticatorData: string } }
      const bytes = Buffer.from(response.authenticatorData, 'base64url')
      bytes[32] = (bytes[32] ?? 0) & ~4
      const authenticatorData = bytes.toString('base64url')
      expect(
        await finish({ ...(unverified as object), response: { ...response, authenticatorData } }),
      ).toMatchObject(refused)
      // A page of a neighbour on another port of the same host, which has the same cookies.
      const options = await optionsOf()
      await ada.page.goto('http://localhost:9/blank')
      const elsewhere = await ada.ask('get', options)
      expect(elsewhere).toMatchObject({ type: 'public-key' })
      await ada.page.goto(`${server.origin}/blank`)
      expect(await finish(elsewhere)).toMatchObject(refused)
      expect((await ada.use()).status).toBe(200)
      await using direct = await connectDirectly(database)
      await direct.run('update passkeys set counter = 1000')
      expect(await ada.use()).toMatchObject(refused)
      await direct.run('update passkeys set counter = 1')
      expect((await ada.use()).status).toBe(200)
    }, 60_000)

    test('of an authenticator that verifies nobody is not made', async () => {
      await using server = await start()
      const secret = await invite(server)
      const weak = await open(server)
      const begun = await weak.call('/v1/sign-in/passkey/registration-options', { invitation: secret })
      expect(begun.json.options).toMatchObject({
        attestation: 'none',
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
      await weak.weaken({ hasUserVerification: true, isUserVerified: false })
      expect(await weak.ask('create', begun.json.options)).toBe('NotAllowedError')
      await weak.weaken({ hasUserVerification: false, isUserVerified: false })
      const selection = { residentKey: 'required', userVerification: 'discouraged' }
      const made = await weak.ask('create', { ...begun.json.options, authenticatorSelection: selection })
      const body = { invitation: secret, credential: made }
      expect(await weak.call('/v1/sign-in/passkey/registration', body)).toMatchObject({
        status: 403,
        json: { code: 'passkey_refused' },
      })
      expect((await server.latchkey.members.list({ organizationId: 'acme' })).items).toEqual([])
    }, 60_000)

    test('of whoever is suspended, removed or reset opens nothing', async () => {
      await using server = await start()
      const { latchkey } = server
      const owner = await joined(server, 'owner')
      const ada = await joined(server, 'ada', 'admin')
      const { id } = (await ada.call('/v1/members/self', {}, 'GET')).json
      const refused = { status: 403, json: { code: 'not_invited' } }
      await latchkey.members.suspend(id)
      expect(await ada.use()).toMatchObject(refused)
      await latchkey.members.resume(id)
      expect((await ada.use()).status).toBe(200)
      const reset = await latchkey.members.reset(id)
      expect((await ada.call('/v1/members/self', {}, 'GET')).status).toBe(401)
      expect(await ada.use()).toMatchObject(refused)
      await using direct = await connectDirectly(database)
      expect(await direct.run('select id from passkeys')).toHaveLength(1)
      const fresh = await open(server)
      expect(await fresh.register(secretOf(reset))).toMatchObject({ json: { member_id: id } })
      await latchkey.members.remove(id)
      expect(await fresh.use()).toMatchObject(refused)
      await latchkey.members.erase(id)
      expect(await direct.run('select id from passkeys')).toHaveLength(1)
      expect((await owner.use()).status).toBe(200)
    }, 60_000)

    test('accepts an invitation once, in whichever browser is first', async () => {
      await using server = await start()
      const secret = await invite(server)
      const [ada, eve] = [await open(server), await open(server)]
      const ended = { status: 410, json: { code: 'invitation_ended' } }
      const bodies = await Promise.all(
        [ada, eve].map(async (person) => {
          const path = '/v1/sign-in/passkey/registration-options'
          const { json } = await person.call(path, { invitation: secret })
          return {
            person,
            body: { invitation: secret, credential: await person.ask('create', json.options) },
          }
        }),
      )
      const answers = await Promise.all(
        bodies.map(({ person, body }) => person.call('/v1/sign-in/passkey/registration', body)),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 410])
      expect(await eve.register(secret)).toMatchObject(ended)
      await using direct = await connectDirectly(database)
      expect(await direct.run('select id from passkeys')).toHaveLength(1)
      const other = await invite(server, 'bob')
      now += 72 * 60 * 60_000
      expect(await eve.register(other)).toMatchObject(ended)
      // What was begun for one invitation accepts no other.
      const [first, second] = [await invite(server, 'carol'), await invite(server, 'dave')]
      const begun = await eve.call('/v1/sign-in/passkey/registration-options', { invitation: first })
      const credential = await eve.ask('create', begun.json.options)
      expect(
        await eve.call('/v1/sign-in/passkey/registration', { invitation: second, credential }),
      ).toMatchObject({ status: 403, json: { code: 'passkey_refused' } })
    }, 60_000)

    test('is added to who is freshly signed in, on another authenticator, and renamed and removed', async () => {
      await using server = await start()
      const ada = await joined(server)
      const begun = await ada.call('/v1/sign-in/passkey/registration-options', {})
      // The authenticator has one.
      expect(await ada.ask('create', begun.json.options)).toBe('InvalidStateError')
      await ada.plugIn('usb')
      const added = await ada.register(undefined, 'Key ring')
      expect(added).toMatchObject({
        status: 200,
        json: { purpose: 'identity', organization_id: 'acme', session: null },
      })
      const read = async () => (await ada.call('/v1/members/self', {}, 'GET')).json.identities
      const [first, second] = await read()
      expect([first.label, second.label]).toEqual(['Laptop', 'Key ring'])
      const renamed = await ada.call(
        `/v1/members/self/identities/${second.id}`,
        { label: 'Yubikey' },
        'PATCH',
      )
      expect(renamed).toMatchObject({ status: 200, json: { id: second.id, label: 'Yubikey' } })
      expect((await ada.call(`/v1/members/self/identities/${second.id}`, {}, 'DELETE')).status).toBe(200)
      expect(await read()).toHaveLength(1)
      now += freshMs
      const stale = { status: 403, json: { code: 'fresh_sign_in_required' } }
      expect(await ada.register()).toMatchObject(stale)
      // It was fresh when it began.
      await ada.use('fresh')
      const late = await ada.call('/v1/sign-in/passkey/registration-options', {})
      now += freshMs - 1
      const credential = await ada.ask('create', late.json.options)
      now += 1
      const finished = await ada.call('/v1/sign-in/passkey/registration', { credential })
      expect([400, 403]).toContain(finished.status)
      ada.headers = {}
      expect((await ada.call('/v1/sign-in/passkey/registration-options', {})).status).toBe(401)
    }, 60_000)

    test('of another person makes no session fresh, and one who has none is told so', async () => {
      await using server = await start()
      const { latchkey } = server
      const ada = await joined(server)
      const bob = await joined(server, 'bob', 'admin')
      const options = (await ada.call('/v1/sign-in/passkey/options', { purpose: 'fresh' })).json.options
      expect(options.allowCredentials).toHaveLength(1)
      // As if ada's browser knew bob's passkey.
      const asked = await ada.page.context().cookies()
      const credential = await bob.ask('get', { ...options, allowCredentials: [] })
      const cookie = asked.map(({ name, value }) => `${name}=${value}`).join('; ')
      const finished = await send(server.url, 'POST', '/v1/sign-in/passkey', {
        body: { credential },
        headers: { ...ours, cookie, ...ada.headers },
      })
      expect(finished).toMatchObject({ status: 403, json: { code: 'passkey_refused' } })
      const invitation = await latchkey.invitations.create({
        ...{ organizationId: 'acme', email: 'carol@example.com', role: 'viewer' },
      })
      const { identityId } = await latchkey.invitations.accept(secretOf(invitation), {
        ...{ provider: 'x', issuer: 'https://x.example', subject: 'c', label: 'c' },
        ...{ email: 'carol@example.com', emailVerified: true },
      })
      const { value, pageValue } = await latchkey.sessions.startFor(identityId)
      const headers = { ...ours, cookie: `latchkey=${value}`, 'latchkey-session': pageValue }
      const none = await send(server.url, 'POST', '/v1/sign-in/passkey/options', {
        ...{ body: { purpose: 'fresh' }, headers },
      })
      expect(none).toMatchObject({ status: 404, json: { code: 'identity_not_found' } })
    }, 60_000)

    test('signs nobody in where people sign in by a provider alone', async () => {
      await using server = await start()
      const ada = await joined(server)
      const secret = await invite(server, 'bob')
      await server.latchkey.organizations.update('acme', { signIn: 'provider' })
      expect(await ada.call('/v1/members/self', {}, 'GET')).toMatchObject({ status: 401 })
      const refused = { status: 403, json: { code: 'not_invited' } }
      expect(await ada.use()).toMatchObject(refused)
      expect(await ada.register(secret)).toMatchObject(refused)
    }, 60_000)

    test('is asked for thirty times a minute by one address, and a member has so many identities', async () => {
      await using server = await start()
      const { latchkey } = server
      const invitation = await latchkey.invitations.create({
        ...{ organizationId: 'acme', email: 'ada@example.com', role: 'owner' },
      })
      const { identityId } = await latchkey.invitations.accept(secretOf(invitation), {
        ...{ provider: 'x', issuer: 'https://x.example', subject: 'a', label: 'a' },
        ...{ email: 'ada@example.com', emailVerified: true },
      })
      await using direct = await connectDirectly(database)
      for (let i = 1; i < maxIdentities; i++) {
        const id = `0192f0c1-0000-7000-8000-${String(i).padStart(12, '0')}`
        await direct.run(
          `insert into identities (id, provider, issuer, subject, label, created_at) values ('${id}', 'y', 'y', '${i}', 'y', 0)`,
        )
        await direct.run(
          `insert into member_identities select member_id, '${id}', organization_id, 0 from member_identities where identity_id = '${identityId}'`,
        )
      }
      const { value, pageValue } = await latchkey.sessions.startFor(identityId)
      const headers = { ...ours, cookie: `latchkey=${value}`, 'latchkey-session': pageValue }
      const ask = (path: string) =>
        send(server.url, 'POST', `/v1/sign-in/passkey/${path}`, { body: {}, headers })
      expect(await ask('registration-options')).toMatchObject({ json: { code: 'too_many_identities' } })
      for (let i = 1; i < signInCallsAMinute; i++) expect((await ask('options')).status).toBe(200)
      expect(await ask('options')).toMatchObject({ status: 429, json: { code: 'too_many_sign_ins' } })
    }, 60_000)

    test('of nonsense is refused, and costs nothing but an answer', async () => {
      await using server = await start()
      const ada = await joined(server)
      const options = (await ada.call('/v1/sign-in/passkey/options', {})).json.options
      const good = (await ada.ask('get', options)) as { id: string; response: Record<string, string> }
      const clientData = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url')
      for (const credential of [
        {},
        { ...good, id: 'x' },
        { ...good, response: {} },
        { ...good, response: { ...good.response, signature: 'AAAA' } },
        { ...good, response: { ...good.response, userHandle: 'AAAA' } },
        { ...good, response: { ...good.response, authenticatorData: '' } },
        { ...good, response: { ...good.response, clientDataJSON: clientData({ challenge: 7 }) } },
        {
          ...good,
          response: {
            ...good.response,
            clientDataJSON: clientData({ challenge: options.challenge, crossOrigin: true }),
          },
        },
        { ...good, response: { ...good.response, clientDataJSON: '!' } },
      ]) {
        const { status, json } = await ada.call('/v1/sign-in/passkey', { credential })
        expect([400, 403], JSON.stringify(json)).toContain(status)
      }
      expect(await ada.call('/v1/sign-in/passkey', { credential: 7 })).toMatchObject({ status: 422 })
      expect((await ada.call('/v1/sign-in/passkey', { credential: good })).status).toBe(200)
    }, 60_000)
  })
})
