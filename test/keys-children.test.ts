// Child keys: what a key is judged by that is a child of another, and how children are made and ended.
import { expect, test } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { ofAcme, openLines } from './setup/lines.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const hour = 3_600_000
const unknownId = '0192f0c1-0000-7000-8000-000000000000'

onEachDatabase('a child key', (makeDatabase) => {
  const open = async () => openLines(await makeDatabase())

  test('may do no more than its whole line, and lives no longer, at every instant', async () => {
    await using opened = await open()
    const { latchkey, clock, judge, createLine } = opened
    const at = (hours: number) => clock.in(hours * hour)
    const [top, middle, , child] = await createLine(
      4,
      { permissions: ['emails:*', 'files:read', 'latchkey:keys:read'] },
      { permissions: ['*', 'latchkey:*'], expiresAt: at(3) },
      { permissions: ['emails:*', 'files:*', 'latchkey:*'], expiresAt: at(2) },
      { permissions: ['emails:send', 'files:*', 'latchkey:keys:*'], expiresAt: at(5) },
    )
    expect(await judge(child.key)).toMatchObject({
      valid: true,
      permissions: ['emails:send', 'files:read', 'latchkey:keys:read'],
      expiresAt: at(2),
    })
    expect(await judge(child.key, { permissions: ['files:write'] })).toMatchObject({
      code: 'insufficient_permissions',
      missing: ['files:write'],
    })
    await latchkey.keys.update(top.id, { permissions: ['emails:send'] })
    expect(await judge(child.key)).toMatchObject({ permissions: ['emails:send'] })
    await latchkey.keys.update(middle.id, { expiresAt: at(1) })
    expect(await judge(child.key)).toMatchObject({ valid: true, expiresAt: at(1) })
    clock.advance(hour)
    expect(await judge(child.key)).toMatchObject({ code: 'expired', ancestorId: middle.id })
    await latchkey.keys.update(middle.id, { expiresAt: null })
    expect(await judge(child.key)).toMatchObject({ valid: true })
    await latchkey.keys.revoke(top.id)
    expect(await judge(child.key)).toMatchObject({ code: 'revoked', ancestorId: top.id, keyId: child.id })
    await latchkey.keys.revoke(child.id)
    expect(await judge(child.key)).not.toHaveProperty('ancestorId')
    expect(await latchkey.keys.get(child.id)).toMatchObject({ parentId: expect.any(String) })
  })

  test('ends with the token by which its parent made it, and one that another key made does not', async () => {
    await using opened = await open()
    const { latchkey, clock, judge, create } = opened
    const make = async () => {
      const parent = await create()
      const derived = await latchkey.keys.derive(
        { name: 'D', permissions: ['emails:send'] },
        { actor: await callerBy(latchkey, parent.key) },
      )
      return { parent, derived, given: await create({ parentId: parent.id }) }
    }
    const codes = async ({ derived, given }: Awaited<ReturnType<typeof make>>) => [
      (await judge(derived.key)).code,
      (await judge(given.key)).code,
    ]
    const rotated = await make()
    expect(rotated.derived).toMatchObject({ parentId: rotated.parent.id, expiresAt: clock.in(hour) })
    expect(await codes(rotated)).toEqual(['valid', 'valid'])
    await latchkey.keys.rotate(rotated.parent.id)
    expect(await codes(rotated)).toEqual(['rotated', 'valid'])
    expect(await judge(rotated.derived.key)).toEqual({
      valid: false,
      code: 'rotated',
      keyId: rotated.derived.id,
      ancestorId: rotated.parent.id,
    })

    const kept = await make()
    await latchkey.keys.rotate(kept.parent.id, { keepChildren: true })
    expect(await codes(kept)).toEqual(['valid', 'valid'])
    // It ends with the token that it goes on with.
    await latchkey.keys.rotate(kept.parent.id, { graceSeconds: 60 })
    expect(await codes(kept)).toEqual(['valid', 'valid'])
    clock.advance(60_000)
    expect(await codes(kept)).toEqual(['rotated', 'valid'])

    const cut = await make()
    await latchkey.keys.rotate(cut.parent.id, { graceSeconds: 60 })
    const { secrets } = await latchkey.keys.get(cut.parent.id)
    await latchkey.keys.endSecret(cut.parent.id, secrets[1]?.kid as string)
    expect(await codes(cut)).toEqual(['rotated', 'valid'])
    await latchkey.keys.revoke(cut.parent.id)
    expect(await codes(cut)).toEqual(['revoked', 'revoked'])
  })

  test('is refused for a parent that cannot have it', async () => {
    await using opened = await open()
    const { latchkey, clock, create, createLine } = opened
    await latchkey.organizations.create({ id: 'other', name: 'Other' })
    const line = await createLine(4, {}, { expiresAt: clock.in(hour) })
    const foreign = await create({ organizationId: 'other' })
    const revoked = await create()
    const ofRevoked = await create({ parentId: revoked.id })
    await latchkey.keys.revoke(revoked.id)
    const codeFor = (parentId: unknown) => codeOf(create({ parentId } as object))
    expect(await codeFor(line[3].id)).toBe('line_too_long')
    for (const id of [foreign.id, unknownId]) expect(await codeFor(id)).toBe('key_not_found')
    for (const id of [revoked.id, ofRevoked.id]) expect(await codeFor(id)).toBe('key_revoked')
    for (const id of ['', 'x', 7, null, {}, [line[0].id]]) expect(await codeFor(id)).toBe('invalid_input')
    expect(await codeOf(latchkey.keys.update(line[1].id, { parentId: line[3].id } as object))).toBe(
      'invalid_input',
    )
    const caller = await callerBy(latchkey, line[3].key)
    expect(await codeOf(latchkey.keys.derive({ name: 'D' }, { actor: caller }))).toBe('line_too_long')
    clock.advance(hour)
    expect(await codeFor(line[2].id)).toBe('key_expired')
  })

  test('that a key derives holds no more than it, and lives no longer', async () => {
    await using opened = await open()
    const { latchkey, clock, create } = opened
    const parent = await create({ expiresAt: clock.in(2 * hour) })
    const actor = await callerBy(latchkey, parent.key)
    const derive = (input: object) => latchkey.keys.derive({ name: 'D', ...input }, { actor })
    for (const input of [
      { permissions: ['files:read'] },
      { permissions: ['latchkey:keys:read'] },
      { expiresAt: clock.in(3 * hour) },
    ])
      expect(await codeOf(derive(input)), JSON.stringify(input)).toBe('permission_escalation')
    for (const input of [
      ...[
        { expiresAt: null },
        { expiresAt: clock.in(-1) },
        { parentId: parent.id },
        { organizationId: 'acme' },
      ],
      ...[{ createdBy: 'u' }, { prefix: 'eu' }, { permissions: ['latchkey:x'] }, { name: '' }],
    ])
      expect(await codeOf(derive(input)), JSON.stringify(input)).toBe('invalid_input')
    expect(await codeOf(latchkey.keys.derive({ name: 'D' }))).toBe('invalid_input')
    const made = await derive({ permissions: ['emails:send'], expiresAt: clock.in(2 * hour) })
    const other = await callerBy(latchkey, made.key)
    expect(await codeOf(latchkey.keys.derive({ name: 'D' }, { actor: other }))).toBe('missing_permission')
  })

  test('that a key derives lives for an hour, or as long as the key if that ends before', async () => {
    await using opened = await open()
    const { latchkey, clock, create } = opened
    const permissions = ['latchkey:self:derive']
    const derive = async (token: string, input: object = {}) =>
      latchkey.keys.derive({ name: 'D', permissions, ...input }, { actor: await callerBy(latchkey, token) })
    const end = clock.in(2 * hour)
    const parent = await create({ expiresAt: end })
    const child = await derive(parent.key)
    expect(child.expiresAt).toEqual(clock.in(hour))
    clock.advance(1)
    // Its line ends before its own hour would be over.
    expect((await derive(child.key)).expiresAt).toEqual(child.expiresAt)
    clock.advance(hour + hour / 2)
    expect((await derive(parent.key)).expiresAt).toEqual(end)
    expect(await codeOf(derive(parent.key, { notBefore: end }))).toBe('invalid_input')
    expect(await codeOf(derive(parent.key, { expiresAt: clock.in(hour) }))).toBe('permission_escalation')
  })

  test('is listed and ended by its parent, and by nobody else', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { latchkey, url, rootKey } = server
    await createAcme(latchkey)
    const parent = await latchkey.keys.create({ ...ofAcme, permissions: ['latchkey:*'] })
    const other = await latchkey.keys.create({ ...ofAcme, permissions: ['latchkey:*'] })
    const own = createClient({ url, token: parent.key })
    const children = [await own.keys.derive({ name: 'One' }), await own.keys.derive({ name: 'Two' })]
    const listed = await own.keys.listChildren(parent.id, { limit: 1 })
    expect(listed.items).toMatchObject([{ id: children[1]?.id, parentId: parent.id, createdBy: parent.id }])
    const rest = await createClient({ url, token: rootKey }).keys.listChildren(parent.id, {
      after: listed.next as string,
    })
    expect(rest.items.map(({ id }) => id)).toEqual([children[0]?.id])
    const id = children[0]?.id as string
    const stranger = createClient({ url, token: other.key })
    for (const revoking of [
      () => stranger.keys.revokeChild(id),
      () => own.keys.revokeChild(other.id),
      () => own.keys.revokeChild('x'),
    ])
      await expect(revoking()).rejects.toMatchObject({ code: 'key_not_found' })
    expect((await stranger.keys.listChildren(other.id)).items).toEqual([])
    await expect(stranger.keys.listChildren(unknownId)).rejects.toMatchObject({ code: 'key_not_found' })
    expect(await own.keys.revokeChild(id, { wait: 'applied' })).toMatchObject({
      applied: { confirmed: true },
    })
    await own.keys.revokeChild(id)
    expect(await latchkey.verify(children[0]?.key as string)).toMatchObject({ code: 'revoked' })
    const { items } = await latchkey.audit.list({ keyId: id })
    expect(items.map(({ action, changes }) => [action, changes.parent_id])).toEqual([
      ['key.revoked', undefined],
      ['key.created', parent.id],
    ])
    // A verifier hears of a parent's end, and then judges its children anew.
    await using verifier = createVerifier({ url, token: rootKey })
    await verifier.ready()
    const token = children[1]?.key as string
    const question = { permissions: ['latchkey:self:derive'] }
    expect((await verifier.verify(token, question)).code).toBe('insufficient_permissions')
    expect(verifier.verifyCached(token)).toMatchObject({ valid: true })
    await latchkey.keys.rotate(parent.id)
    await expect
      .poll(async () => verifier.verify(token))
      .toMatchObject({ code: 'rotated', ancestorId: parent.id })
    const proxied = await server.request('GET', '/v1/auth', { token })
    expect([proxied.status, proxied.headers.get('x-latchkey-code')]).toEqual([401, 'rotated'])
  })

  test('draws from the limits of its line too, and no key leaves its own limits by a parent', async () => {
    await using opened = await open()
    const { latchkey, create } = opened
    const limits = [{ name: 'credits', limit: 3, resets: null }]
    const limited = await create({ permissions: ['latchkey:keys:write', 'latchkey:self:derive'], limits })
    const actor = await callerBy(latchkey, limited.key)
    const derived = await latchkey.keys.derive({ name: 'D' }, { actor })
    const below = await create({ parentId: derived.id })
    for (const key of [derived, below, limited].map(({ key }) => key))
      expect((await latchkey.verify(key)).code).toBe('valid')
    for (const key of [derived, below, limited].map(({ key }) => key))
      expect((await latchkey.verify(key)).code).toBe('quota_exceeded')
    const free = await create()
    const making = (parentId: string) => latchkey.keys.create({ name: 'N', parentId }, { actor })
    expect(await refusalOf(making(free.id))).toMatchObject({ code: 'permission_escalation' })
    expect(await making(below.id)).toMatchObject({ parentId: below.id })
  })
})
