// What one webhook, or one organization, may cost others: turns at the database, memory, and places among those that deliver.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { readKeysSince } from '../src/store/webhook-log.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { beginDeliveries, ofAcme } from './setup/delivery-rounds.ts'
import { startReceiver } from './setup/receiver.ts'

const second = 1_000

onEachDatabase('deliveries', (makeDatabase) => {
  test('read the database in the turn of their webhook and its organization, not before all callers', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(1)
    await stage.deliver()
    expect(receiver.received).toHaveLength(1)
    const turns = stage.turns.map((turn) => turn && [turn.organizationId, turn.keyId])
    expect(turns.length).toBeGreaterThan(1)
    expect(turns).toEqual(turns.map(() => ['root', stage.hook.id]))
  })

  test('hold few messages at once if they are long, and each of them, at first and again', async () => {
    let status = 500
    let underWay = 0
    let most = 0
    const receiver = await startReceiver((_, response) => {
      most = Math.max(most, ++underWay)
      setTimeout(() => {
        underWay--
        response.writeHead(status).end()
      }, 10)
    })
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    const long = 100_000
    await stage.record(7)
    await stage.direct.run(
      `update audit_events set changes = '{"name":"${'x'.repeat(long)}"}' where action = 'organization.updated'`,
    )
    // One that is longer than all of a round may be is a round of its own.
    await stage.direct.run(
      `update audit_events set changes = '{"name":"${'y'.repeat(4 * long)}"}' where id = (select max(id) from audit_events)`,
    )
    const before = (await stage.state()).version
    await stage.deliver()
    // Two, two, two and the longest.
    expect((await stage.state()).version - before).toBe(4)
    expect(await stage.counts()).toEqual({ 'pending 1': 7 })
    status = 204
    stage.clock.advance(10 * second)
    await stage.deliver()
    expect((await stage.state()).version - before).toBe(8)
    expect(most).toBeLessThanOrEqual(2)
    expect(await stage.counts()).toEqual({ 'delivered 2': 7 })
    const lengths = receiver.received.slice(7).map(({ body }) => body.length > 3 * long)
    expect(lengths.sort()).toEqual([...Array(6).fill(false), true])
  })

  test('give up an event that somebody sends again and that was cut from the log, and go on', async () => {
    const receiver = await startReceiver()
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(2)
    await stage.deliver()
    const [last] = await stage.direct.run('select max(place) as place from webhook_deliveries')
    await stage.direct.run(
      "delete from audit_events where id in (select event_id from audit_log where organization_id = 'acme')",
    )
    await stage.direct.run('update audit_heads set cut = size')
    await stage.direct.run(
      `update webhook_deliveries set state = 'pending', next_at = 1 where place = ${last?.place}`,
    )
    await stage.record(1)
    expect(await stage.deliver()).toBeUndefined()
    expect(await stage.counts()).toEqual({ 'delivered 1': 2, 'failed 1': 1 })
    expect(receiver.received).toHaveLength(3)
    const [failed] = await stage.direct.run("select * from webhook_deliveries where state = 'failed'")
    expect(failed).toMatchObject({ next_at: null, error: 'The log does not have the event any more.' })
  })

  test('look at the earliest of later changes of their keys, as many as are short enough together', async () => {
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme('https://example.com/'))
    const changes = `{"name":{"from":"${'x'.repeat(900_000)}"}}`
    const values = [1, 2, 3].map((i) => `('${i}', ${i}, 'key.updated', 'acme', 'k', '${changes}')`)
    await stage.direct.run(
      `insert into audit_events (id, at, action, organization_id, key_id, changes) values ${values.join()}`,
    )
    for (const i of [3, 1, 2])
      await stage.direct.run(
        `insert into audit_log (position, sequence, organization_id, event_id, leaf) values (${90 + i}, ${90 + i}, 'acme', '${i}', '')`,
      )
    const { later } = await stage.store.read((db) => readKeysSince(db, stage.store.dialect, ['k'], 90))
    expect(later.map(({ position }) => Number(position))).toEqual([91, 92])
  })
})

onOneDatabase('SQLite', 'webhooks whose receivers never answer', (makeDatabase) => {
  test('hold up no other one, nor calls, however much they have to send', async () => {
    let connections = 0
    const silent = createServer((socket) => {
      connections++
      socket.on('error', () => {})
      onTestFinished(() => void socket.destroy())
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as { port: number }
    const sealingKeys = [randomBytes(32).toString('base64')]
    const webhookNetworks = ['127.0.0.0/8']
    await using latchkey = await openLatchkey({
      database: await makeDatabase(),
      sealingKeys,
      webhookNetworks,
    })
    for (const id of ['greedy', 'neighbour']) await latchkey.organizations.create({ id, name: id })
    const receiver = await startReceiver()
    const watch = (url: string, sourceOrganizationId: string) =>
      latchkey.webhooks.create({ url, events: ['key.*'], sourceOrganizationId })
    for (let i = 0; i < 19; i++) await watch(`http://127.0.0.1:${port}/`, 'greedy')
    await watch(receiver.url, 'neighbour')
    for (let i = 0; i < 40; i++) await latchkey.keys.create({ organizationId: 'greedy', name: 'Key' })
    // Each has as many attempts under way as a webhook may have.
    await expect.poll(() => connections, { timeout: 20_000 }).toBe(19 * 16)
    await latchkey.keys.create({ organizationId: 'neighbour', name: 'Key' })
    await receiver.has(1)
    expect((await latchkey.keys.list({ organizationId: 'greedy' })).items).toHaveLength(40)
    expect(connections).toBe(19 * 16)
  })
})
