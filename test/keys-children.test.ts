// Child keys: what a key is judged by that is a child of another, and how children are made and ended.
import { expect, test } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import { type CreatedKey, type CreateKeyInput, openLatchkey, type VerifyOptions } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const hour = 3_600_000
const ofAcme = { organizationId: 'acme', name: 'K', permissions: ['emails:*', 'latchkey:self:derive'] }
const unknownId = '0192f0c1-0000-7000-8000-000000000000'

onEachDatabase('a child key', (makeDatabase, kind) => {
  async function open() {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now })
    // Reads each secret from the database.
    const cold = await openLatchkey({ database, now: clock.now, cachedSecrets: 0 })
    await createAcme(latchkey)
    const create = (input: Partial<CreateKeyInput> = {}) => latchkey.keys.create({ ...ofAcme, ...input })
    /** A line of so many keys, the one first that is no child. */
    const createLine = async (length: number, ...inputs: Partial<CreateKeyInput>[]) => {
      const line: CreatedKey[] = []
      for (let i = 0; i < length; i++)
        line.push(await create({ ...inputs[i], ...(i > 0 && { parentId: line[i - 1]?.id as string }) }))
      return line as [CreatedKey, CreatedKey, CreatedKey, CreatedKey]
    }
    const judge = async (token: string, question: VerifyOptions = {}) => {
      const verdict = await latchkey.verify(token, question)
      expect(await cold.verify(token, question)).toEqual(verdict)
      expect(await latchkey.verify(token, question)).toEqual(verdict)
      return verdict
    }
    const close = async () => {
      await latchkey.close()
      await cold.close()
    }
    return { database, clock, latchkey, create, createLine, judge, [Symbol.asyncDispose]: close }
  }

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

  test('acts as a caller only as far as its line lets it', async () => {
    await using opened = await open()
    const { latchkey, createLine } = opened
    const [top, child] = await createLine(
      2,
      { permissions: ['latchkey:keys:write', 'emails:*'] },
      { permissions: ['latchkey:*', 'emails:*'] },
    )
    const actor = await callerBy(latchkey, child.key)
    expect(actor.permissions).toEqual(['latchkey:keys:write', 'emails:*'])
    // A caller says what it was when it was authenticated: a change goes by what it is.
    const actorBefore = { ...actor, permissions: ['latchkey:*', '*'] }
    const making = (permissions: string[]) =>
      latchkey.keys.create({ name: 'N', permissions }, { actor: actorBefore })
    expect(await codeOf(making(['latchkey:audit:read']))).toBe('permission_escalation')
    expect(await making(['emails:send'])).toMatchObject({ createdBy: child.id })
    await latchkey.keys.revoke(top.id)
    expect(await codeOf(making([]))).toBe('invalid_token')
  })

  if (kind === 'PostgreSQL')
    test('changes nothing behind the revocation of a key of its line that is under way, nor that before its change', async () => {
      await using opened = await open()
      const { database, clock, latchkey: one, createLine } = opened
      await using other = await openLatchkey({ database, now: clock.now })
      await using direct = await connectDirectly(database)
      const waits = async () => (await direct.run('select 1 from pg_locks where not granted')).length
      const waitFor = (count: number) => expect.poll(waits, { interval: 10 }).toBe(count)
      const writer = { permissions: ['latchkey:keys:write', 'emails:*'] }
      for (const at of [0, 1, 2] as const) {
        const line = await createLine(4, writer, writer, writer, writer)
        const [child, ended] = [line[3], line[at]]
        const victim = await one.keys.create({ ...ofAcme, permissions: ['emails:send'] })
        const options = { actor: await callerBy(other, child.key) }
        const change = () => other.keys.update(victim.id, { name: 'Later' }, options)
        const countEvents = async () => (await one.audit.list({ actor: child.id })).items.length
        // The change is admitted, and then waits for the row.
        await direct.run('begin')
        await direct.run(`select id from keys where id = '${victim.id}' for update`)
        const changing = change()
        await waitFor(1)
        const revoking = one.keys.suspend(ended.id).then(countEvents)
        await waitFor(2)
        await direct.run('commit')
        await changing
        expect(await revoking).toBe(1)
        await one.keys.resume(ended.id)
        // The end of an ancestor is, before the change asks whether it may.
        await direct.run('begin')
        await direct.run(`select id from keys where id = '${ended.id}' for update`)
        const ending = one.keys.revoke(ended.id)
        await waitFor(1)
        const late = [codeOf(change()), codeOf(other.keys.create({ name: 'Later' }, options))]
        await waitFor(3)
        await direct.run('commit')
        await ending
        expect(await Promise.all(late)).toEqual(['invalid_token', 'invalid_token'])
        expect(await countEvents()).toBe(1)
      }
    })

  test('waits for no key of its line in a circle', async () => {
    await using opened = await open()
    const { database, clock, latchkey: one, createLine, create } = opened
    await using other = await openLatchkey({ database, now: clock.now })
    const writer = { permissions: ['latchkey:keys:write', 'emails:*', 'latchkey:self:derive'] }
    const [top, middle, child] = await createLine(3, writer, writer, writer)
    const sibling = await create({ ...writer, parentId: middle.id })
    const by = async (on: typeof one, { key }: CreatedKey) => ({ actor: await callerBy(on, key) })
    const [byTop, byChild, bySibling] = [await by(one, top), await by(one, child), await by(other, sibling)]
    for (let i = 0; i < 5; i++)
      await Promise.all([
        one.keys.update(top.id, { name: `${i}` }, byChild),
        other.keys.update(middle.id, { name: `${i}` }, bySibling),
        other.keys.update(child.id, { name: `${i}` }, bySibling),
        one.keys.update(sibling.id, { name: `${i}` }, byChild),
        one.keys.update(child.id, { name: `${i}` }, byTop),
        one.keys.derive({ name: `${i}` }, byChild),
        other.keys.derive({ name: `${i}` }, bySibling),
        other.keys.create({ name: `${i}`, parentId: sibling.id }, bySibling),
      ])
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

  test('that a key derives holds no more than it, lives no longer, and is one of 10,000 at most', async () => {
    await using opened = await open()
    const { latchkey, database, clock, create } = opened
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
    await using direct = await connectDirectly(database)
    const columns =
      'organization_id, name, name_folded, permissions, metadata, created_at, prefix, kid, parent_kid, parent_id'
    await direct.run(`insert into keys (id, expires_at, ${columns})
      with recursive counted(n) as (select 1 union all select n + 1 from counted where n < 9999)
      select 'n' || n, expires_at, ${columns} from counted, keys where id = '${made.id}'`)
    expect(await codeOf(derive({}))).toBe('too_many_children')
    await latchkey.keys.revokeChild(made.id, { actor })
    expect(await derive({})).toMatchObject({ parentId: parent.id })
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
