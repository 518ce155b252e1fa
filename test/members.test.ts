// Members: who may act as a person, what they may do to one another, and what is left of those who leave.
import { expect, test } from 'vitest'
import type { Latchkey, MemberCaller } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { join, openWithPeople, secretOf, signInAs } from './setup/people.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { rounds } from './setup/rounds.ts'

const minuteMs = 60_000
const sealingKeys = [Buffer.alloc(32, 7).toString('base64')]
const ofId = ({ memberId }: MemberCaller) => memberId

onEachDatabase('members', (makeDatabase) => {
  async function open(now?: () => number): Promise<Latchkey> {
    const latchkey = await openWithPeople({
      database: await makeDatabase(),
      sealingKeys,
      ...(now && { now }),
    })
    await createAcme(latchkey)
    await latchkey.createRootKey()
    return latchkey
  }

  test('a member acts as itself: what it makes, and the audit log, name it', async () => {
    await using latchkey = await open()
    const { caller } = await join(latchkey, 'acme', 'owner')
    const key = await latchkey.keys.create(
      { name: 'CI', permissions: ['latchkey:keys:read'] },
      { actor: caller },
    )
    expect(key).toMatchObject({
      organizationId: 'acme',
      createdBy: caller.memberId,
      createdByType: 'member',
    })
    const { secrets } = await latchkey.keys.get(key.id, { actor: caller })
    expect(secrets).toMatchObject([{ createdBy: caller.memberId, createdByType: 'member' }])
    const [event] = (await latchkey.audit.list({ action: 'key.created' }, { actor: caller })).items
    expect(event).toMatchObject({ actor: caller.memberId, actorType: 'member', organizationId: 'acme' })

    const ofUser = { organizationId: 'acme', name: 'K', createdBy: 'u_81' }
    expect(await latchkey.keys.create(ofUser)).toMatchObject({ createdByType: 'user' })
    expect(await latchkey.keys.create({ organizationId: 'acme', name: 'K' })).toMatchObject({
      createdBy: null,
      createdByType: null,
    })
  })

  test('to other organizations a member of the root organization is the operator', async () => {
    await using latchkey = await open()
    const root = await join(latchkey, 'root', 'admin')
    const owner = await join(latchkey, 'acme', 'owner')
    await latchkey.keys.create({ organizationId: 'acme', name: 'CI' }, { actor: root.caller })
    const seen = async (actor: MemberCaller) =>
      (await latchkey.audit.list({ action: 'key.created', organizationId: 'acme' }, { actor })).items[0]
    expect(await seen(owner.caller)).toMatchObject({ actor: null, actorType: 'operator', requestId: null })
    expect(await seen(root.caller)).toMatchObject({ actor: root.caller.memberId, actorType: 'member' })
    const { events } = await latchkey.events.read({ types: ['key.created'] }, { actor: owner.caller })
    expect(events).toMatchObject([{ actor: null, actorType: 'operator' }])
  })

  test('a person may act for several organizations, one at a time, and for no other', async () => {
    await using latchkey = await open()
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const { identityId } = await join(latchkey, 'acme', 'viewer', 'ada')
    const globex = await latchkey.invitations.create({
      organizationId: 'globex',
      email: 'ada@example.com',
      role: 'owner',
    })
    const person = {
      ...{ provider: 'acme-okta', issuer: 'https://okta.example', subject: 'sub-ada', label: 'ada' },
      ...{ email: 'Ada@example.com', emailVerified: true },
    }
    expect(await latchkey.invitations.accept(secretOf(globex), person)).toMatchObject({ identityId })
    const values = await latchkey.sessions.startFor(identityId)
    expect(await codeOf(latchkey.sessions.authenticate(values))).toBe('organization_required')
    expect(await codeOf(latchkey.sessions.authenticate(values, { organizationId: 'root' }))).toBe(
      'organization_not_found',
    )
    const asViewer = await signInAs(latchkey, identityId, 'acme')
    const asOwner = await signInAs(latchkey, identityId, 'globex')
    // What it may do at one does not add to what it may do at the other.
    expect(await codeOf(latchkey.keys.create({ name: 'K' }, { actor: asViewer.caller }))).toBe(
      'missing_permission',
    )
    expect(
      await codeOf(latchkey.keys.create({ name: 'K', organizationId: 'acme' }, { actor: asOwner.caller })),
    ).toBe('organization_not_found')
    const self = await latchkey.members.self({ actor: asOwner.caller })
    expect(self).toMatchObject({ organizationId: 'globex', role: 'owner', identities: [{ id: identityId }] })
    expect(self.organizations.map(({ id, role }) => [id, role])).toEqual([
      ['acme', 'viewer'],
      ['globex', 'owner'],
    ])
  })

  test('a role, a suspension and a removal hold at the next request, in a caller that was judged before too', async () => {
    await using latchkey = await open()
    const owner = await join(latchkey, 'acme', 'owner')
    const ada = await join(latchkey, 'acme', 'developer', 'ada')
    const create = () => latchkey.keys.create({ name: 'K' }, { actor: ada.caller })
    await create()
    await latchkey.members.update(ofId(ada.caller), { role: 'viewer' }, { actor: owner.caller })
    expect(await codeOf(create())).toBe('missing_permission')
    await latchkey.members.update(ofId(ada.caller), { role: 'developer' }, { actor: owner.caller })
    const left = await latchkey.members.suspend(
      ofId(ada.caller),
      { reason: 'Leave' },
      { actor: owner.caller },
    )
    expect(left).toEqual({ success: true, sessionsEnded: 1, tokensSeen: 1, managementKeys: 0 })
    expect(await codeOf(create())).toBe('session_ended')
    expect(await latchkey.sessions.authenticate(ada)).toBeUndefined()
    await latchkey.members.resume(ofId(ada.caller), { actor: owner.caller })
    const again = await signInAs(latchkey, ada.identityId, 'acme')
    await latchkey.members.remove(ofId(ada.caller), { actor: owner.caller })
    expect(await latchkey.sessions.authenticate(again)).toBeUndefined()
    expect(await codeOf(latchkey.sessions.startFor(ada.identityId))).toBe('session_ended')
    expect(await codeOf(latchkey.members.resume(ofId(ada.caller), { actor: owner.caller }))).toBe(
      'member_removed',
    )
    // Its keys are the organization's.
    expect((await latchkey.keys.list({ creator: 'gone' })).items).toHaveLength(1)
  })

  test('a suspended organization has no members who act, until it is resumed', async () => {
    await using latchkey = await open()
    const owner = await join(latchkey, 'acme', 'owner')
    await latchkey.organizations.suspend('acme')
    expect(await codeOf(latchkey.keys.create({ name: 'K' }, { actor: owner.caller }))).toBe('session_ended')
    await latchkey.organizations.resume('acme')
    await latchkey.keys.create({ name: 'K' }, { actor: owner.caller })
  })

  test('an organization keeps an owner who can sign in, also if two are demoted at once', async () => {
    await using latchkey = await open()
    const [one, two] = [
      await join(latchkey, 'acme', 'owner', 'a'),
      await join(latchkey, 'acme', 'owner', 'b'),
    ]
    const demote = (whom: MemberCaller, actor: MemberCaller) =>
      latchkey.members.update(ofId(whom), { role: 'viewer' }, { actor })
    const both = await Promise.allSettled([demote(two.caller, one.caller), demote(one.caller, two.caller)])
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const owners = (await latchkey.members.list({ organizationId: 'acme' })).items.filter(
      ({ role }) => role === 'owner',
    )
    expect(owners).toHaveLength(1)
    const last = [one, two].find(({ caller }) => ofId(caller) === owners[0]?.id)?.caller as MemberCaller
    for (const change of [
      latchkey.members.update(ofId(last), { role: 'admin' }, { actor: last }),
      latchkey.members.suspend(ofId(last), {}, { actor: last }),
      latchkey.members.reset(ofId(last), {}, { actor: last }),
      latchkey.members.remove(ofId(last), { actor: last }),
    ])
      expect(await codeOf(change)).toBe('last_owner')
    // An owner of the root organization may, to others. To its own nobody may.
    const root = await join(latchkey, 'root', 'owner')
    const actor = root.caller
    expect(await codeOf(latchkey.members.suspend(ofId(root.caller), {}, { actor }))).toBe('last_owner')
    expect(await codeOf(latchkey.members.suspend(ofId(root.caller), {}))).toBe('last_owner')
    await latchkey.members.suspend(ofId(last), {}, { actor })
  })

  test('no sign-in outlasts a suspension or a reset that comes at the same time, nor holds it up', async () => {
    await using latchkey = await open()
    await join(latchkey, 'acme', 'owner')
    for (let i = 0; i < rounds(6, 40); i++) {
      const { identityId, caller } = await join(latchkey, 'acme', 'viewer', `p${i}`)
      const id = ofId(caller)
      const signIn = () => [1, 2, 3].map(() => latchkey.sessions.startFor(identityId))
      const [suspended, ...started] = await Promise.allSettled([latchkey.members.suspend(id), ...signIn()])
      expect(suspended).toMatchObject({ status: 'fulfilled' })
      await latchkey.members.resume(id)
      for (const one of started) {
        if (one.status === 'fulfilled')
          expect(await latchkey.sessions.authenticate(one.value)).toBeUndefined()
        else expect(one.reason).toMatchObject({ code: 'session_ended' })
      }
      const [reset, ...more] = await Promise.allSettled([latchkey.members.reset(id, {}), ...signIn()])
      expect(reset).toMatchObject({ status: 'fulfilled' })
      for (const one of more)
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'session_ended' })
    }
  })

  test('nobody changes, makes or removes whom it does not cover', async () => {
    await using latchkey = await open()
    const [owner, admin] = [await join(latchkey, 'acme', 'owner'), await join(latchkey, 'acme', 'admin')]
    const viewer = await join(latchkey, 'acme', 'viewer')
    const key = await makeCaller(latchkey, 'acme', [...admin.caller.permissions])
    const invited = { organizationId: 'acme', email: 'new@example.com', role: 'owner' } as const
    const { id: ofOwner } = await latchkey.invitations.create(invited)
    for (const actor of [admin.caller, key]) {
      for (const change of [
        latchkey.invitations.renew(ofOwner, { actor }),
        latchkey.invitations.revoke(ofOwner, { actor }),
        latchkey.members.update(ofId(owner.caller), { role: 'viewer' }, { actor }),
        latchkey.members.update(ofId(owner.caller), { name: 'Eve' }, { actor }),
        latchkey.members.update(ofId(viewer.caller), { role: 'owner' }, { actor }),
        latchkey.members.suspend(ofId(owner.caller), {}, { actor }),
        latchkey.members.reset(ofId(owner.caller), {}, { actor }),
        latchkey.members.remove(ofId(owner.caller), { actor }),
        latchkey.invitations.create({ email: 'eve@example.com', role: 'owner' }, { actor }),
      ])
        expect(await codeOf(change)).toBe('permission_escalation')
      await latchkey.members.update(ofId(viewer.caller), { role: 'developer' }, { actor })
      await latchkey.members.update(ofId(viewer.caller), { role: 'viewer' }, { actor })
    }
    expect(await codeOf(latchkey.members.suspend(ofId(admin.caller), {}, { actor: viewer.caller }))).toBe(
      'missing_permission',
    )
    // A foreign member is as unknown as one that is not there.
    const rootAdmin = await join(latchkey, 'root', 'admin')
    const foreign = latchkey.members.get(ofId(rootAdmin.caller), { actor: owner.caller })
    expect(await codeOf(foreign)).toBe('member_not_found')
    // An admin of the root organization manages the members of all others, and not those of its own.
    await latchkey.members.update(ofId(viewer.caller), { role: 'admin' }, { actor: rootAdmin.caller })
    for (const change of [
      latchkey.invitations.create({ email: 'eve@example.com', role: 'viewer' }, { actor: rootAdmin.caller }),
      latchkey.members.suspend(ofId(rootAdmin.caller), {}, { actor: rootAdmin.caller }),
      latchkey.webhooks.create(
        { url: 'https://receiver.example/', events: ['*'] },
        { actor: rootAdmin.caller },
      ),
    ])
      expect(await codeOf(change)).toBe('missing_permission')
    // Nor by way of a key that may.
    const giving = { name: 'K', permissions: ['latchkey:members:write'] }
    expect(await codeOf(latchkey.keys.create(giving, { actor: rootAdmin.caller }))).toBe(
      'permission_escalation',
    )
  })

  test('a member grants what its organization lets it, and sets neither limits nor metadata', async () => {
    await using latchkey = await open()
    const { caller: actor } = await join(latchkey, 'acme', 'owner')
    const grant = (permission: string) =>
      latchkey.keys.create({ name: 'K', permissions: [permission] }, { actor })
    expect(await codeOf(grant('emails:send'))).toBe('permission_escalation')
    await latchkey.organizations.update('acme', { grantablePermissions: ['emails:*'] })
    await grant('emails:send')
    expect(await codeOf(grant('sms:send'))).toBe('permission_escalation')
    const limits = [{ name: 'requests', limit: 5, windowSeconds: 60 }]
    expect(await codeOf(latchkey.keys.create({ name: 'K', limits }, { actor }))).toBe('missing_permission')
    expect(await codeOf(latchkey.keys.create({ name: 'K', metadata: { a: 1 } }, { actor }))).toBe(
      'missing_permission',
    )
    const developer = await join(latchkey, 'root', 'developer')
    const forAcme = { organizationId: 'acme', name: 'K', metadata: { a: 1 } }
    expect(await codeOf(latchkey.keys.create(forAcme, { actor: developer.caller }))).toBe(
      'missing_permission',
    )
    // Who says what may be granted is the root organization.
    const widening = latchkey.organizations.update('acme', { grantablePermissions: ['*'] }, { actor })
    expect(await codeOf(widening)).toBe('missing_permission')
    // A key cannot invite somebody who may grant more than itself.
    const key = await makeCaller(latchkey, 'acme', [...actor.permissions])
    const inviting = { email: 'eve@example.com', role: 'developer' } as const
    expect(await codeOf(latchkey.invitations.create(inviting, { actor: key }))).toBe('permission_escalation')
  })

  test('who removes a member says what becomes of the management keys that it has seen', async () => {
    await using latchkey = await open()
    const owner = await join(latchkey, 'acme', 'owner')
    const admin = await join(latchkey, 'acme', 'admin')
    const make = (name: string, permissions: string[]) =>
      latchkey.keys.create({ name, permissions }, { actor: admin.caller })
    const manager = await make('Manager', ['latchkey:keys:read'])
    const plain = await make('Plain', [])
    const rotatedAway = await make('Rotated', ['latchkey:keys:read'])
    await latchkey.keys.rotate(rotatedAway.id, {}, { actor: owner.caller })
    const id = ofId(admin.caller)
    const seen = await latchkey.keys.list({ tokenSeenBy: id }, { actor: owner.caller })
    expect(seen.items.map((key) => key.id).sort()).toEqual([manager.id, plain.id].sort())
    expect(await codeOf(latchkey.members.remove(id, { actor: owner.caller }))).toBe('management_keys_left')
    // Who may revoke no keys does not do so by way of whom it may remove.
    const { permissions } = await latchkey.members.update(id, { role: 'viewer' })
    const actor = await makeCaller(latchkey, 'acme', ['latchkey:members:write', ...permissions])
    const revoking = latchkey.members.remove(id, { actor, managementKeys: 'revoke' })
    expect(await codeOf(revoking)).toBe('missing_permission')
    const left = await latchkey.members.remove(id, { actor: owner.caller, managementKeys: 'revoke' })
    expect(left).toEqual({ success: true, sessionsEnded: 1, tokensSeen: 2, managementKeys: 1 })
    expect(await latchkey.keys.get(manager.id)).toMatchObject({
      status: 'revoked',
      revocationReason: 'owner_left',
      revokedBy: ofId(owner.caller),
    })
    expect(await latchkey.keys.get(plain.id)).toMatchObject({ status: 'active' })
    expect(await latchkey.verify(manager.key)).toMatchObject({ code: 'revoked' })
  })

  test('an erased member leaves its id, its role and its dates, and nothing of who it was', async () => {
    await using latchkey = await open()
    const owner = await join(latchkey, 'acme', 'owner')
    const admin = await join(latchkey, 'acme', 'admin')
    const ada = await join(latchkey, 'acme', 'viewer', 'lovelace')
    const id = ofId(ada.caller)
    expect(await codeOf(latchkey.members.erase(id, { actor: owner.caller }))).toBe('member_exists')
    await latchkey.members.remove(id, { actor: admin.caller })
    expect(await codeOf(latchkey.members.erase(id, { actor: admin.caller }))).toBe('permission_escalation')
    const before = await latchkey.members.get(id)
    const erased = await latchkey.members.erase(id, { actor: owner.caller })
    expect(erased).toEqual({
      ...{ ...before, identities: undefined, revision: erased.revision },
      ...{ email: null, emailVerified: false, name: null },
    })
    expect((await latchkey.members.get(id)).identities).toEqual([])
    const told = JSON.stringify([
      await latchkey.audit.list({}),
      await latchkey.members.list({ status: 'all' }),
      await latchkey.invitations.list({ status: 'all' }),
    ])
    expect(told).not.toContain('lovelace')
    expect(told).toContain('admin-acme@example.com')
    // Again, it changes nothing.
    expect(await latchkey.members.erase(id, { actor: owner.caller })).toEqual(erased)
  })

  test('an edit of what another has edited is refused, if it asks for that', async () => {
    await using latchkey = await open()
    const { caller } = await join(latchkey, 'acme', 'viewer')
    const { revision: ifRevision } = await latchkey.members.get(ofId(caller))
    await latchkey.members.update(ofId(caller), { name: 'Ada' }, { ifRevision })
    expect(await codeOf(latchkey.members.update(ofId(caller), { name: 'Eve' }, { ifRevision }))).toBe(
      'precondition_failed',
    )
  })

  test('what outlives a session takes a fresh sign-in', async () => {
    const clock = makeClock()
    await using latchkey = await open(clock.now)
    const owner = await join(latchkey, 'acme', 'owner')
    const viewer = await join(latchkey, 'acme', 'viewer')
    const actor = owner.caller
    clock.advance(11 * minuteMs)
    const late = [
      latchkey.members.update(ofId(viewer.caller), { role: 'admin' }, { actor }),
      latchkey.members.remove(ofId(viewer.caller), { actor }),
      latchkey.members.reset(ofId(viewer.caller), {}, { actor }),
      latchkey.invitations.create({ email: 'new@example.com', role: 'viewer' }, { actor }),
      latchkey.keys.create({ name: 'K', permissions: ['latchkey:keys:read'] }, { actor }),
    ]
    for (const change of late) {
      const refusal = await refusalOf(change)
      expect(refusal).toMatchObject({ code: 'fresh_sign_in_required', methods: ['provider'] })
    }
    await latchkey.keys.create({ name: 'Ordinary' }, { actor })
    await latchkey.members.suspend(ofId(viewer.caller), {}, { actor })
  })

  test('a session ends when it is idle, too old, or ended; of more than twenty the least recently seen ends', async () => {
    const clock = makeClock()
    await using latchkey = await open(clock.now)
    const ada = await join(latchkey, 'acme', 'viewer')
    const idle = await signInAs(latchkey, ada.identityId, 'acme')
    clock.advance(59 * minuteMs)
    expect(await latchkey.sessions.authenticate(ada)).toBeDefined()
    clock.advance(2 * minuteMs)
    expect(await latchkey.sessions.authenticate(idle)).toBeUndefined()
    // Nor does a change by whoever was found while it lasted.
    expect(await codeOf(latchkey.keys.create({ name: 'K' }, { actor: idle.caller }))).toBe('session_ended')
    expect(await latchkey.members.get(ofId(ada.caller))).toMatchObject({
      lastSeenAt: new Date(clock.now() - 2 * minuteMs),
    })
    const others = []
    for (let i = 0; i < 20; i++) {
      clock.advance(1)
      others.push(await signInAs(latchkey, ada.identityId, 'acme'))
    }
    expect(await latchkey.sessions.authenticate(ada)).toBeUndefined()
    const [first, second] = others as [(typeof others)[0], (typeof others)[0]]
    const sessions = await latchkey.sessions.list({ actor: first.caller })
    expect(sessions).toHaveLength(20)
    expect(sessions.at(-1)).toMatchObject({ current: true, provider: 'acme-okta' })
    await latchkey.sessions.end(second.caller.sessionId, { actor: first.caller })
    expect(await latchkey.sessions.authenticate(second)).toBeUndefined()
    expect(await codeOf(latchkey.keys.create({ name: 'K' }, { actor: second.caller }))).toBe('session_ended')
    await latchkey.sessions.end('self', { actor: first.caller })
    expect(await latchkey.sessions.authenticate(first)).toBeUndefined()
  })
})
