// Challenges of passkeys in the wrong place: for another purpose, for another invitation, and at two processes at once.
import { expect, test } from 'vitest'
import { makeAuthenticator } from './setup/authenticator.ts'
import { onEachDatabase } from './setup/databases.ts'
import { Browser } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('a challenge', (makeDatabase) => {
  async function start() {
    const database = await makeDatabase()
    const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
    const open = () => startTestServer(database, { publicUrl, sealingKeys })
    const [server, other] = [await open(), await open()]
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const invite = async (email: string) =>
      secretOf(await latchkey.invitations.create({ organizationId: 'acme', email, role: 'viewer' }))
    const begin = async (browser: Browser, path: string, body: object = {}) => {
      const { json } = await browser.ask('POST', `/v1/sign-in/passkey/${path}`, body)
      return (json as unknown as { options: { challenge: string } }).options.challenge
    }
    const finish = async (browser: Browser, path: '' | '/registration', body: object) => {
      const { status, json } = await browser.ask('POST', `/v1/sign-in/passkey${path}`, body)
      return status === 200 ? 'done' : (json as { code?: string }).code
    }
    const close = async () => {
      await other.close()
      await server.close()
    }
    const browse = (at = server) => new Browser(at)
    return { other, invite, begin, finish, browse, [Symbol.asyncDispose]: close }
  }

  test('proves nothing for another purpose or invitation, and signs in once at two processes', async () => {
    await using server = await start()
    const { begin, browse, finish } = server
    const [mine, yours] = [await server.invite('ada@example.com'), await server.invite('bob@example.com')]
    const [ofAda, ada] = [makeAuthenticator(), browse()]
    const signIn = await begin(ada, 'options')
    const made = { invitation: mine, credential: ofAda.make({ challenge: signIn }) }
    expect(await finish(ada, '/registration', made)).toBe('passkey_refused')
    const challenge = await begin(ada, 'registration-options', { invitation: mine })
    const credential = ofAda.make({ challenge })
    for (const invitation of [yours, undefined])
      expect(await finish(ada, '/registration', { invitation, credential })).toBe('passkey_refused')
    // What claims to be longer, or is deeper, than anything that can be read.
    for (const text of ['9bffffffffffffffff', '5b00000000ffffffff', 'ba7fffffff', '81'.repeat(20_000)]) {
      const attestationObject = Buffer.from(text, 'hex').toString('base64url')
      const { response, ...rest } = credential as { response: object }
      const odd = { ...rest, response: { ...response, attestationObject } }
      expect(
        await finish(ada, '/registration', { invitation: mine, credential: odd }),
        text.slice(0, 20),
      ).toBe('passkey_refused')
    }
    expect(await finish(ada, '/registration', { invitation: mine, credential })).toBe('done')
    const registering = browse()
    const another = await begin(registering, 'registration-options', { invitation: yours })
    expect(await finish(registering, '', { credential: ofAda.use({ challenge: another }) })).toBe(
      'passkey_refused',
    )
    // What makes a session fresh begins none.
    const fresh = await begin(ada, 'options', { purpose: 'fresh' })
    const thief = browse()
    for (const [name, value] of ada.cookies) if (name.includes('sign-in')) thief.cookies.set(name, value)
    expect(await finish(thief, '', { credential: ofAda.use({ challenge: fresh }) })).toBe('session_ended')
    const one = browse()
    const used = { credential: ofAda.use({ challenge: await begin(one, 'options') }) }
    const two = browse(server.other)
    for (const [name, value] of one.cookies) two.cookies.set(name, value)
    const both = await Promise.all([finish(one, '', used), finish(two, '', used)])
    expect(both.sort()).toEqual(['done', 'sign_in_expired'])
  })
})
