// What those who own webhooks do with them, and what that moves of what is delivered.
import { expect, onTestFinished, test, vi } from 'vitest'
import { keptDeliveriesMs } from '../src/core/bounds.ts'
import { writeMessages } from '../src/domain/webhooks/message.ts'
import { databaseHostsOf, WebhookWays } from '../src/domain/webhooks/ways.ts'
import { openLatchkey } from '../src/index.ts'
import { deleteOldDeliveries } from '../src/store/deliveries.ts'
import { readSealed } from '../src/store/events.ts'
import { instantsOf } from '../src/store/instants.ts'
import { wakeWebhooks } from '../src/store/webhooks.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { beginDeliveries, ofAcme, type Prepare } from './setup/delivery-rounds.ts'
import { allOfPortal, linkSecretOf, portalUrl } from './setup/portal.ts'
import { startReceiver, verifyMessage } from './setup/receiver.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const [hour, day] = [3_600_000, 86_400_000] as const

type Stage = Awaited<ReturnType<typeof beginDeliveries>>

const opened = ({ opening }: Stage) => openLatchkey({ ...opening, monotonic: () => 0 })

/** Lets events be tried, or wait to be tried again. */
async function noteDeliveries(
  { direct, hook, clock }: Stage,
  rows: { place: number; at?: number; nextAt?: number }[],
) {
  const values = rows.map(({ place, at = clock.now(), nextAt }) => {
    const state = nextAt === undefined ? 'delivered' : 'pending'
    return `('${hook.id}', ${place}, 'x', 'organization.updated', '${state}', 1, ${at}, ${nextAt ?? 'null'})`
  })
  await direct.run(
    `insert into webhook_deliveries (webhook_id, place, id, action, state, attempts, attempted_at, next_at) values ${values.join()}`,
  )
}

const placesOf = async ({ direct }: Stage) =>
  (await direct.run('select place from webhook_deliveries order by place')).map(({ place }) => Number(place))

/** A webhook that sends nothing. */
const disabled =
  (url: string): Prepare =>
  async (latchkey) => {
    const hook = await ofAcme(url)(latchkey)
    await latchkey.webhooks.update(hook.id, { enabled: false })
    return hook
  }

