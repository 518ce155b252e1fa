// Rules of providers: they make members, follow what a provider claims, and touch nobody whom they have not made.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { Browser, startLiar, writeProviders } from './setup/oidc.ts'
import { publicUrl, secretOf } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'

const rules = [
  { claim: 'groups', equals: 'ops', organization_id: 'acme', role: 'admin' },
  { claim: 'hd', equals: 'acme.example', organization_id: 'acme', role: 'viewer' },
  { claim: 'groups', equals: 'globex', organization_id: 'globex', role: 'developer' },
  { claim: 'email', equals: 'eve@acme.example', organization_id: 'acme', role: 'auditor' },
  { claim: 'groups', equals: 'lost', organization_id: 'nowhere', role: 'viewer' },
]

onEachDatabase('rules', (makeDatabase, kind) => {
  async function start(database?: string) {
    const liar = await startLiar()
    const server = await startTestServer(database ?? (await makeDatabase()), {
      publicUrl,
      sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
      oidcFile: writeProviders({ id: 'okta', issuer: liar.issuer, rules }),
    })
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const signIn = async (claims: object, browser = new Browser(server)) => {
      liar.claims = { ...claims }
      const { status, json } = await browser.pass('okta')
      return status === 200 ? 'in' : (json as { code?: string }).code
    }
    const members = async (organizationId: string) =>
      (await latchkey.members.list({ organizationId, status: 'all' })).items.map(
        ({ role, roleSource, status, email }) => [role, roleSource, status, email].join(' '),
      )
    return Object.assign(server, { liar, signIn, members })
  }

  test('join whoever fulfils one, follow the first that fits, suspend whom none fits, and let it come back', async () => {
    await using server = await start()
    const { signIn, members, latchkey } = server
    expect(await signIn({ groups: ['staff'] })).toBe('not_invited')
    // A part of a value is none.
    for (const groups of ['opsy', ['opsy', 'x-ops'], 'op', { ops: 'ops' }])
      expect(await signIn({ groups }), JSON.stringify(groups)).toBe('not_invited')
    // Nobody is a member of what is not there.
    expect(await signIn({ groups: ['lost'] })).toBe('not_invited')
    expect(await signIn({ hd: 'acme.example' })).toBe('in')
    expect(await members('acme')).toEqual(['viewer rule active ada@acme.example'])
    const browser = new Browser(server)
    expect(await signIn({ hd: 'acme.example', groups: ['staff', 'ops'] }, browser)).toBe('in')
    expect(await members('acme')).toEqual(['admin rule active ada@acme.example'])
    expect((await browser.ask('GET', '/v1/members/self')).json).toMatchObject({ role: 'admin' })
    expect(await signIn({ groups: [] })).toBe('not_invited')
    expect(await members('acme')).toEqual(['admin rule suspended ada@acme.example'])
    // Its session ended with it.
    expect((await browser.ask('GET', '/v1/members/self')).json).toMatchObject({ code: 'session_ended' })
    // Another organization's rule fits now: the one of before stays as it is.
    expect(await signIn({ groups: ['globex'] })).toBe('in')
    expect(await members('acme')).toEqual(['admin rule suspended ada@acme.example'])
    expect(await members('globex')).toEqual(['developer rule active ada@acme.example'])
    expect(await signIn({ hd: 'acme.example' })).toBe('in')
    expect(await members('acme')).toEqual(['viewer rule active ada@acme.example'])
    expect(await members('globex')).toEqual(['developer rule suspended ada@acme.example'])
    // The session of before the suspension does not come back with it.
    expect((await browser.ask('GET', '/v1/members/self')).json).toMatchObject({ code: 'session_ended' })
    const events = (await latchkey.audit.list({ organizationId: 'acme' })).items.filter(
      ({ actorType }) => actorType === 'provider',
    )
    expect(events.map(({ action }) => action)).toEqual([
      ...['member.updated', 'member.resumed', 'member.suspended', 'member.updated', 'member.joined'],
    ])
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['okta']))
    expect(JSON.stringify(events)).not.toContain('ada@')
  })

  test('touch no member that somebody invited, changed, suspended or removed', async () => {
    await using server = await start()
    const { signIn, members, latchkey, liar } = server
    const { url } = await latchkey.invitations.create({
      organizationId: 'acme',
      email: 'ada@acme.example',
      role: 'owner',
    })
    const browser = new Browser(server)
    const invitation = secretOf({ url })
    expect((await browser.pass('okta', { purpose: 'invitation', invitation })).status).toBe(200)
    expect(await signIn({ groups: ['ops'] })).toBe('in')
    expect(await signIn({ groups: [] })).toBe('in')
    expect(await members('acme')).toEqual(['owner manual active ada@acme.example'])
    const bob = { sub: 'bob', email: 'bob@acme.example' }
    expect(await signIn({ ...bob, groups: ['ops'] })).toBe('in')
    const find = async () => (await latchkey.members.list({ organizationId: 'acme', status: 'all' })).items[0]
    const { id = '' } = (await find()) ?? {}
    await latchkey.members.suspend(id, { reason: 'On leave' })
    expect(await signIn({ ...bob, groups: ['ops'] })).toBe('not_invited')
    expect(await signIn({ ...bob, groups: [] })).toBe('not_invited')
    expect(await find()).toMatchObject({ status: 'suspended', suspendedReason: 'On leave' })
    await latchkey.members.resume(id)
    // Whom a rule has suspended, somebody suspends too: it comes back by hand alone.
    expect(await signIn({ ...bob, groups: [] })).toBe('not_invited')
    await latchkey.members.suspend(id, { reason: 'Left' })
    expect(await signIn({ ...bob, groups: ['ops'] })).toBe('not_invited')
    // Also if somebody took the words that a rule says: it would let it in again.
    const words = { reason: 'No rule of the provider fits any more.' }
    await expect(latchkey.members.suspend(id, words)).rejects.toMatchObject({ code: 'invalid_input' })
    await latchkey.members.resume(id)
    await expect(latchkey.members.suspend(id, words)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await signIn({ ...bob, groups: [] })).toBe('not_invited')
    expect(await find()).toMatchObject({ status: 'suspended', suspendedReason: words.reason })
    await latchkey.members.resume(id)
    // A role that somebody gives by hand is theirs, and so is the member from then on.
    await latchkey.members.update(id, { role: 'developer' })
    for (const groups of [[], ['ops']]) expect(await signIn({ ...bob, groups })).toBe('in')
    expect(await find()).toMatchObject({ role: 'developer', roleSource: 'manual', status: 'active' })
    await latchkey.members.update(id, { role: 'owner' })
    expect(await signIn({ ...bob, hd: 'acme.example' })).toBe('in')
    expect(await signIn({ ...bob, groups: [] })).toBe('in')
    expect(await find()).toMatchObject({ role: 'owner', roleSource: 'manual', status: 'active' })
    await latchkey.members.remove(id)
    expect(await signIn({ ...bob, groups: ['ops'] })).toBe('not_invited')
    // The address of a member, with another subject.
    liar.claims = {}
    expect(await signIn({ sub: 'eve', email: 'ada@acme.example', groups: ['ops'] })).toBe('not_invited')
    expect(await members('acme')).toHaveLength(2)
  })

  test('take no address that is not proven, and so keep nobody out whose own it is', async () => {
    await using server = await start()
    const { signIn, members, latchkey } = server
    expect(await signIn({ sub: 'eve', email_verified: false, groups: ['ops'] })).toBe('in')
    expect(await members('acme')).toEqual(['admin rule active '])
    const eve = { sub: 'eve-2', email: 'eve@acme.example' }
    expect(await signIn({ ...eve, email_verified: false })).toBe('not_invited')
    expect(await signIn(eve)).toBe('in')
    await latchkey.invitations.create({ organizationId: 'acme', email: 'ada@acme.example', role: 'owner' })
  })

  test('of one provider touch no member that another one has made', async () => {
    const [okta, google] = [await startLiar(), await startLiar()]
    const ruled = (groups: string, role: string) => [
      { claim: 'groups', equals: groups, organization_id: 'acme', role },
    ]
    await using server = await startTestServer(await makeDatabase(), {
      publicUrl,
      sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
      oidcFile: writeProviders(
        { id: 'okta', issuer: okta.issuer, rules: ruled('ops', 'admin') },
        { id: 'google', issuer: google.issuer, rules: ruled('ops', 'viewer') },
      ),
    })
    await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    okta.claims = { groups: ['ops'] }
    const ada = new Browser(server)
    expect((await ada.pass('okta')).status).toBe(200)
    expect((await ada.pass('google', { purpose: 'identity' })).status).toBe(200)
    const read = async () => (await server.latchkey.members.list({ organizationId: 'acme' })).items
    for (const groups of [['ops'], []]) {
      google.claims = { groups }
      expect((await new Browser(server).pass('google')).status).toBe(200)
      expect(await read()).toMatchObject([{ role: 'admin', status: 'active', roleSource: 'rule' }])
    }
  })

  test('and somebody who makes the same member an owner leave the organization one', async () => {
    await using server = await start()
    const { signIn, latchkey } = server
    for (let i = 0; i < 4; i++) {
      const person = { sub: `p${i}`, email: `p${i}@acme.example` }
      await signIn({ ...person, hd: 'acme.example' })
      const [member] = (await latchkey.members.list({ organizationId: 'acme' })).items
      const id = member?.id ?? ''
      // Whichever comes first: who is an owner, no rule touches.
      await Promise.allSettled([
        signIn({ ...person, groups: i % 2 === 0 ? ['ops'] : [] }),
        latchkey.members.update(id, { role: 'owner' }),
      ])
      const { role, roleSource } = await latchkey.members.get(id)
      expect([role, roleSource]).toEqual(['owner', 'manual'])
      await latchkey.members.resume(id)
      await signIn({ ...person, groups: [] })
      expect(await latchkey.members.get(id)).toMatchObject({ role: 'owner', status: 'active' })
    }
  })

  if (kind === 'SQLite')
    test('hold for the member as it is when their change is made, whatever it was when they were read', async () => {
      const database = await makeDatabase()
      await using server = await start(database)
      const { signIn, members } = server
      expect(await signIn({ hd: 'acme.example' })).toBe('in')
      await using direct = await connectDirectly(database)
      await direct.run('begin immediate')
      await direct.run(
        "update members set role_source = 'manual', role = 'developer', revision = revision + 1",
      )
      const signingIn = signIn({ groups: [] })
      // It has read what the rules ask, and its change waits for that of somebody else.
      await setTimeout(400)
      await direct.run('commit')
      expect(await signingIn).toBe('in')
      expect(await members('acme')).toEqual(['developer manual active ada@acme.example'])
    })
})
