// Passkeys that are rightly signed and still prove nothing: by an authenticator that says what no browser would.
import { expect, test } from 'vitest'
import { maxIdentities } from '../src/core/bounds.ts'
import { makeAuthenticator, type Said } from './setup/authenticator.ts'
import { onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { Browser } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
const refused = { status: 403, json: { code: 'passkey_refused' } }

/** Of one thing each what is not as it must be. */
const lies: [string, Omit<Said, 'challenge'>][] = [
  ['that nobody was verified', { flags: 0x41 }],
  ['that nobody was there', { flags: 0x44 }],
  ['that it is of another host', { rpId: 'example.com' }],
  ['another origin', { client: { origin: 'https://evil.example' } }],
  ['another port', { client: { origin: 'https://keys.example.com:8443' } }],
  ['no TLS', { client: { origin: 'http://keys.example.com' } }],
  ['a frame of another site', { client: { crossOrigin: true } }],
  ['another ceremony', { client: { type: 'payment.get' } }],
]

onOneDatabase('SQLite', 'a passkey that is signed', (makeDatabase) => {
  async function start() {
    const database = await makeDatabase()
    const server = await startTestServer(database, { publicUrl, sealingKeys })
    await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const invite = async (name = 'ada') =>
      secretOf(
        await server.latchkey.invitations.create({
          ...{ organizationId: 'acme', email: `${name}@example.com`, role: 'owner' },
        }),
      )
    const begin = async (browser: Browser, path: string, body: object) => {
      const begun = await browser.ask('POST', `/v1/sign-in/passkey/${path}`, body)
      expect(begun.status, begun.text).toBe(200)
      return (begun.json as unknown as { options: { challenge: string } }).options.challenge
    }
    const register = async (browser: Browser, body: object, make: (challenge: string) => object) => {
      const credential = make(await begin(browser, 'registration-options', body))
      return browser.ask('POST', '/v1/sign-in/passkey/registration', { ...body, credential })
    }
    const use = async (browser: Browser, make: (challenge: string) => object, body: object = {}) => {
      const credential = make(await begin(browser, 'options', body))
      return browser.ask('POST', '/v1/sign-in/passkey', { credential })
    }
    return Object.assign(server, { database, invite, register, use, browser: () => new Browser(server) })
  }

  test('is not made if it says what cannot be, and the invitation stays', async () => {
    await using server = await start()
    const { register } = server
    const invitation = await server.invite()
    const authenticator = makeAuthenticator()
    for (const [name, lie] of lies) {
      const answer = await register(server.browser(), { invitation }, (challenge) =>
        authenticator.make({ challenge, ...lie, ...(lie.flags && { flags: lie.flags | 0x40 }) }),
      )
      expect(answer, name).toMatchObject(refused)
    }
    // Of a challenge that nobody gave, and of a use.
    const wrong = [
      () => authenticator.make({ challenge: 'A'.repeat(43) }),
      (challenge: string) => authenticator.make({ challenge, client: { type: 'webauthn.get' } }),
    ]
    for (const make of wrong)
      expect([400, 403]).toContain((await register(server.browser(), { invitation }, make)).status)
    const ada = server.browser()
    const made = await register(ada, { invitation }, (challenge) => authenticator.make({ challenge }))
    expect(made).toMatchObject({ status: 200, json: { purpose: 'invitation', organization_id: 'acme' } })
  })

  test('signs nobody in if it says what cannot be, or if its counter goes back', async () => {
    await using server = await start()
    const { register, use } = server
    const authenticator = makeAuthenticator()
    const invitation = await server.invite()
    const made = await register(server.browser(), { invitation }, (challenge) =>
      authenticator.make({ challenge, counter: 7 }),
    )
    expect(made.status).toBe(200)
    for (const [name, lie] of lies) {
      const answer = await use(server.browser(), (challenge) =>
        authenticator.use({ challenge, counter: 8, ...lie, ...(lie.flags && { flags: lie.flags & 0x05 }) }),
      )
      expect(answer, name).toMatchObject(refused)
    }
    for (const counter of [0, 6, 7])
      expect(
        await use(server.browser(), (challenge) => authenticator.use({ challenge, counter })),
        `counter ${counter}`,
      ).toMatchObject(refused)
    // The key of another one, under its id.
    const thief = makeAuthenticator()
    const { id, rawId } = { id: authenticator.id, rawId: authenticator.id }
    expect(
      await use(server.browser(), (challenge) => ({ ...thief.use({ challenge, counter: 9 }), id, rawId })),
    ).toMatchObject(refused)
    const right = await use(server.browser(), (challenge) => authenticator.use({ challenge, counter: 8 }))
    expect(right).toMatchObject({ status: 200, json: { purpose: 'sign_in' } })
  })

  test('is not one more than a member may have, though there was room when it began', async () => {
    await using server = await start()
    const ada = server.browser()
    const first = await server.register(ada, { invitation: await server.invite() }, (challenge) =>
      makeAuthenticator().make({ challenge }),
    )
    expect(first.status).toBe(200)
    await using direct = await connectDirectly(server.database)
    const fill = async () => {
      for (let i = 1; i < maxIdentities; i++) {
        const id = `0192f0c1-0000-7000-8000-${String(i).padStart(12, '0')}`
        await direct.run(
          `insert into identities (id, provider, issuer, subject, label, created_at) values ('${id}', 'y', 'y', '${i}', 'y', 0)`,
        )
        await direct.run(
          `insert into member_identities select member_id, '${id}', organization_id, 0 from member_identities limit 1`,
        )
      }
    }
    const begun = await ada.ask('POST', '/v1/sign-in/passkey/registration-options', {})
    const { challenge } = (begun.json as unknown as { options: { challenge: string } }).options
    await fill()
    const credential = makeAuthenticator().make({ challenge })
    expect(await ada.ask('POST', '/v1/sign-in/passkey/registration', { credential })).toMatchObject({
      status: 409,
      json: { code: 'too_many_identities' },
    })
  })
})
