// Invitations: a link that one person uses once, for as long as who has made it might make it again.
import { expect, test } from 'vitest'
import type { Latchkey } from '../src/index.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { join, openWithPeople, personOf, secretOf } from './setup/people.ts'
import { codeOf } from './setup/refusal.ts'

const hourMs = 3_600_000

test('an invitation needs the public address of the server, and makes none up', async () => {
  await using latchkey = await openLatchkey({ database: makeSqlite().url })
  await createAcme(latchkey)
  const input = { organizationId: 'acme', email: 'ada@example.com', role: 'viewer' } as const
  expect(await codeOf(latchkey.invitations.create(input))).toBe('public_url_missing')
  expect((await latchkey.invitations.list({})).items).toEqual([])
})

onEachDatabase('invitations', (makeDatabase) => {
  async function open(now?: () => number): Promise<Latchkey> {
    const latchkey = await openWithPeople({ database: await makeDatabase(), ...(now && { now }) })
    await createAcme(latchkey)
    await latchkey.createRootKey()
    return latchkey
  }
  const inviteAda = (latchkey: Latchkey) =>
    latchkey.invitations.create({
      organizationId: 'acme',
      email: 'Ada@example.com',
      role: 'admin',
      name: 'Ada',
    })

  test('the link is told once, in the fragment of an address, and the database has no byte of its secret', async () => {
    await using latchkey = await open()
    const made = await inviteAda(latchkey)
    expect(made.url).toMatch(/^https:\/\/keys\.example\.com\/invitation#lki_[A-Za-z0-9_-]{43}$/)
    expect(made).toMatchObject({ status: 'pending', sent: false, memberId: null, createdBy: null })
    expect(await latchkey.invitations.get(made.id)).toEqual({ ...made, url: null })
    expect((await latchkey.invitations.list({})).items).toEqual([{ ...made, url: null }])
    const told = JSON.stringify(await latchkey.audit.list({}))
    expect(told).not.toMatch(/lki_|ada@example/i)
  })

  test('who holds an empty database begins with an owner of the root organization, and no root key', async () => {
    await using latchkey = await openWithPeople({ database: await makeDatabase() })
    const invite = (name: string) =>
      latchkey.invitations.create({ organizationId: 'root', email: `${name}@example.com`, role: 'owner' })
    const [made] = await Promise.all([invite('ada'), invite('bob')])
    const { memberId } = await latchkey.invitations.accept(secretOf(made), personOf('ada'))
    expect(await latchkey.members.get(memberId)).toMatchObject({ organizationId: 'root', role: 'owner' })
    expect(await latchkey.ensureRootKey()).toBeUndefined()
    expect((await latchkey.keys.list({})).items).toEqual([])
    const created = await latchkey.audit.list({ action: 'organization.created' })
    expect(created.items).toMatchObject([{ organizationId: 'root', actorType: 'operator' }])
    // Of no other organization it is assumed that it is to be.
    const absent = { organizationId: 'globex', email: 'ada@example.com', role: 'owner' } as const
    expect(await codeOf(latchkey.invitations.create(absent))).toBe('organization_not_found')
  })

  test('it makes one member, once, also if two use it at the same time', async () => {
    await using latchkey = await open()
    const made = await inviteAda(latchkey)
    const secret = secretOf(made)
    const both = await Promise.allSettled([
      latchkey.invitations.accept(secret, personOf('ada')),
      latchkey.invitations.accept(secret, { ...personOf('ada'), subject: 'another' }),
    ])
    const [accepted] = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(both.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(await codeOf(latchkey.invitations.accept(secret, personOf('ada')))).toBe('invitation_ended')
    const [member, ...others] = (await latchkey.members.list({ organizationId: 'acme' })).items
    expect(others).toEqual([])
    expect(member).toMatchObject({
      ...{ id: accepted?.memberId, email: 'Ada@example.com', emailVerified: true, name: 'Ada' },
      ...{ role: 'admin', roleSource: 'manual', status: 'active', createdBy: null },
    })
    expect(await latchkey.invitations.get(made.id)).toMatchObject({
      status: 'accepted',
      memberId: accepted?.memberId,
    })
    const [event] = (await latchkey.audit.list({ action: 'invitation.accepted' })).items
    expect(event).toMatchObject({ actor: accepted?.memberId, actorType: 'member' })
    expect(await codeOf(inviteAda(latchkey))).toBe('member_exists')
    expect(await codeOf(latchkey.invitations.revoke(made.id))).toBe('invitation_ended')
    expect(await codeOf(latchkey.invitations.renew(made.id))).toBe('invitation_ended')
  })

  test('only who proves the invited address uses it, and a passkey by the link itself', async () => {
    await using latchkey = await open()
    const secret = secretOf(await inviteAda(latchkey))
    const ada = personOf('ada')
    for (const person of [
      { ...ada, emailVerified: false },
      { ...ada, email: null },
      { ...ada, email: 'eve@example.com' },
      // The sign of the kelvin and full-width letters are other letters, whatever they look like.
      { ...ada, email: '\uff41da@example.com' },
      { ...ada, email: 'ada@example.com.evil.example' },
    ])
      expect(await codeOf(latchkey.invitations.accept(secret, person))).toBe('email_not_proven')
    const byPasskey = { ...ada, provider: 'passkey', email: null, emailVerified: false }
    const { memberId } = await latchkey.invitations.accept(secret, byPasskey)
    expect(await latchkey.members.get(memberId)).toMatchObject({ emailVerified: false })
  })

  test('it makes no second member of a person who is one there, by whatever address', async () => {
    await using latchkey = await open()
    const ada = personOf('ada')
    await latchkey.invitations.accept(secretOf(await inviteAda(latchkey)), ada)
    const again = await latchkey.invitations.create({
      ...{ organizationId: 'acme', email: 'lovelace@example.com', role: 'owner' },
    })
    const asLovelace = { ...ada, email: 'lovelace@example.com' }
    expect(await codeOf(latchkey.invitations.accept(secretOf(again), asLovelace))).toBe('member_exists')
    expect((await latchkey.members.list({ organizationId: 'acme' })).items).toMatchObject([{ role: 'admin' }])
    expect(await latchkey.invitations.get(again.id)).toMatchObject({ status: 'pending' })
  })

  test('it ends after 72 hours, when it is revoked, renewed, or another one takes its place', async () => {
    const clock = makeClock()
    await using latchkey = await open(clock.now)
    const accept = (secret: string) => codeOf(latchkey.invitations.accept(secret, personOf('ada')))
    const first = await inviteAda(latchkey)
    clock.advance(72 * hourMs)
    expect(await accept(secretOf(first))).toBe('invitation_ended')
    expect(await latchkey.invitations.get(first.id)).toMatchObject({ status: 'expired' })
    const renewed = await latchkey.invitations.renew(first.id)
    expect(renewed).toMatchObject({ id: first.id, status: 'pending' })
    expect(await accept(secretOf(first))).toBe('invitation_ended')
    const second = await inviteAda(latchkey)
    expect(await latchkey.invitations.get(first.id)).toMatchObject({ status: 'revoked' })
    expect(await accept(secretOf(renewed))).toBe('invitation_ended')
    await latchkey.invitations.revoke(second.id)
    await latchkey.invitations.revoke(second.id)
    expect(await accept(secretOf(second))).toBe('invitation_ended')
    for (const made of ['', 'lki_', `lki_${'x'.repeat(43)}`, `lki_${'x'.repeat(42)}\u0000`])
      expect(await accept(made)).toBe('invitation_ended')
  })

  test('it ends with the right of who has made it: nobody who leaves leaves a door open', async () => {
    await using latchkey = await open()
    await join(latchkey, 'acme', 'owner')
    const invite = (actor: Awaited<ReturnType<typeof join>>['caller'], name: string) =>
      latchkey.invitations.create({ email: `${name}@example.com`, role: 'admin' }, { actor })
    const accept = (made: { url: string | null }, name: string) =>
      latchkey.invitations.accept(secretOf(made), personOf(name))
    for (const [name, lose] of [
      ['removed', (id: string) => latchkey.members.remove(id)],
      ['suspended', (id: string) => latchkey.members.suspend(id)],
      ['demoted', (id: string) => latchkey.members.update(id, { role: 'developer' })],
    ] as const) {
      const { caller } = await join(latchkey, 'acme', 'admin', name)
      const made = await invite(caller, `friend-of-${name}`)
      await lose(caller.memberId)
      expect(await codeOf(accept(made, `friend-of-${name}`)), name).toBe('invitation_ended')
    }
    const { caller } = await join(latchkey, 'acme', 'admin')
    await accept(await invite(caller, 'friend'), 'friend')
    const key = await makeCaller(latchkey, 'acme', [...caller.permissions])
    const byKey = await latchkey.invitations.create({ email: 'x@example.com', role: 'admin' }, { actor: key })
    await latchkey.keys.revoke(key.keyId)
    expect(await codeOf(accept(byKey, 'x'))).toBe('invitation_ended')
    // A child of a key can do no more than that.
    for (const [name, lose] of [
      ['revoked', (id: string) => latchkey.keys.revoke(id)],
      ['narrowed', (id: string) => latchkey.keys.update(id, { permissions: ['latchkey:keys:read'] })],
    ] as const) {
      const parent = await makeCaller(latchkey, 'acme', [...caller.permissions])
      const child = await makeCaller(latchkey, 'acme', [...caller.permissions], { parentId: parent.keyId })
      const invited = { email: `${name}-child@example.com`, role: 'admin' } as const
      const byChild = await latchkey.invitations.create(invited, { actor: child })
      await lose(parent.keyId)
      expect(await codeOf(accept(byChild, `${name}-child`)), name).toBe('invitation_ended')
    }
  })

  test('a reset takes what a member signs in by, and its invitation gives the same member another', async () => {
    await using latchkey = await open()
    const owner = await join(latchkey, 'acme', 'owner')
    const ada = await join(latchkey, 'acme', 'admin', 'ada')
    const id = ada.caller.memberId
    const reset = await latchkey.members.reset(id, {}, { actor: owner.caller })
    expect(reset).toMatchObject({ memberId: id, email: 'ada@example.com', role: 'admin' })
    expect(await latchkey.sessions.authenticate(ada)).toBeUndefined()
    expect((await latchkey.members.get(id)).identities).toEqual([])
    const again = await latchkey.invitations.accept(secretOf(reset), { ...personOf('ada'), subject: 'new' })
    expect(again.memberId).toBe(id)
    expect(again.identityId).not.toBe(ada.identityId)
    expect((await latchkey.members.get(id)).identities).toHaveLength(1)
  })

  test('the link of a reset is worth the role that the member has when it is used', async () => {
    await using latchkey = await open()
    await join(latchkey, 'acme', 'owner')
    const admin = await join(latchkey, 'acme', 'admin')
    const { memberId } = (await join(latchkey, 'acme', 'developer', 'ada')).caller
    const reset = await latchkey.members.reset(memberId, {}, { actor: admin.caller })
    await latchkey.members.update(memberId, { role: 'owner' })
    const asAda = { ...personOf('ada'), provider: 'passkey' }
    // Who has the link is no owner.
    expect(await codeOf(latchkey.invitations.accept(secretOf(reset), asAda))).toBe('invitation_ended')
    expect(await codeOf(latchkey.invitations.renew(reset.id, { actor: admin.caller }))).toBe(
      'permission_escalation',
    )
    expect(await codeOf(latchkey.invitations.revoke(reset.id, { actor: admin.caller }))).toBe(
      'permission_escalation',
    )
    const renewed = await latchkey.invitations.renew(reset.id)
    expect((await latchkey.invitations.accept(secretOf(renewed), asAda)).memberId).toBe(memberId)
  })

  test('who is removed comes back by no invitation of before', async () => {
    await using latchkey = await open()
    const { memberId } = (await join(latchkey, 'acme', 'viewer', 'ada')).caller
    const reset = await latchkey.members.reset(memberId, {})
    const other = await latchkey.invitations.create({
      ...{ organizationId: 'acme', email: 'bob@example.com', role: 'viewer' },
    })
    await latchkey.members.remove(memberId)
    expect(await latchkey.invitations.get(reset.id)).toMatchObject({ status: 'revoked' })
    expect(await latchkey.invitations.get(other.id)).toMatchObject({ status: 'pending' })
    const [revoked] = (await latchkey.audit.list({ action: 'invitation.revoked' })).items
    expect(revoked).toMatchObject({ changes: { invitation_id: reset.id } })
  })

  test('an organization has fifty pending invitations, and no more', async () => {
    await using latchkey = await open()
    const invite = (i: number) =>
      latchkey.invitations.create({ organizationId: 'acme', email: `p${i}@example.com`, role: 'viewer' })
    const made = []
    for (let i = 0; i < 50; i++) made.push(await invite(i))
    expect(await codeOf(invite(50))).toBe('too_many_invitations')
    await invite(7)
    await latchkey.invitations.revoke(made[0]?.id ?? '')
    await invite(50)
  })
})
