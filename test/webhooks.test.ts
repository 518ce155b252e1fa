// Webhooks: what is sent, to whom, how it is signed, and what becomes of what cannot be delivered.
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Latchkey, type LatchkeyOptions, openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { readPlaceBefore } from '../src/store/webhook-log.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startReceiver, verifyMessage } from './setup/receiver.ts'
import { refusalOf } from './setup/refusal.ts'

const minute = 60_000
/** On PostgreSQL nothing else holds them. */
const sealingKeys = [randomBytes(32).toString('base64')]

async function open(database: string, options: Partial<LatchkeyOptions> = {}): Promise<Latchkey> {
  return openLatchkey({ database, webhookNetworks: ['127.0.0.0/8'], sealingKeys, ...options })
}

const statesOf = async (latchkey: Latchkey, id: string) =>
  (await latchkey.webhooks.listDeliveries(id)).items.map(({ type, state }) => `${type} ${state}`)

onEachDatabase('webhooks', (makeDatabase) => {
  test('an event is sent to who asked for it, signed, with the key as it stood', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'other', name: 'Other' })
    const receiver = await startReceiver()
    const hook = await latchkey.webhooks.create({
      url: `${receiver.url}/acme`,
      events: ['key.*'],
      sourceOrganizationId: 'acme',
    })
    expect(hook.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const key = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:send'],
      metadata: { customerId: 7 },
    })
    await latchkey.keys.create({ organizationId: 'other', name: 'Stranger' })
    await latchkey.keys.update(key.id, { name: 'Deploys', metadata: {} })
    await latchkey.keys.rotate(key.id)
    await latchkey.keys.revoke(key.id)
    await receiver.has(4)
    const byType = new Map(receiver.received.map((one) => [one.message.type, one]))
    expect([...byType.keys()].sort()).toEqual(['key.created', 'key.revoked', 'key.rotated', 'key.updated'])
    for (const one of receiver.received) expect(verifyMessage(one, hook.secret)).toEqual(one.message)
    const created = byType.get('key.created')?.message ?? expect.unreachable()
    expect(created).toMatchObject({
      type: 'key.created',
      timestamp: created.data.event.at,
      data: {
        event: { action: 'key.created', key_id: key.id, organization_id: 'acme', actor_type: 'operator' },
        key: {
          id: key.id,
          name: 'CI',
          permissions: ['emails:send'],
          metadata: { customerId: 7 },
          revoked_at: null,
          status: 'active',
          hint: key.hint,
        },
      },
    })
    expect(byType.get('key.updated')?.message.data.key).toMatchObject({
      name: 'Deploys',
      metadata: {},
      hint: key.hint,
      revoked_at: null,
    })
    expect(byType.get('key.rotated')?.message.data.key.hint).not.toBe(key.hint)
    expect(byType.get('key.revoked')?.message.data.key).toMatchObject({ status: 'revoked' })
    const sequences = receiver.received.map(({ message }) => message.data.event.sequence)
    expect(new Set(sequences).size).toBe(4)
    // No token anywhere, and no secret where it does not belong.
    const all = receiver.received.map(({ body }) => body).join()
    expect(all).not.toContain(key.key)
    expect(all).not.toContain(hook.secret.slice(6))
    await expect.poll(() => statesOf(latchkey, hook.id)).toHaveLength(4)
    expect(await latchkey.webhooks.get(hook.id)).toMatchObject({ status: 'active', pending: 0 })
    const { items } = await latchkey.webhooks.listDeliveries(hook.id)
    expect(items.map(({ state }) => state)).toEqual(Array(4).fill('delivered'))
    expect(items.map(({ sequence }) => sequence)).toEqual([...sequences].sort((a, b) => b - a))
  })

  test('what fails is sent again, the same bytes under the same id, and told as it stands', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    let failures = 1
    const receiver = await startReceiver((_, response) => {
      if (failures-- > 0) response.writeHead(500, { 'content-type': 'text/plain' }).end('not\0 now')
      else response.writeHead(204).end()
    })
    const hook = await latchkey.webhooks.create({ url: receiver.url, events: ['key.created'] })
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await receiver.has(1)
    await expect.poll(() => statesOf(latchkey, hook.id)).toEqual(['key.created pending'])
    const [pending] = (await latchkey.webhooks.listDeliveries(hook.id)).items
    expect(pending).toMatchObject({
      attempts: 1,
      httpStatus: 500,
      error: 'The receiver answered 500.',
      answer: 'not\ufffd now',
    })
    expect((pending?.nextAttemptAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(2_000)
    expect(await latchkey.webhooks.get(hook.id)).toMatchObject({ status: 'failing', pending: 1 })
    // The key is another one by now, and the message is not.
    await latchkey.keys.update(key.id, { name: 'Later' })
    await latchkey.webhooks.retryDelivery(hook.id, pending?.id ?? '')
    const [first, second] = await receiver.has(2)
    expect([second?.id, second?.body]).toEqual([first?.id, first?.body])
    expect(second?.message.data.key.name).toBe('CI')
    await expect.poll(() => statesOf(latchkey, hook.id)).toEqual(['key.created delivered'])
    expect(await latchkey.webhooks.get(hook.id)).toMatchObject({ status: 'active', failingSince: null })
    expect(latchkey.attemptCounts()).toMatchObject({ delivered: 1, refused: 1, connection: 0, timeout: 0 })
    // One that was delivered is written anew for another time, to the same bytes.
    await latchkey.webhooks.retryDelivery(hook.id, pending?.id ?? '')
    const third = (await receiver.has(3))[2]
    expect([third?.id, third?.body]).toEqual([first?.id, first?.body])
    const refused = await refusalOf(latchkey.webhooks.retryDelivery(hook.id, key.id))
    expect(refused.code).toBe('delivery_not_found')
  })

  test('a receiver that is gone is sent nothing more, and everybody is told', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    const gone = await startReceiver((_, response) => response.writeHead(410).end())
    const watching = await startReceiver()
    const hook = await latchkey.webhooks.create({
      url: `${gone.url}/T0/B0?key=hidden`,
      events: ['key.created'],
    })
    await latchkey.webhooks.create({ url: watching.url, events: ['webhook.disabled'] })
    await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const [told] = await watching.has(1)
    expect(told?.message.data.event).toMatchObject({
      actor_type: 'system',
      changes: { webhook_id: hook.id, reason: 'gone', url: `${gone.url}/…` },
    })
    expect(await latchkey.webhooks.get(hook.id)).toMatchObject({ status: 'disabled', disabledReason: 'gone' })
    await latchkey.keys.create({ organizationId: 'acme', name: 'Another' })
    await watching.has(1)
    // Enabled again from where it stopped, it gets what it has missed.
    const taking = await startReceiver()
    await latchkey.webhooks.update(hook.id, { enabled: true, url: taking.url })
    await taking.has(2)
    expect(taking.received.map(({ message }) => message.data.key.name).sort()).toEqual(['Another', 'CI'])
    expect(gone.received).toHaveLength(1)
  })

  test('one is disabled by hand, goes on with what comes now, and sends once more what it is asked for', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    const receiver = await startReceiver()
    const before = new Date(Date.now() - 1_000)
    await latchkey.keys.create({ organizationId: 'acme', name: 'Before' })
    const hook = await latchkey.webhooks.create({ url: receiver.url, events: ['key.created'] })
    await latchkey.webhooks.update(hook.id, { enabled: false })
    await latchkey.keys.create({ organizationId: 'acme', name: 'Missed' })
    await expect.poll(async () => (await latchkey.audit.list({ action: 'key.created' })).items.length).toBe(2)
    // Sealed by now, and not sent.
    await setTimeout(600)
    await latchkey.webhooks.update(hook.id, { enabled: true, resumeFrom: 'now' })
    await latchkey.keys.create({ organizationId: 'acme', name: 'Now' })
    await receiver.has(1)
    expect(receiver.received.map(({ message }) => message.data.key.name)).toEqual(['Now'])
    await expect.poll(() => statesOf(latchkey, hook.id)).toHaveLength(1)
    await latchkey.webhooks.replay(hook.id, { since: before })
    await receiver.has(4)
    expect(new Set(receiver.received.map(({ message }) => message.data.key.name))).toEqual(
      new Set(['Now', 'Before', 'Missed']),
    )
    const ids = receiver.received.map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
    const refused = await refusalOf(
      latchkey.webhooks.replay(hook.id, { since: new Date(Date.now() - 31 * 86_400_000) }),
    )
    expect(refused.code).toBe('invalid_input')
  })

  test('after a rotation both secrets sign for a while, and after a leak only the new one', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    const receiver = await startReceiver()
    const hook = await latchkey.webhooks.create({ url: receiver.url, events: ['key.created'] })
    const second = await latchkey.webhooks.rotate(hook.id)
    expect(second.graceEndsAt?.getTime()).toBeGreaterThan(Date.now())
    expect(await latchkey.webhooks.test(hook.id)).toMatchObject({
      delivered: true,
      httpStatus: 200,
      error: null,
    })
    const [both] = await receiver.has(1)
    if (both === undefined) return expect.unreachable()
    for (const { secret } of [hook, second]) verifyMessage(both, secret)
    const third = await latchkey.webhooks.rotate(hook.id, { graceSeconds: 0 })
    await latchkey.webhooks.test(hook.id)
    const one = (await receiver.has(2))[1]
    if (one === undefined) return expect.unreachable()
    verifyMessage(one, third.secret)
    for (const { secret } of [hook, second]) expect(() => verifyMessage(one, secret)).toThrow()
    expect(one.message.type).toBe('webhook.test')
    expect(await statesOf(latchkey, hook.id)).toEqual([])
  })

  test('nobody reaches another organization’s webhooks, sends to where nobody may, or has more than fit', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'other', name: 'Other' })
    const actorOf = async (organizationId: string, permissions: string[]) => {
      const { key } = await latchkey.keys.create({ organizationId, name: 'Admin', permissions })
      return (await latchkey.authenticate(key)) ?? expect.unreachable('The key is live.')
    }
    const acme = await actorOf('acme', ['latchkey:webhooks:*'])
    const other = await actorOf('other', ['latchkey:webhooks:*'])
    const reader = await actorOf('acme', ['latchkey:webhooks:read'])
    const url = 'https://receiver.example/hooks'
    const hook = await latchkey.webhooks.create({ url, events: ['*'] }, { actor: acme })
    expect(hook).toMatchObject({ organizationId: 'acme', createdBy: acme.keyId })
    const foreign = { actor: other }
    for (const call of [
      () => latchkey.webhooks.get(hook.id, foreign),
      () => latchkey.webhooks.update(hook.id, { description: 'x' }, foreign),
      () => latchkey.webhooks.delete(hook.id, foreign),
      () => latchkey.webhooks.rotate(hook.id, {}, foreign),
      () => latchkey.webhooks.test(hook.id, foreign),
      () => latchkey.webhooks.replay(hook.id, { since: new Date() }, foreign),
      () => latchkey.webhooks.listDeliveries(hook.id, {}, foreign),
      () => latchkey.webhooks.retryDelivery(hook.id, hook.id, foreign),
    ])
      expect((await refusalOf(call())).code).toBe('webhook_not_found')
    expect((await latchkey.webhooks.list({}, foreign)).items).toEqual([])
    expect((await refusalOf(latchkey.webhooks.list({ organizationId: 'acme' }, foreign))).code).toBe(
      'organization_not_found',
    )
    const named = { url, events: ['*'], organizationId: 'acme' }
    expect((await refusalOf(latchkey.webhooks.create(named, foreign))).code).toBe('organization_not_found')
    for (const call of [
      () => latchkey.webhooks.create({ url, events: ['*'] }, { actor: reader }),
      () => latchkey.webhooks.test(hook.id, { actor: reader }),
      () => latchkey.webhooks.update(hook.id, { description: 'x' }, { actor: reader }),
      () => latchkey.webhooks.delete(hook.id, { actor: reader }),
      () => latchkey.webhooks.rotate(hook.id, {}, { actor: reader }),
      () => latchkey.webhooks.replay(hook.id, { since: new Date() }, { actor: reader }),
      () => latchkey.webhooks.retryDelivery(hook.id, hook.id, { actor: reader }),
    ])
      expect((await refusalOf(call())).code).toBe('missing_permission')
    expect(await latchkey.webhooks.get(hook.id, { actor: reader })).toMatchObject({ id: hook.id })
    // What the operator allows itself is nothing for customers.
    const wrong: Record<string, unknown>[] = [
      { url: 'http://127.0.0.1/' },
      { url: 'https://127.0.0.1/' },
      { url: 'https://[::ffff:7f00:1]/' },
      { url: 'https://169.254.169.254/' },
      { url: 'https://user:password@receiver.example/' },
      ...['\u0000', '\t', ' ', '\u202e', '\\@127.0.0.1/'].map((odd) => ({
        url: `https://receiver.example${odd}`,
      })),
      { sourceOrganizationId: 'other' },
      { events: [] },
      { events: ['key.nothing'] },
      { events: ['nothing.*'] },
      { events: ['key.'] },
      { events: 'key.*' },
      { description: '' },
      { description: 'a\u0000' },
    ]
    for (const input of wrong) {
      const refused = await refusalOf(
        latchkey.webhooks.create({ url, events: ['*'], ...input } as never, { actor: acme }),
      )
      expect(refused.code, JSON.stringify(input)).toBe('invalid_input')
    }
    const inside = latchkey.webhooks.update(hook.id, { url: 'https://127.0.0.1/' }, { actor: acme })
    expect((await refusalOf(inside)).code).toBe('invalid_input')
    const ofNobody = latchkey.webhooks.create({ url, events: ['*'], sourceOrganizationId: 'nobody' })
    expect((await refusalOf(ofNobody)).code).toBe('organization_not_found')
    for (let i = 1; i < 20; i++) await latchkey.webhooks.create({ url, events: ['*'] }, { actor: acme })
    const refused = await refusalOf(latchkey.webhooks.create({ url, events: ['*'] }, { actor: acme }))
    expect(refused.code).toBe('too_many_webhooks')
    await latchkey.webhooks.delete(hook.id, { actor: acme })
    expect((await refusalOf(latchkey.webhooks.get(hook.id))).code).toBe('webhook_not_found')
    await latchkey.webhooks.create({ url, events: ['*'] }, { actor: acme })
    expect((await latchkey.webhooks.list({ limit: 7 }, { actor: acme })).items).toHaveLength(7)
  })

  test('in an outage one is tried at a step, and the one that somebody asks for at once; all follow when it arrives', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    let isDown = true
    const receiver = await startReceiver((_, response) => response.writeHead(isDown ? 500 : 200).end())
    const hook = await latchkey.webhooks.create({ url: receiver.url, events: ['key.created'] })
    const made = Array.from({ length: 30 }, (_, i) =>
      latchkey.keys.create({ organizationId: 'acme', name: `Key ${i}` }),
    )
    await Promise.all(made)
    await receiver.has(10)
    await expect.poll(async () => (await latchkey.webhooks.get(hook.id)).pending).toBeGreaterThan(9)
    // What was under way when the tenth failed has come to its end; the rest stays in the log.
    const { pending } = await latchkey.webhooks.get(hook.id)
    expect(pending).toBeLessThan(30)
    const before = receiver.received.length
    expect(before).toBe(pending)
    const { items } = await latchkey.webhooks.listDeliveries(hook.id, { state: 'pending' })
    const last = items.at(0)?.id ?? expect.unreachable('Some wait.')
    isDown = false
    await latchkey.webhooks.retryDelivery(hook.id, last)
    await receiver.has(before + 30)
    expect(receiver.received[before]?.id).toBe(last)
    expect(new Set(receiver.received.slice(before).map(({ id }) => id)).size).toBe(30)
    await expect.poll(() => latchkey.webhooks.get(hook.id)).toMatchObject({ status: 'active', pending: 0 })
  })

  test('a replay begins at its instant, and a deleted webhook leaves nothing that waits', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    await createAcme(latchkey)
    const receiver = await startReceiver()
    const hook = await latchkey.webhooks.create({ url: receiver.url, events: ['key.created'] })
    const make = (name: string) => latchkey.keys.create({ organizationId: 'acme', name })
    await make('Before')
    await setTimeout(5)
    const since = new Date()
    await make('Then')
    await make('Later')
    await receiver.has(3)
    await expect.poll(() => statesOf(latchkey, hook.id)).toHaveLength(3)
    await latchkey.webhooks.replay(hook.id, { since })
    await receiver.has(5)
    const names = receiver.received.slice(3).map(({ message }) => message.data.key.name)
    expect(names.sort()).toEqual(['Later', 'Then'])
    await latchkey.webhooks.delete(hook.id)
    await using direct = await connectDirectly(database)
    expect(await direct.run('select * from webhook_states')).toEqual([])
    expect(await direct.run('select id from webhook_deliveries where next_at is not null')).toEqual([])
  })

  test('the place of an instant is found among any number of events, also where their ids are out of order', async () => {
    const database = await makeDatabase()
    const store = await openStore(database)
    await using direct = await connectDirectly(database)
    const begin = Date.UTC(2026, 0, 31)
    const count = 300
    // One an hour; each tenth was found minutes late, and its id is as much older.
    const instants = Array.from(
      { length: count },
      (_, i) => begin + i * 60 * minute - (i % 10 === 9 ? 12 * minute : 0),
    )
    for (const [i, at] of instants.entries()) {
      const hex = at.toString(16).padStart(12, '0')
      const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(i).padStart(12, '0')}`
      await direct.run(
        `insert into audit_log (position, sequence, organization_id, event_id, leaf) values (${i + 1}, ${i + 1}, 'acme', '${id}', '')`,
      )
    }
    await direct.run(`update audit_heads set size = ${count} where log = ''`)
    await direct.run(`insert into audit_heads (log, size, peaks) values ('acme', ${count}, '')`)
    for (const log of ['', 'acme'])
      for (let at = begin - 60 * minute; at < begin + (count + 2) * 60 * minute; at += 17 * minute) {
        const place = await store.read((db) => readPlaceBefore(db, log, at))
        // Nothing of the instant or after is passed, and little before it is not.
        expect(instants.slice(0, place).every((instant) => instant < at)).toBe(true)
        expect(instants.slice(place).filter((instant) => instant < at - 60 * minute).length).toBeLessThan(2)
      }
    await store.close()
  })

  test('two processes on one database send each event once', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using other = await open(database)
    await createAcme(one)
    const receiver = await startReceiver()
    const hooks = [
      await one.webhooks.create({ url: `${receiver.url}/1`, events: ['key.created'] }),
      await other.webhooks.create({ url: `${receiver.url}/2`, events: ['key.created'] }),
    ]
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        (i % 2 ? one : other).keys.create({ organizationId: 'acme', name: `Key ${i}` }),
      ),
    )
    await receiver.has(80)
    await expect.poll(async () => (await statesOf(one, hooks[0]?.id ?? '')).length).toBe(40)
    await expect.poll(async () => (await statesOf(one, hooks[1]?.id ?? '')).length).toBe(40)
    expect(receiver.received).toHaveLength(80)
    expect(new Set(receiver.received.map(({ id, path }) => `${path} ${id}`)).size).toBe(80)
  })
})
