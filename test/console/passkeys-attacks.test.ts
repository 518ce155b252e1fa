// Passkeys under attack: what one member has begun and another ends, what is shown again after it is gone, and copies that are used at
// the same instant.
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { freshMs } from '../../src/core/bounds.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { secretOf } from '../setup/people.ts'
import { browserNote, skipsBrowser } from './browser.ts'
import { Person, startAtLocalhost } from './person.ts'

const registration = '/v1/sign-in/passkey/registration'
const refused = { status: 403, json: { code: 'passkey_refused' } }
const stale = { status: 403, json: { code: 'fresh_sign_in_required' } }

describe.skipIf(skipsBrowser)(`in a browser${browserNote}`, () => {
  onOneDatabase('SQLite', 'a passkey that somebody misuses', (makeDatabase) => {
    const people: Person[] = []
    afterEach(async () => {
      for (const person of people.splice(0)) await person.close()
    })
    let now = 0
    async function start() {
      const database = await makeDatabase()
      now = Date.now()
      const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
      const server = await startAtLocalhost(database, { now: () => now, sealingKeys })
      await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
      const invite = async (name: string) =>
        secretOf(
          await server.latchkey.invitations.create({
            ...{ organizationId: 'acme', email: `${name}@example.com`, name, role: 'owner' },
          }),
        )
      const open = async () => {
        const person = await Person.open(server.origin)
        people.push(person)
        return person
      }
      /** A person who has accepted an invitation by a passkey. */
      const join = async (name: string) => {
        const person = await open()
        expect(await person.register(await invite(name), 'Laptop')).toMatchObject({ status: 200 })
        return person
      }
      return Object.assign(server, { database, invite, open, join })
    }
    const identitiesOf = async (person: Person) =>
      (await person.call('/v1/members/self', {}, 'GET')).json.identities as { id: string; label: string }[]
    const begin = async (person: Person, body: object = {}) => {
      const begun = await person.call(`${registration}-options`, body)
      expect(begun.status, JSON.stringify(begun.json)).toBe(200)
      return person.ask('create', begun.json.options)
    }

    test('is added to nobody but the member who began, though another has signed in there since', async () => {
      await using server = await start()
      const [ada, bob] = [await server.join('ada'), await server.join('bob')]
      await ada.plugIn('usb')
      const credential = await begin(ada)
      // Bob signs in by the same browser, and what ada began is still there.
      const cookies = await ada.page.context().cookies()
      const session = (await bob.page.context().cookies()).filter(({ name }) => name === 'latchkey')
      await ada.page.context().addCookies([...cookies.filter(({ name }) => name !== 'latchkey'), ...session])
      ada.headers = bob.headers
      expect(await ada.call(registration, { credential })).toMatchObject(refused)
      expect(await identitiesOf(bob)).toHaveLength(1)
      const { items } = await server.latchkey.members.list({ organizationId: 'acme' })
      for (const { id } of items) expect((await server.latchkey.members.get(id)).identities).toHaveLength(1)
    }, 60_000)

    test('that was removed does not come back by what made it', async () => {
      await using server = await start()
      const ada = await server.join('ada')
      await ada.plugIn('usb')
      const credential = await begin(ada)
      const before = await ada.page.context().cookies()
      expect((await ada.call(registration, { credential })).status).toBe(200)
      const [, second] = await identitiesOf(ada)
      await ada.page.context().addCookies(before)
      // Nor is there a second one of the same id.
      expect((await ada.call(registration, { credential })).status).toBeGreaterThanOrEqual(400)
      expect((await ada.call(`/v1/members/self/identities/${second?.id}`, {}, 'DELETE')).status).toBe(200)
      await ada.page.context().addCookies(before)
      expect(await ada.call(registration, { credential })).toMatchObject({
        status: 400,
        json: { code: 'sign_in_expired' },
      })
      expect(await identitiesOf(ada)).toHaveLength(1)
    }, 60_000)

    test('of an id that somebody has already is not made a second time', async () => {
      await using server = await start()
      const ada = await server.join('ada')
      await ada.plugIn('usb')
      const credential = (await begin(ada)) as { id: string }
      await using direct = await connectDirectly(server.database)
      // As an authenticator that makes up an id which it has seen elsewhere.
      await direct.run(`update passkeys set id = '${credential.id}'`)
      expect(await ada.call(registration, { credential })).toMatchObject(refused)
      expect(await direct.run('select id from passkeys')).toHaveLength(1)
    }, 60_000)

    test('is asked for, and taken, of who is freshly signed in alone', async () => {
      await using server = await start()
      const ada = await server.join('ada')
      await ada.plugIn('usb')
      now += freshMs - 60_000
      const credential = await begin(ada)
      now += 60_000
      expect(await ada.call(registration, { credential })).toMatchObject(stale)
      expect(await ada.call(`${registration}-options`, {})).toMatchObject(stale)
      expect(await identitiesOf(ada)).toHaveLength(1)
    }, 60_000)

    test('signs in once if its copy is used at the same instant, and the copy is noticed', async () => {
      await using server = await start()
      const ada = await server.join('ada')
      const { json } = await ada.call('/v1/sign-in/passkey/options', {})
      const credential = await ada.ask('get', json.options)
      await using direct = await connectDirectly(server.database)
      // The proof is looked at, and its sign-in waits for another change; by then the counter has come further.
      await direct.run('begin immediate')
      const answer = ada.call('/v1/sign-in/passkey', { credential })
      await setTimeout(500)
      await direct.run('update passkeys set counter = 1000')
      await direct.run('commit')
      expect(await answer).toMatchObject(refused)
    }, 60_000)

    test('accepts no invitation of an organization that has come to take none', async () => {
      await using server = await start()
      const secret = await server.invite('ada')
      const ada = await server.open()
      const credential = await begin(ada, { invitation: secret })
      await server.latchkey.organizations.update('acme', { signIn: 'provider' })
      const notInvited = { status: 403, json: { code: 'not_invited' } }
      expect(await ada.call(registration, { invitation: secret, credential })).toMatchObject(notInvited)
      expect(await ada.call(`${registration}-options`, { invitation: secret })).toMatchObject(notInvited)
      expect((await server.latchkey.members.list({ organizationId: 'acme' })).items).toEqual([])
    }, 60_000)
  })
})