onEachDatabase('what is delivered by a webhook', (makeDatabase) => {
  test('tells of users of the customers’ page by their ids and sessions, to a customer too, and no secret', async () => {
    const told = ['portal_session.created', 'portal_session.opened', 'key.created', 'key.rotated']
    const events = [...told, 'portal_session.ended', 'portal_user.forgotten'] as const
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), ({ webhooks }) =>
      webhooks.create({ url: receiver.url, sourceOrganizationId: 'acme', events: [...events] }),
    )
    await using latchkey = await openLatchkey({
      ...{ ...stage.opening, publicUrl: portalUrl, monotonic: () => 0 },
    })
    const { portal, portalSessions } = latchkey
    const { id: backend, key } = await latchkey.createRootKey()
    const by = { actor: await callerBy(latchkey, key) }
    const link = await portalSessions.create(
      {
        ...{ kind: 'link', organizationId: 'acme', user: { id: 'u_81', name: 'Ada' } },
        permissions: allOfPortal,
      },
      by,
    )
    const { token } = await portal.open(linkSecretOf(link), { ip: '203.0.113.7', requestId: 'r-1' })
    const user = await portal.authenticate(token, { ip: '203.0.113.7', requestId: 'r-2' })
    const actor = user as NonNullable<typeof user>
    const made = await portal.createKey({ name: 'CI' }, { actor })
    const rotated = await portal.rotateKey(made.id, {}, { actor })
    await portalSessions.endAll({ organizationId: 'acme' }, by)
    await portalSessions.forgetUser('acme', 'u_81', by)
    await stage.record(0)
    await stage.deliver()
    for (const message of receiver.received) verifyMessage(message, stage.hook.secret)
    const toRoot = receiver.received.map(({ message }) => message)
    const toAcme = await stage.store.read(async (db) => {
      const sealed = await readSealed(db, { log: 'acme', after: 0, limit: 100 })
      const { dialect } = stage.store
      return (await writeMessages(db, dialect, 'acme', sealed, 'acme')).map(({ body }) => JSON.parse(body))
    })
    const ofUser = { actor: 'u_81', actor_type: 'user', via: link.id, ip: '203.0.113.7' }
    const toldOf = (messages: typeof toRoot, ofBackend: object) => {
      const mine = messages
        .filter(({ type }) => (events as readonly string[]).includes(type))
        .toSorted((one, other) => one.data.event.sequence - other.data.event.sequence)
      const actors = [ofBackend, ofUser, ofUser, ofUser, ofBackend, ofBackend]
      expect(mine.map(({ type, data }) => ({ type, event: data.event }))).toMatchObject(
        events.map((type, i) => ({ type, event: actors[i] as object })),
      )
      expect(mine[0]?.data.event.changes).toEqual({
        ...{ portal_session_id: link.id, user_id: 'u_81', kind: 'link', permissions: allOfPortal },
      })
      expect(mine[2]?.data.key).toMatchObject({ created_by: 'u_81', created_by_type: 'user' })
    }
    toldOf(toRoot, { actor: backend, actor_type: 'key', via: null })
    // A customer sees its own users, and not who of the operator's made their sessions.
    toldOf(toAcme, { ...{ actor: null, via: null, ip: null, request_id: null }, actor_type: 'operator' })
    const sent = JSON.stringify([receiver.received, toAcme])
    for (const secret of [linkSecretOf(link), token, made.key, rotated.key, 'lkl_', 'lkp_', 'Ada'])
      expect(sent).not.toContain(secret)
  })

  test('is looked at when there are events of what it sends, and only then', async () => {
    const ids = new Map<string, string>()
    const prepare: Prepare = async (latchkey) => {
      const { keys, webhooks, organizations } = latchkey
      await organizations.create({ id: 'other', name: 'Other' })
      const permissions = ['latchkey:webhooks:*']
      const { key } = await keys.create({ organizationId: 'acme', name: 'Admin', permissions })
      const actor = await callerBy(latchkey, key)
      const input = { url: 'https://receiver.example/', events: ['organization.updated'] }
      const made = {
        all: await webhooks.create(input),
        'from acme': await webhooks.create({ ...input, sourceOrganizationId: 'acme' }),
        'from other': await webhooks.create({ ...input, sourceOrganizationId: 'other' }),
        own: await webhooks.create(input, { actor }),
        disabled: await webhooks.create(input),
      }
      await webhooks.update(made.disabled.id, { enabled: false })
      for (const [name, { id }] of Object.entries(made)) ids.set(id, name)
      return made.all
    }
    await using stage = await beginDeliveries(await makeDatabase(), prepare)
    const { store, clock, direct } = stage
    const woken = async (...organizations: string[]) => {
      const at = instantsOf(store.dialect, clock.now)()
      await direct.run("delete from jobs where kind = 'webhook'")
      await store.write((tx) => wakeWebhooks(tx, store.dialect, organizations, clock.now(), at))
      const jobs = await direct.run("select subject from jobs where kind = 'webhook'")
      return jobs.map(({ subject }) => ids.get(String(subject))).sort()
    }
    expect(await woken('acme')).toEqual(['all', 'from acme', 'own'])
    expect(await woken('other')).toEqual(['all', 'from other'])
  })

  test('is sent once more from an instant on: what waits behind it, too, and nothing twice', async () => {
    await using stage = await beginDeliveries(await makeDatabase(), disabled('http://127.0.0.1:9/'))
    const { clock, direct, hook } = stage
    const start = clock.now()
    await stage.record(3)
    const [first] = await direct.run("select size from audit_heads where log = ''")
    const place = Number(first?.size)
    clock.advance(hour)
    await stage.record(3)
    await direct.run(`update webhook_states set cursor = ${place + 3}`)
    const nextAt = clock.now() + hour
    await noteDeliveries(stage, [
      ...[{ place: place - 1, nextAt }, { place }, { place: place + 1, nextAt }, { place: place + 2 }],
    ])
    await using latchkey = await opened(stage)
    await latchkey.webhooks.replay(hook.id, { since: new Date(start + hour / 2) })
    expect(await placesOf(stage)).toEqual([place - 1, place, place + 2])
    expect((await stage.state()).cursor).toBe(place)
    // What is yet to come is not passed, and nothing of it can be asked for.
    clock.advance(hour)
    await latchkey.webhooks.replay(hook.id, { since: new Date(clock.now()) })
    const future = { since: new Date(clock.now() + 1) }
    const refused = await refusalOf(latchkey.webhooks.replay(hook.id, future))
    expect(refused).toMatchObject({
      code: 'invalid_input',
      errors: [{ path: 'since', message: 'Must not be in the future.' }],
    })
    expect((await stage.state()).cursor).toBe(place)
    await latchkey.webhooks.replay(hook.id, { since: new Date(start - hour) })
    const [state] = await direct.run('select sends_since from webhook_states')
    expect(Number(state?.sends_since)).toBe(start - hour)
  })

  test('goes on where it stopped, but for what is older than 30 days, or with what comes now', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), disabled(receiver.url))
    const { clock, hook, direct } = stage
    await stage.record(2)
    clock.advance(20 * day)
    await stage.record(1)
    clock.advance(20 * day)
    await noteDeliveries(stage, [{ place: 0, nextAt: clock.now() + hour }, { place: -1 }])
    await using latchkey = await opened(stage)
    await latchkey.webhooks.update(hook.id, { enabled: true, resumeFrom: 'now' })
    expect(await placesOf(stage)).toEqual([-1])
    await latchkey.webhooks.update(hook.id, { enabled: false })
    await direct.run('update webhook_states set cursor = 0, sends_since = 0')
    await latchkey.webhooks.update(hook.id, { enabled: true })
    const [event] = await receiver.has(1)
    expect(event?.message.timestamp).toBe(new Date(clock.now() - 20 * day).toISOString())
    await expect.poll(async () => (await latchkey.webhooks.listDeliveries(hook.id)).items.length).toBe(2)
    expect(receiver.received).toHaveLength(1)
  })

  test('is tried again at once at another URL', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme('http://127.0.0.1:9/'))
    const { clock, hook } = stage
    await stage.record(1)
    await stage.deliver()
    await stage.direct.run(
      `update webhook_states set failures = 12, failing_since = 1, failed_at = 1, paused_until = ${clock.now() + hour}`,
    )
    await using latchkey = await opened(stage)
    await latchkey.webhooks.update(hook.id, { url: receiver.url })
    await receiver.has(1)
    await expect.poll(async () => (await latchkey.webhooks.get(hook.id)).status).toBe('active')
  })

  test('is sent at once when somebody asks for it: nobody waits until this process looks by itself', async () => {
    let status = 500
    const receiver = await startReceiver((_, response) => response.writeHead(status).end())
    await using stage = await beginDeliveries(await makeDatabase(), disabled(receiver.url))
    const { hook, direct } = stage
    await stage.record(1)
    const since = new Date(stage.clock.now())
    // No timer of this process ends: it looks for work when it is told to, and never by itself.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await using latchkey = await opened(stage)
    const { webhooks } = latchkey
    try {
      const isSent = async (count: number) => {
        await receiver.has(count)
        const jobs = "select subject from jobs where kind = 'webhook' and owner is not null"
        await expect.poll(() => direct.run(jobs)).toEqual([])
      }
      await webhooks.update(hook.id, { enabled: true })
      await isSent(1)
      status = 204
      await webhooks.retryDelivery(hook.id, receiver.received[0]?.id ?? '')
      await isSent(2)
      await webhooks.replay(hook.id, { since })
      await isSent(3)
    } finally {
      vi.useRealTimers()
    }
  })

  test('is listed by its state, page by page, and deleted a month after the last attempt, never while it waits', async () => {
    await using stage = await beginDeliveries(await makeDatabase(), disabled('http://127.0.0.1:9/'))
    const { clock, hook, store } = stage
    const old = clock.now() - keptDeliveriesMs - 1
    await noteDeliveries(stage, [
      { place: 1, at: old, nextAt: clock.now() + hour },
      ...[2, 3, 4].map((place) => ({ place, at: old + 2 })),
      { place: 5, at: old },
    ])
    await using latchkey = await opened(stage)
    const { webhooks } = latchkey
    const all: number[] = []
    for await (const { sequence } of webhooks.listAllDeliveries(hook.id, { limit: 2 })) all.push(sequence)
    expect(all).toEqual([5, 4, 3, 2, 1])
    const { items } = await webhooks.listDeliveries(hook.id, { state: 'pending' })
    expect(items.map(({ sequence }) => sequence)).toEqual([1])
    const at = instantsOf(store.dialect, clock.now)()
    const terms = { keptMs: keptDeliveriesMs, limit: 100 }
    expect(await store.write((tx) => deleteOldDeliveries(tx, store.dialect, terms, at))).toBe(1)
    expect(await placesOf(stage)).toEqual([1, 2, 3, 4])
    await webhooks.delete(hook.id)
    // What was delivered goes with its time.
    expect(await placesOf(stage)).toEqual([2, 3, 4])
  })

  test('is tested twice at once at most by one organization, which holds up no other', async () => {
    const waiting: (() => void)[] = []
    const receiver = await startReceiver((_, response) => {
      waiting.push(() => response.writeHead(204).end())
    })
    let own = ''
    await using stage = await beginDeliveries(await makeDatabase(), async (latchkey) => {
      const { keys, webhooks } = latchkey
      const permissions = ['latchkey:webhooks:*']
      const { key } = await keys.create({ organizationId: 'acme', name: 'Admin', permissions })
      const actor = await callerBy(latchkey, key)
      own = (await webhooks.create({ url: 'https://receiver.invalid/', events: ['*'] }, { actor })).id
      return ofAcme(receiver.url)(latchkey)
    })
    const { hook } = stage
    await using latchkey = await opened(stage)
    const { webhooks } = latchkey
    const two = [webhooks.test(hook.id), webhooks.test(hook.id)]
    await receiver.has(2)
    expect(await codeOf(webhooks.test(hook.id))).toBe('too_many_tests')
    await stage.direct.run(`update webhooks set url = '${receiver.url}/' where id = '${own}'`)
    expect(await webhooks.test(own)).toMatchObject({ delivered: false, httpStatus: null })
    for (const answer of waiting.splice(0)) answer()
    for (const one of await Promise.all(two)) expect(one).toMatchObject({ delivered: true })
    const third = webhooks.test(hook.id)
    await receiver.has(3)
    for (const answer of waiting) answer()
    expect(await third).toMatchObject({ delivered: true, httpStatus: 204 })
  })
})

test('nothing is sent to this machine or to the database, whatever addresses they have', async () => {
  const databaseHosts = databaseHostsOf('postgres://latchkey@192.0.2.7,192.0.2.8/latchkey', {})
  expect(databaseHosts).toEqual(['192.0.2.7', '192.0.2.8'])
  expect(databaseHostsOf('sqlite:latchkey.db', {})).toEqual([])
  const ways = new WebhookWays({ networks: [], nameServers: [], proxy: undefined }, databaseHosts)
  for (const way of [ways.ofRoot, ways.ofOthers])
    for (const host of ['127.0.0.1', '192.0.2.7', '192.0.2.8'])
      await expect(way.post(new URL(`https://${host}/`), {}, Buffer.from('{}')), host).rejects.toThrow(
        'an address of this installation',
      )
  ways.close()
})
