// What a real provider holds us to, and a stand-in would let pass: who asks it, with what, and what it tells by userinfo alone.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { Browser, passThrough, startRealProvider, writeProviders } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

onOneDatabase('SQLite', 'a real provider', (makeDatabase) => {
  async function start(settings: object = {}) {
    const provider = await startRealProvider(['okta'], publicUrl, { byUserinfo: true })
    const oidcFile = writeProviders({ id: 'okta', issuer: provider.issuer, ...settings })
    const database = await makeDatabase()
    const server = await startTestServer(database, {
      ...{ publicUrl, oidcFile },
      sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
    })
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const invite = async (email: string) =>
      secretOf(await latchkey.invitations.create({ organizationId: 'acme', email, role: 'owner' }))
    /** Signs somebody in, in a browser of their own or a given one. */
    const pass = async (
      subject: string,
      input: object = { purpose: 'sign_in' },
      browser = new Browser(server),
    ) => {
      provider.subject = subject
      const answered = await passThrough((await browser.begin('okta', input)).href)
      return { browser, answer: await browser.finish('okta', answered) }
    }
    return Object.assign(server, { database, provider, oidcFile, invite, pass })
  }

  test('proves an address by userinfo alone, and only by the boolean', async () => {
    await using server = await start()
    const { provider, invite, pass } = server
    for (const [subject, verified] of [
      ['eve', false],
      ['mallory', 'true'],
      ['trent', undefined],
    ] as const) {
      const email = `${subject}@acme.example`
      provider.accounts[subject] = { email, ...(verified !== undefined && { email_verified: verified }) }
      const { answer } = await pass(subject, { purpose: 'invitation', invitation: await invite(email) })
      expect(answer, subject).toMatchObject({ status: 403, json: { code: 'email_not_proven' } })
    }
    provider.accounts.ada = { email: 'ada@acme.example', email_verified: true }
    const invitation = await invite('ada@acme.example')
    const { answer } = await pass('ada', { purpose: 'invitation', invitation })
    expect(answer).toMatchObject({ status: 200, json: { organization_id: 'acme' } })
  })

  test('has rules judged by what its userinfo tells, at every sign-in', async () => {
    const rule = { claim: 'groups', equals: 'ops', organization_id: 'acme', role: 'developer' }
    await using server = await start({ rules: [rule] })
    const { provider, pass } = server
    const account = (groups: string[]) => ({ email: 'ada@acme.example', email_verified: true, groups })
    provider.accounts.ada = account(['ops', 'all'])
    const { browser, answer } = await pass('ada')
    expect(answer.status).toBe(200)
    const member = async () => (await server.latchkey.members.list({ status: 'all' })).items[0]
    expect(await member()).toMatchObject({ role: 'developer', roleSource: 'rule', status: 'active' })
    provider.accounts.ada = account(['all'])
    expect((await pass('ada')).answer).toMatchObject({ status: 403, json: { code: 'not_invited' } })
    expect(await member()).toMatchObject({ status: 'suspended' })
    expect((await browser.ask('GET', '/v1/members/self')).status).toBe(401)
    provider.accounts.ada = account(['ops'])
    expect((await pass('ada')).answer.status).toBe(200)
  })

  test('makes a sign-in fresh for the person whose session it is, and for nobody else', async () => {
    await using server = await start()
    const { provider, invite, pass } = server
    for (const name of ['ada', 'bob'])
      provider.accounts[name] = { email: `${name}@acme.example`, email_verified: true }
    for (const name of ['ada', 'bob']) {
      const invitation = await invite(`${name}@acme.example`)
      expect((await pass(name, { purpose: 'invitation', invitation })).answer.status).toBe(200)
    }
    const { browser: ada } = await pass('ada')
    await using direct = await connectDirectly(server.database)
    await direct.run('update member_sessions set fresh_until = 0')
    const carol = { email: 'carol@acme.example', role: 'viewer' }
    const stale = { status: 403, json: { code: 'fresh_sign_in_required', methods: ['provider'] } }
    expect(await ada.ask('POST', '/v1/invitations', carol)).toMatchObject(stale)
    expect((await pass('bob', { purpose: 'fresh' }, ada)).answer.json).toMatchObject({ code: 'not_invited' })
    expect(await ada.ask('POST', '/v1/invitations', carol)).toMatchObject(stale)
    expect((await pass('ada', { purpose: 'fresh' }, ada)).answer.status).toBe(200)
    expect((await ada.ask('POST', '/v1/invitations', carol)).status).toBe(200)
  })

  test('signs somebody in again without a question, whose session is no fresher than the first', async () => {
    await using server = await start()
    const { provider, invite, pass } = server
    provider.accounts.ada = { email: 'ada@acme.example', email_verified: true }
    const invitation = await invite('ada@acme.example')
    expect((await pass('ada', { purpose: 'invitation', invitation })).answer.status).toBe(200)
    const cookies = new Map<string, string>()
    const freshUntil = async () => {
      const browser = new Browser(server)
      const answered = await passThrough((await browser.begin('okta')).href, cookies)
      expect((await browser.finish('okta', answered)).status).toBe(200)
      const self = (await browser.ask('GET', '/v1/members/self')).json as unknown as { fresh_until: string }
      return self.fresh_until
    }
    const first = await freshUntil()
    // Whose turn it would be to sign in there: the provider asks nobody, since it knows the browser.
    provider.subject = 'nobody'
    // It tells seconds.
    await setTimeout(1_100)
    expect(await freshUntil()).toBe(first)
  })

  test('gives nothing for a code of another sign-in, nor to a client with a wrong secret', async () => {
    await using server = await start()
    const { provider, invite, pass, oidcFile } = server
    provider.accounts.ada = { email: 'ada@acme.example', email_verified: true }
    const invitation = await invite('ada@acme.example')
    expect((await pass('ada', { purpose: 'invitation', invitation })).answer.status).toBe(200)
    const browser = new Browser(server)
    const [first, second] = [await browser.begin('okta'), await browser.begin('okta')]
    const { code } = await passThrough(first.href)
    const { state, iss } = await passThrough(second.href)
    // Of the same browser and the same person, but begun with another verifier (PKCE).
    const mixed = await browser.finish('okta', { code, state, iss })
    expect(mixed.json.session).toBeUndefined()
    expect(mixed.status).not.toBe(200)
    writeFileSync(join(dirname(oidcFile), 'secret'), 'another')
    expect((await pass('ada')).answer).toMatchObject({ status: 503, json: { code: 'provider_unavailable' } })
    expect(JSON.stringify(server.log)).not.toContain('another')
  })
})
