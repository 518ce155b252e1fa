// What waits in the database, as /metrics shows it.
import { describe, expect, test } from 'vitest'
import type { Backlog } from '../src/core/backlog.ts'
import { tellBacklog } from '../src/domain/backlog.ts'
import { Keyring } from '../src/domain/keyring.ts'
import { keepReading } from '../src/http/kept-reading.ts'
import { createMetrics, renderSnapshots } from '../src/http/metrics.ts'
import { onEachDatabase } from './setup/databases.ts'
import { beginDeliveries, ofAcme } from './setup/delivery-rounds.ts'
import { startReceiver } from './setup/receiver.ts'

const minute = 60_000

onEachDatabase('what waits', (makeDatabase) => {
  test('is what webhooks have yet to deliver, what is to be sealed, and for how long the first of it has waited', async () => {
    const database = await makeDatabase()
    let status = 500
    const receiver = await startReceiver((_, response) => response.writeHead(status).end())
    await using stage = await beginDeliveries(database, async (latchkey) => {
      // One of an organization's own, which hears of nothing here.
      const [organizationId, url] = ['acme', 'https://example.com/']
      await latchkey.webhooks.create({ organizationId, url, events: ['key.created'] })
      return ofAcme(receiver.url)(latchkey)
    })
    const keyring = new Keyring(database, [])
    const tell = () => tellBacklog({ store: stage.store, keyring, now: stage.clock.now })
    const waiting = async () => {
      const { undelivered, unsealed } = await tell()
      return [undelivered.count, undelivered.oldestMs, unsealed.count, unsealed.oldestMs]
    }
    // Both webhooks have come to the end of what is sealed.
    const end = async () => {
      await stage.record(0)
      await stage.direct.run(
        "update webhook_states set cursor = (select size from audit_heads where log = (select case when organization_id = 'root' then '' else organization_id end from webhooks where id = webhook_id))",
      )
    }
    await end()
    expect(await tell()).toMatchObject({ webhooks: { active: 2, failing: 0, disabled: 0 } })
    expect(await waiting()).toEqual([0, 0, 0, 0])
    await stage.record(2)
    await stage.direct.run(
      'insert into audit_queue (event_id) select event_id from audit_log where position = 1',
    )
    stage.clock.advance(minute)
    const [undelivered, oldestMs, unsealed] = await waiting()
    // Two of the log of all, and two that the other one passes over.
    expect([undelivered, unsealed]).toEqual([4, 1])
    expect(oldestMs).toBe(minute)
    await stage.deliver()
    expect(await stage.counts()).toEqual({ 'pending 1': 2 })
    stage.clock.advance(minute)
    expect((await waiting()).slice(0, 2)).toEqual([4, 2 * minute])
    expect((await tell()).webhooks).toEqual({ active: 1, failing: 1, disabled: 0 })
    status = 204
    stage.clock.advance(10 * minute)
    await stage.deliver()
    await end()
    expect((await waiting()).slice(0, 2)).toEqual([0, 0])
    // What a disabled one has missed nobody waits for.
    status = 410
    await stage.record(1)
    await stage.deliver()
    await stage.record(3)
    const { webhooks, undelivered: left } = await tell()
    expect(webhooks).toEqual({ active: 1, failing: 0, disabled: 1 })
    // The other one passes over the event of the end, and over the three.
    expect(left.count).toBe(4)
  })
})

describe('the metrics of what waits', () => {
  const backlog: Backlog = {
    webhooks: { active: 3, failing: 2, disabled: 1 },
    undelivered: { count: 70, oldestMs: 4_500 },
    unsealed: { count: 5, oldestMs: 250 },
    sealed: {
      keys: [
        { name: 'a', values: 4 },
        { name: 'b', values: 2 },
        { name: 'c', values: 1 },
      ],
      lost: [{ name: 'd', values: 9 }],
    },
  }
  const lines = [
    'latchkey_webhooks{status="active"} 3',
    'latchkey_webhooks{status="failing"} 2',
    'latchkey_webhooks{status="disabled"} 1',
    'latchkey_webhook_events_waiting 70',
    'latchkey_webhook_oldest_waiting_seconds 4.5',
    'latchkey_log_events_waiting 5',
    'latchkey_log_oldest_waiting_seconds 0.25',
    'latchkey_sealed_values{key="first"} 4',
    'latchkey_sealed_values{key="older"} 3',
    'latchkey_sealed_values{key="lost"} 9',
  ]
  const linesOf = (text: string) =>
    text.split('\n').filter((line) => /^latchkey_(webhook|log|sealed)/.test(line))

  test('are those of the database once, however many processes tell them, and absent while nobody knows', async () => {
    let known: Backlog | undefined = backlog
    const [one, other] = [createMetrics(), createMetrics()]
    for (const metrics of [one, other]) metrics.watchBacklog(async () => known)
    expect(linesOf(await one.render())).toEqual(lines)
    expect(linesOf(await renderSnapshots([await one.take(), await other.take()]))).toEqual(lines)
    known = undefined
    expect(linesOf(await one.render())).toEqual([])
    expect(linesOf(await renderSnapshots([await one.take(), await other.take()]))).toEqual([])
  })

  test('read the database once in ten seconds, and more seldom if it is slow', async () => {
    let at = 0
    let reads = 0
    let read: () => Promise<number> = async () => ++reads
    const ask = keepReading(
      () => read(),
      () => at,
    )
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1])
    at = 9_999
    expect(await ask()).toBe(1)
    at = 10_000
    read = async () => {
      at += 2_000
      return ++reads
    }
    expect(await ask()).toBe(2)
    at += 199_999
    expect(await ask()).toBe(2)
    at += 1
    // One that fails is not asked again at once, and one that gives no answer holds up nobody.
    read = async () => {
      reads++
      throw new Error('away')
    }
    expect([await ask(), await ask(), reads]).toEqual([undefined, undefined, 3])
    at += 10_000
    const { promise, resolve } = Promise.withResolvers<number>()
    read = () => promise
    expect([await ask(), await ask()]).toEqual([undefined, undefined])
    resolve(7)
    expect(await ask()).toBe(7)
  })
})
