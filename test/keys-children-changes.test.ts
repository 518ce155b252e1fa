// Changes by child keys, and the making of children: what is locked, and counted, while others change the same line.
import { expect, test } from 'vitest'
import { type CreatedKey, openLatchkey } from '../src/index.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { ofAcme, openLines } from './setup/lines.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const hour = 3_600_000

onEachDatabase('a child key that changes things', (makeDatabase, kind) => {
  const open = async () => openLines(await makeDatabase())

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

  test('is one of 10,000 live ones at most, whoever made them', async () => {
    await using opened = await open()
    const { latchkey, database, clock, create } = opened
    await using other = await openLatchkey({ database, now: clock.now })
    await using direct = await connectDirectly(database)
    const parent = await create()
    const actor = await callerBy(latchkey, parent.key)
    const give = () => create({ parentId: parent.id })
    const derive = (by = actor) => latchkey.keys.derive({ name: 'D' }, { actor: by })
    /** Has a key of the parent there many times more. */
    const multiply = (id: string, count: number) => {
      const columns =
        'organization_id, name, name_folded, permissions, metadata, created_at, prefix, kid, parent_kid, parent_id, expires_at'
      return direct.run(`insert into keys (id, ${columns})
        with recursive counted(n) as (select 1 union all select n + 1 from counted where n < ${count})
        select '${id}' || n, ${columns} from counted, keys where id = '${id}'`)
    }
    const [given, made] = [await give(), await derive()]
    await multiply(given.id, 4_999)
    await multiply(made.id, 4_999)
    for (const making of [give, derive]) expect(await codeOf(making())).toBe('too_many_children')
    // What is revoked or has expired is none of them.
    await latchkey.keys.revokeChild(made.id, { actor })
    const both = [derive(), other.keys.create({ ...ofAcme, parentId: parent.id })]
    const outcomes = await Promise.allSettled(both)
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    clock.advance(hour)
    expect(await give()).toMatchObject({ parentId: parent.id })
    await multiply((await derive()).id, 4_998)
    expect(await codeOf(give())).toBe('too_many_children')
    // Nor is what has ended with the token that made it: by its end, or at once.
    const { key } = await latchkey.keys.rotate(parent.id, { graceSeconds: 60 })
    const next = await callerBy(latchkey, key)
    expect(await codeOf(derive(next))).toBe('too_many_children')
    await latchkey.keys.endSecret(parent.id, actor.kid)
    await multiply((await derive(next)).id, 4_998)
    expect(await codeOf(derive(next))).toBe('too_many_children')
    const last = await latchkey.keys.rotate(parent.id)
    expect(await derive(await callerBy(latchkey, last.key))).toMatchObject({ parentId: parent.id })
  })

  if (kind === 'PostgreSQL')
    test('is counted with those that another process is making, and keeps nobody else waiting', async () => {
      await using opened = await open()
      const { latchkey: one, database, clock, create } = opened
      await using other = await openLatchkey({ database, now: clock.now })
      await using direct = await connectDirectly(database)
      const parent = await create()
      const { id } = await create({ parentId: parent.id })
      await direct.run(`insert into keys (id, organization_id, name, name_folded, permissions, metadata, created_at, prefix, kid, parent_id)
        select id || n, organization_id, name, name_folded, permissions, metadata, created_at, prefix, kid, parent_id
        from keys, generate_series(1, 9998) as n where id = '${id}'`)
      const waits = async () => (await direct.run('select 1 from pg_locks where not granted')).length
      const waitFor = (count: number) => expect.poll(waits, { interval: 10 }).toBe(count)
      // The first is counted, and then waits for a table; the second waits for the first.
      await direct.run('begin')
      await direct.run('lock table latchkey.secrets in exclusive mode')
      const first = one.keys.derive({ name: 'D' }, { actor: await callerBy(one, parent.key) })
      await waitFor(1)
      const second = codeOf(other.keys.create({ ...ofAcme, parentId: parent.id }))
      await waitFor(2)
      await direct.run('commit')
      expect([(await first).parentId, await second]).toEqual([parent.id, 'too_many_children'])

      await using server = await startTestServer(database)
      const { id: parentId } = await create()
      const once = { token: server.rootKey, headers: { 'idempotency-key': 'once' } }
      const body = JSON.stringify({ organization_id: 'acme', name: 'Once', parent_id: parentId })
      const making = async () => (await server.request('POST', '/v1/keys', { ...once, body })).json
      // It lets go after a while, which on a slow machine may be before the other one is made.
      let isPassed = false
      for (let tries = 0; tries < 5 && !isPassed; tries++) {
        await direct.run('begin')
        await direct.run(`select pg_advisory_xact_lock(hashtextextended('${parentId}', ${0x6c61_7465}))`)
        let isOver = false
        const held = making().finally(() => {
          isOver = true
        })
        await waitFor(1)
        await server.latchkey.keys.create(ofAcme)
        isPassed = !isOver
        await direct.run('commit')
        await held
      }
      expect(isPassed).toBe(true)
      const { id: madeId } = (await making()) as { id: string }
      expect(await making()).toMatchObject({ id: madeId, parent_id: parentId })
      expect((await one.keys.listChildren(parentId)).items).toHaveLength(1)
    })
})
