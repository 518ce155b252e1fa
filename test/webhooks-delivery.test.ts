// The rounds in which a webhook is delivered to: what is written after which attempts, and what is sent next. Each test runs the
// work of the job itself, by a clock that it moves.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { moveWebhook } from '../src/store/deliveries.ts'
import { instantsOf } from '../src/store/instants.ts'
import { wakeWebhooks } from '../src/store/webhooks.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { beginDeliveries, ofAcme, type Prepare } from './setup/delivery-rounds.ts'
import { startReceiver, verifyMessage } from './setup/receiver.ts'

const atOnce = 16
const [second, hour, day] = [1_000, 3_600_000, 86_400_000] as const

onEachDatabase('rounds of deliveries', (makeDatabase) => {
  test('pass events only with what became of them, and a process that stops leaves the rest to the next one', async () => {
    const stop = new AbortController()
    let during: Promise<{ cursor: number }> | undefined
    const receiver = await startReceiver((_, response) => {
      const { length } = receiver.received
      if (length <= 10 || during !== undefined) response.writeHead(204).end()
      if (length === 20) {
        during = stage.state()
        void during.then(() => stop.abort(new Error('Stopped.')))
      }
    })
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    const before = await stage.state()
    await stage.record(20)
    await expect(stage.deliver(stop.signal)).rejects.toThrow('Stopped.')
    expect((await during)?.cursor).toBe(before.cursor)
    const sent = receiver.received.map(({ id }) => id)
    expect(new Set(sent).size).toBe(20)
    expect(await stage.deliver()).toBeUndefined()
    // Whatever had no answer came again, the same.
    const again = receiver.received.slice(20).map(({ id }) => id)
    for (const id of sent.slice(10, 19)) expect(again).toContain(id)
    const bodies = new Set(receiver.received.map(({ id, body }) => `${id} ${body}`))
    expect(bodies.size).toBe(20)
    expect(Object.values(await stage.counts()).reduce((sum, count) => sum + count)).toBe(20)
    expect(Object.keys(await stage.counts()).every((name) => name.startsWith('delivered '))).toBe(true)
  })

  test('write nothing if somebody has moved the webhook meanwhile', async () => {
    let moved: Promise<void> | undefined
    const receiver = await startReceiver((_, response) => {
      moved ??= stage.store.write((tx) => moveWebhook(tx, stage.hook.id, { cursor: 0 }))
      void moved.then(() => response.writeHead(204).end())
    })
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(3)
    await expect(stage.deliver()).rejects.toHaveProperty(
      'cause.message',
      'Another process has delivered for this webhook.',
    )
    expect([(await stage.state()).cursor, await stage.counts()]).toEqual([0, {}])
    expect(await stage.deliver()).toBeUndefined()
    expect(receiver.received).toHaveLength(6)
    expect(await stage.counts()).toEqual({ 'delivered 1': 3 })
  })

  test('leave a receiver alone that asks for time, and then send what failed and what was not sent', async () => {
    let isBusy = true
    const receiver = await startReceiver((_, response) => {
      if (isBusy) response.writeHead(503, { 'retry-after': '120' }).end()
      else response.writeHead(204).end()
    })
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(atOnce + 4)
    const jobs = async () => {
      const at = instantsOf(stage.store.dialect, stage.clock.now)()
      const { dialect } = stage.store
      await stage.direct.run("delete from jobs where kind = 'webhook'")
      await stage.store.write((tx) => wakeWebhooks(tx, dialect, ['acme'], stage.clock.now(), at))
      return (await stage.direct.run("select subject from jobs where kind = 'webhook'")).length
    }
    expect(await jobs()).toBe(1)
    // Ten failures are an outage besides, which asks for more: the first waits for five minutes.
    await stage.direct.run('update webhook_states set failures = -20')
    expect(await stage.deliver()).toEqual({ afterMs: 120 * second })
    expect(receiver.received).toHaveLength(atOnce)
    expect(await stage.direct.run('select id from webhook_deliveries where payload is null')).toEqual([])
    expect(await stage.deliver()).toEqual({ afterMs: 120 * second })
    expect(await jobs()).toBe(0)
    isBusy = false
    stage.clock.advance(120 * second - 1)
    expect(await stage.deliver()).toEqual({ afterMs: 1 })
    expect(receiver.received).toHaveLength(atOnce)
    stage.clock.advance(1)
    expect(await jobs()).toBe(1)
    expect(await stage.deliver()).toBeUndefined()
    expect(receiver.received).toHaveLength(2 * atOnce + 4)
    expect(await stage.counts()).toEqual({ 'delivered 1': 4, 'delivered 2': atOnce })
    expect(new Set(receiver.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(atOnce + 4)
    expect(await stage.direct.run('select id from webhook_deliveries where payload is not null')).toEqual([])
  })

  test('probe a receiver that fails altogether by one event, before its turn, and then begin with few', async () => {
    let [isDown, open, most] = [true, 0, 0]
    const receiver = await startReceiver((_, response) => {
      most = Math.max(most, ++open)
      setTimeout(
        () => {
          open--
          response.writeHead(isDown ? 500 : 204).end()
          // All that are sent at once are under way by then.
        },
        isDown ? 300 : 20,
      )
    })
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(12)
    const { afterMs = 0 } = (await stage.deliver()) ?? {}
    expect([receiver.received.length, most]).toEqual([12, 12])
    expect(afterMs).toBeGreaterThan(60 * second)
    const [probe] = await stage.direct.run(
      'select id, place from webhook_deliveries order by place desc limit 1',
    )
    await stage.direct.run(`update webhook_deliveries set next_at = ${stage.clock.now() + 2 * day}`)
    await stage.direct.run(
      `update webhook_deliveries set next_at = ${stage.clock.now() + day} where place = ${probe?.place}`,
    )
    stage.clock.advance(afterMs)
    await stage.deliver()
    expect(receiver.received.slice(12).map(({ id }) => id)).toEqual([probe?.id])
    await stage.direct.run(`update webhook_states set paused_until = null`)
    await stage.direct.run(`update webhook_deliveries set next_at = ${stage.clock.now()}`)
    ;[isDown, most] = [false, 0]
    expect(await stage.deliver()).toBeUndefined()
    // One, then two at once, then four, eight.
    expect(receiver.received).toHaveLength(13 + 12)
    expect(most).toBeLessThanOrEqual(8)
    expect((await stage.state()).failures).toBe(0)
  })

  test('end in time, with what is left for the next one', async () => {
    const receiver = await startReceiver((_, response) => {
      stage.elapsedMs += 30 * second
      response.writeHead(204).end()
    })
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(atOnce + 4)
    expect(await stage.deliver()).toEqual({ afterMs: 0 })
    expect(receiver.received).toHaveLength(atOnce)
    expect(await stage.deliver()).toEqual({ afterMs: 0 })
    expect(receiver.received).toHaveLength(atOnce + 4)
    expect(await stage.deliver()).toBeUndefined()
    expect(await stage.counts()).toEqual({ 'delivered 1': atOnce + 4 })
  })

  test('send each event once, of more than a round takes, and none of before they were asked for', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(1, stage.clock.now() - hour)
    await stage.record(5 * atOnce)
    expect(await stage.deliver()).toBeUndefined()
    const ids = receiver.received.map(({ id }) => id)
    expect([ids.length, new Set(ids).size]).toEqual([5 * atOnce, 5 * atOnce])
    const [head] = await stage.direct.run("select size from audit_heads where log = ''")
    expect((await stage.state()).cursor).toBe(Number(head?.size))
  })

  test('leave events in the log while a thousand wait to be sent again', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    const later = stage.clock.now() + hour
    const rows = Array.from(
      { length: 1_000 },
      (_, i) => `('${stage.hook.id}', ${-1 - i}, 'x', 'x', 'pending', 1, 1, ${later})`,
    )
    await stage.direct.run(
      `insert into webhook_deliveries (webhook_id, place, id, action, state, attempts, attempted_at, next_at) values ${rows.join()}`,
    )
    await stage.record(3)
    expect(await stage.deliver()).toEqual({ afterMs: hour })
    expect(receiver.received).toEqual([])
    await stage.direct.run('delete from webhook_deliveries where place in (-1, -2)')
    await stage.deliver()
    expect(receiver.received).toHaveLength(3)
  })

  test('disable a webhook whose receiver has failed for five days, and send nothing to it from then on', async () => {
    const receiver = await startReceiver((_, response) => response.writeHead(500).end())
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    const now = stage.clock.now()
    await stage.direct.run(
      `update webhook_states set failures = 1, failing_since = ${now - 5 * day}, failed_at = ${now - hour}`,
    )
    await stage.record(1)
    expect(await stage.deliver()).toBeUndefined()
    expect(await stage.direct.run('select disabled_reason from webhooks')).toEqual([
      expect.objectContaining({ disabled_reason: 'failing' }),
    ])
    const [event] = await stage.direct.run(
      "select actor_type from audit_events where action = 'webhook.disabled'",
    )
    expect(event?.actor_type).toBe('system')
    await stage.record(1)
    stage.clock.advance(day)
    expect(await stage.deliver()).toBeUndefined()
    expect(receiver.received).toHaveLength(1)
  })

  test('sign by the old secret until its grace is over, and by no secret of another webhook', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), async (latchkey) => {
      const hook = await ofAcme(receiver.url)(latchkey)
      const other = await ofAcme(receiver.url)(latchkey)
      const rotated = await latchkey.webhooks.rotate(hook.id, { graceSeconds: 60 })
      return { ...rotated, description: [hook.secret, other.id].join() }
    })
    const { secret, description } = stage.hook
    const [old = '', other = ''] = (description ?? '').split(',')
    await stage.record(1)
    await stage.deliver()
    stage.clock.advance(60 * second)
    await stage.record(1)
    await stage.deliver()
    const [during, after] = await receiver.has(2)
    if (during === undefined || after === undefined) return expect.unreachable()
    for (const one of [secret, old]) verifyMessage(during, one)
    verifyMessage(after, secret)
    expect(() => verifyMessage(after, old)).toThrow()
    const rows = JSON.stringify(await stage.direct.run('select * from webhooks'))
    for (const one of [secret, old]) expect(rows).not.toContain(one.slice(6))
    await stage.direct.run(
      `update webhooks set secret = (select secret from webhooks where id = '${other}') where id = '${stage.hook.id}'`,
    )
    await stage.record(1)
    await expect(stage.deliver()).rejects.toMatchObject({ code: 'unsealable' })
    expect(receiver.received).toHaveLength(2)
  })

  test('tell an organization of its own events alone, and nothing of who acted from outside of it', async () => {
    const receiver = await startReceiver((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end('inside')
    })
    const tokens: string[] = []
    let isReached = false
    const prepare: Prepare = async (latchkey) => {
      const { keys, webhooks, organizations } = latchkey
      await organizations.create({ id: 'other', name: 'Other' })
      const root = (await latchkey.ensureRootKey())?.key ?? ''
      for (const permissions of [['latchkey:webhooks:*'], ['latchkey:webhooks:read']])
        tokens.push((await keys.create({ organizationId: 'acme', name: 'Admin', permissions })).key)
      const url = 'https://receiver.example/'
      const actor = await callerBy(latchkey, tokens[0] ?? '')
      const hook = await webhooks.create({ url, events: ['organization.updated'] }, { actor })
      const staff = { ...(await callerBy(latchkey, root)), ip: '203.0.113.7', requestId: 'req-1' }
      for (const id of ['other', 'acme']) await organizations.update(id, { name: 'New' }, { actor: staff })
      return hook
    }
    await using stage = await beginDeliveries(await makeDatabase(), prepare, ({ ofRoot, ofOthers }) => ({
      ...{ ofRoot },
      ofOthers: {
        post: (...message) => (isReached ? ofRoot : ofOthers).post(...message),
      },
    }))
    // No input can say that.
    await stage.direct.run(`update webhooks set url = '${receiver.url}/'`)
    await stage.record(0)
    await stage.deliver()
    const [refused] = await stage.direct.run('select error from webhook_deliveries')
    expect(refused?.error).toMatch(/not reached/)
    expect(receiver.received).toEqual([])
    isReached = true
    stage.clock.advance(6 * second)
    await stage.deliver()
    const [message] = await receiver.has(1)
    expect(message?.message.data.event).toMatchObject({
      ...{ organization_id: 'acme', actor: null, actor_type: 'operator', ip: null, request_id: null },
    })
    expect(receiver.received).toHaveLength(1)
    await using latchkey = await openLatchkey({ ...stage.opening, monotonic: () => 0 })
    const answers = tokens.map(async (token) => {
      const actor = await callerBy(latchkey, token)
      const { items } = await latchkey.webhooks.listDeliveries(stage.hook.id, {}, { actor })
      return items.map(({ httpStatus, answer }) => [httpStatus, answer])
    })
    expect(await Promise.all(answers)).toEqual([[[500, 'inside']], [[500, null]]])
  })

  test('tell of each key as it stood, whatever became of it and of others since, and follow no redirect', async () => {
    const receiver = await startReceiver((_, response) => {
      response.writeHead(302, { location: 'https://receiver.example/' }).end()
    })
    let changedId = ''
    const prepare: Prepare = async ({ keys, webhooks }) => {
      const hook = await webhooks.create({ url: receiver.url, events: ['key.created'] })
      await webhooks.update(hook.id, { enabled: false })
      const one = await keys.create({ organizationId: 'acme', name: 'One' })
      const other = await keys.create({ organizationId: 'acme', name: 'Other', parentId: one.id })
      await keys.update(other.id, { name: 'Other 2' })
      const limits = [{ name: 'calls', limit: 5, resets: 'daily' } as const]
      const expiresAt = new Date(Date.now() + 60_000)
      await keys.update(one.id, { name: 'One 2', permissions: ['a'], expiresAt, limits })
      changedId = one.id
      return hook
    }
    await using stage = await beginDeliveries(await makeDatabase(), prepare)
    const { direct } = stage
    await stage.record(0)
    // A change that has no place in the log yet.
    await direct.run(`update keys set metadata = '{"a":1}' where id = '${changedId}'`)
    await direct.run(
      `insert into audit_events (id, at, action, organization_id, key_id, changes) values ('ffffffff-0000-7000-8000-000000000000', 1, 'key.updated', 'acme', '${changedId}', '{"metadata":{"from":{},"to":{"a":1}}}')`,
    )
    await direct.run('update webhooks set disabled_at = null, disabled_reason = null')
    await stage.deliver()
    const keys = receiver.received.map(({ message }) => message.data.key)
    expect(keys.map(({ name }) => name).sort()).toEqual(['One', 'Other'])
    const before = {
      permissions: [],
      expires_at: null,
      limits: [],
      status: 'active',
      revoked_at: null,
    }
    for (const key of keys)
      expect(key).toMatchObject({ ...before, parent_id: key.name === 'Other' ? changedId : null })
    expect(keys.map(({ metadata }) => metadata)).toEqual([{}, {}])
    const rows = await direct.run('select state, http_status, error from webhook_deliveries')
    for (const row of rows) {
      expect(row).toMatchObject({ state: 'pending', http_status: 302 })
      expect(row.error).toMatch('Redirects are not followed')
    }
  })
})
