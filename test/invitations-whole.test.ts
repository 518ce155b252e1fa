// Whoever accepts an invitation is a member and signed in, or nothing has happened: in one transaction, by either way.
import { expect, test } from 'vitest'
import { makeAuthenticator } from './setup/authenticator.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { Browser, startLiar, writeProviders } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('an invitation whose session cannot be opened', (makeDatabase) => {
  async function start(settings: { oidcFile?: string } = {}) {
    const database = await makeDatabase()
    const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
    const server = await startTestServer(database, { publicUrl, sealingKeys, ...settings })
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const invite = async () =>
      secretOf(
        await latchkey.invitations.create({
          organizationId: 'acme',
          email: 'ada@acme.example',
          role: 'owner',
        }),
      )
    /** Does something while no session of a person can be written. */
    const withoutSessions = async <T>(work: () => Promise<T>): Promise<T> => {
      await using direct = await connectDirectly(database)
      await direct.run('alter table member_sessions rename to member_sessions_away')
      try {
        return await work()
      } finally {
        await direct.run('alter table member_sessions_away rename to member_sessions')
      }
    }
    const members = async () => (await latchkey.members.list({ organizationId: 'acme' })).items.length
    return Object.assign(server, { invite, withoutSessions, members })
  }

  test('is not used up: a provider is asked once more, and a passkey is shown once more', async () => {
    const liar = await startLiar()
    await using server = await start({ oidcFile: writeProviders({ id: 'okta', issuer: liar.issuer }) })
    const begun = { purpose: 'invitation', invitation: await server.invite() }
    const failed = await server.withoutSessions(() => new Browser(server).pass('okta', begun))
    expect(failed).toMatchObject({ status: 503, json: { code: 'store_unavailable' } })
    expect(await server.members()).toBe(0)
    const browser = new Browser(server)
    expect((await browser.pass('okta', begun)).status).toBe(200)
    const { json: self } = await browser.ask('GET', '/v1/members/self')
    expect(self).toMatchObject({ role: 'owner', last_seen_at: expect.stringMatching(/Z$/) })

    await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const of = { organizationId: 'globex', email: 'bob@globex.example', role: 'owner' } as const
    const invitation = secretOf(await server.latchkey.invitations.create(of))
    const bob = new Browser(server)
    const asked = await bob.ask('POST', '/v1/sign-in/passkey/registration-options', { invitation })
    const { challenge } = (asked.json as unknown as { options: { challenge: string } }).options
    const body = { invitation, credential: makeAuthenticator().make({ challenge }) }
    const register = () => bob.ask('POST', '/v1/sign-in/passkey/registration', body)
    expect((await server.withoutSessions(register)).status).toBe(503)
    expect((await register()).status).toBe(200)
    expect((await bob.ask('GET', '/v1/members/self')).json).toMatchObject({ organization_id: 'globex' })
  })

  test('by a member that is suspended stays, for when it is resumed', async () => {
    const liar = await startLiar()
    await using server = await start({ oidcFile: writeProviders({ id: 'okta', issuer: liar.issuer }) })
    const { latchkey } = server
    const browser = new Browser(server)
    await browser.pass('okta', { purpose: 'invitation', invitation: await server.invite() })
    const self = (await browser.ask('GET', '/v1/members/self')).json as unknown as { id: string }
    const invitation = secretOf(await latchkey.members.reset(self.id))
    await latchkey.members.suspend(self.id)
    const again = () => new Browser(server).pass('okta', { purpose: 'invitation', invitation })
    expect((await again()).json).toMatchObject({ code: 'not_invited' })
    await latchkey.members.resume(self.id)
    expect((await again()).status).toBe(200)
  })
})
