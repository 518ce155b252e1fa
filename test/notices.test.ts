// What happens to keys without anybody's doing is told once for each cause, whatever the clocks and the processes do.
import { expect, test } from 'vitest'
import { retentionJob } from '../src/jobs/retention.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { runAll } from './setup/jobs.ts'
import { day, hour, inShort, openNoticeStage } from './setup/notices.ts'
import { startReceiver } from './setup/receiver.ts'

onEachDatabase('a key that expires', (makeDatabase) => {
  const openStage = async () => openNoticeStage(await makeDatabase())

  test('is told of 30, 7 and 1 days before its end and at its end, each once, with what it is', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    const { id } = await stage.createKey(100 * day)
    const seen: string[][] = []
    const begun = clock.now()
    const at = (days: number) => new Date(begun + days * day).toISOString()
    const expiresAt = at(100)
    for (const days of [69, 70, 70.5, 92, 93, 98, 99, 99.9, 100, 101, 300]) {
      clock.advance(begun + days * day - clock.now())
      // It is used all the time: nobody tells that it is not.
      await stage.direct.run(`update keys set last_used_at = ${clock.now()}`)
      await tell()
      seen.push(inShort(await stage.events()))
    }
    const all = ['key.expiring 30', 'key.expiring 7', 'key.expiring 1', 'key.expired']
    expect(seen.map(({ length }) => length)).toEqual([0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4])
    expect(seen.at(-1)).toEqual(all)
    const told = await stage.events()
    expect(told.every(({ keyId }) => keyId === id)).toBe(true)
    expect(told[0]?.changes).toEqual({ expires_at: expiresAt, days_before: 30, last_used_at: at(70) })
    expect(told[3]?.changes).toEqual({ expires_at: expiresAt, last_used_at: at(100) })
  })

  test('is not told of at a stage that was over when its expiry was set', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    await stage.createKey(30 * day)
    await stage.createKey(20 * day)
    const { id } = await stage.createKey(100 * day)
    await tell()
    // Nobody looks for a while, in which it comes to be nearer to its end than a stage.
    clock.advance(10 * day)
    await stage.change((latchkey) => latchkey.keys.update(id, { expiresAt: clock.in(25 * day) }))
    clock.advance(1 * day)
    await tell()
    expect(await stage.events()).toEqual([])
    clock.advance(2 * day)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expiring 7'])
  })

  test('is told of at the nearest of several stages that are due, and only of its end after it', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    const near = await stage.createKey(40 * day)
    const over = await stage.createKey(31 * day)
    clock.advance(40 * day - 5 * hour)
    await tell()
    const told = (await stage.events()).map(({ keyId, action }) => [keyId, action])
    expect(told).toEqual(
      expect.arrayContaining([
        [near.id, 'key.expiring'],
        [over.id, 'key.expired'],
      ]),
    )
    expect(inShort(await stage.events()).sort()).toEqual(['key.expired', 'key.expiring 1'])
  })

  test('is told of anew when its expiry is another one, and not when only its name is', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    const { id } = await stage.createKey(31 * day)
    clock.advance(2 * day)
    await tell()
    await stage.change((latchkey) => latchkey.keys.update(id, { name: 'Deploys' }))
    clock.advance(1 * day)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expiring 30'])
    await stage.change((latchkey) => latchkey.keys.update(id, { expiresAt: clock.in(60 * day) }))
    clock.advance(29 * day)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expiring 30'])
    clock.advance(1 * day)
    await tell()
    clock.advance(30 * day)
    await tell()
    await stage.change((latchkey) => latchkey.keys.update(id, { expiresAt: clock.in(hour) }))
    clock.advance(hour)
    await tell()
    const end = ['key.expired', 'key.expired']
    expect(inShort(await stage.events())).toEqual(['key.expiring 30', 'key.expiring 30', ...end])
  })

  test('is not told of once it is revoked, also not by who has found it before', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    const [early, late] = [await stage.createKey(40 * day), await stage.createKey(40 * day)]
    const revoke = (id: string) => stage.change((latchkey) => latchkey.keys.revoke(id))
    await revoke(early.id)
    clock.advance(11 * day)
    await tell(() => revoke(late.id))
    clock.advance(40 * day)
    await tell()
    expect(await stage.events()).toEqual([])
  })

  test('is told of once by two processes at once, by one that starts again, and page by page', async () => {
    await using stage = await openStage()
    const { clock } = stage
    const keys = 450
    await stage.change((latchkey) =>
      Promise.all(
        Array.from({ length: keys }, (_, i) =>
          latchkey.keys.create({
            organizationId: 'acme',
            name: `Key ${i}`,
            expiresAt: clock.in(31 * day),
          }),
        ),
      ),
    )
    clock.advance(2 * day)
    const [one, other] = [await stage.startProcess(), await stage.startProcess()]
    await Promise.all([one(), other()])
    await stage.tell()
    const told = await stage.events()
    expect(told).toHaveLength(keys)
    expect(new Set(told.map(({ keyId }) => keyId)).size).toBe(keys)
    // The marks went on: nothing is found twice.
    const [mark] = await stage.direct.run("select due_at from event_marks where name = 'key.expiring 30'")
    expect(Number(mark?.due_at)).toBe(clock.now() - 120_000)
  })

  test('is told of by a later run if one did not come to its end, though a thousand expire at one instant', async () => {
    await using stage = await openStage()
    const { clock } = stage
    const keys = 450
    const expiresAt = clock.in(day)
    await stage.change((latchkey) =>
      Promise.all(
        Array.from({ length: keys }, () =>
          latchkey.keys.create({ organizationId: 'acme', name: 'CI', expiresAt }),
        ),
      ),
    )
    clock.advance(2 * day)
    // After each page its time is over.
    const runs = await stage.tellSlowly()
    expect(runs).toBe(3)
    expect(await stage.events()).toHaveLength(keys)
  })

  test('is told of once if the clock goes forward, back and forward again; and in time while it is back', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    await stage.createKey(40 * day)
    clock.advance(60 * day)
    await tell()
    clock.advance(-60 * day)
    await tell()
    // Its stages are behind what was looked at before.
    const { id } = await stage.createKey(32 * day)
    clock.advance(3 * day)
    await tell()
    const short = async () =>
      (await stage.events()).map(({ keyId, action }) => `${keyId === id ? 'late' : 'early'} ${action}`).sort()
    expect(await short()).toEqual(['early key.expired', 'late key.expiring'])
    clock.advance(100 * day)
    await tell()
    const all = ['early key.expired', 'late key.expired', 'late key.expiring']
    expect(await short()).toEqual(all)
    clock.advance(-3 * 365 * day)
    await tell()
    clock.advance(3 * 365 * day)
    await tell()
    expect(await short()).toEqual(all)
  })

  test('is not told of by the process that first knows how, if it was due before', async () => {
    await using stage = await openStage()
    const { clock, direct, tell } = stage
    for (const days of [5, 12, 14.5, 20, 36, 60]) await stage.createKey(days * day)
    await stage.change(async ({ keys }) => {
      const { id } = await keys.create({ organizationId: 'acme', name: 'Rotated' })
      await keys.rotate(id, { graceSeconds: 60 })
    })
    // As a program leaves it that knows of none of this.
    await direct.run('delete from event_marks')
    clock.advance(15 * day)
    await stage.change(async () => {})
    // It looks a day on, before it began to look, and again.
    for (const days of [0, 1, -2, 2]) {
      clock.advance(days * day)
      await tell()
    }
    expect(await stage.events()).toEqual([])
    clock.advance(14 * day)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expiring 30', 'key.expiring 7', 'key.expired'])
  })

  test('is told of from the first run on if the database was away when its process began', async () => {
    await using stage = await openStage()
    const { clock, direct, tell } = stage
    await stage.createKey(day)
    await direct.run('delete from event_marks')
    clock.advance(2 * day)
    await tell()
    expect(await stage.events()).toEqual([])
    await direct.run(`update keys set expires_at = ${clock.now() + day} where expires_at is not null`)
    clock.advance(day)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expired'])
  })

  test('is found although it was committed behind what was looked at', async () => {
    await using stage = await openStage()
    const { clock, tell } = stage
    await stage.createKey(day)
    clock.advance(day + hour)
    await tell()
    // By a process whose clock is behind by a minute.
    clock.advance(-60_000)
    await stage.createKey(1)
    clock.advance(60_000)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expired', 'key.expired'])
  })
})

onEachDatabase('a key that nobody uses', (makeDatabase) => {
  const openStage = async () => openNoticeStage(await makeDatabase())

  test('is told of 90 days after its creation or its last use, once until it is used again', async () => {
    await using stage = await openStage()
    const { clock, tell, direct } = stage
    const [unused, used] = [await stage.createKey(), await stage.createKey()]
    await stage.createKey(89 * day)
    const revoked = await stage.createKey()
    await stage.change((latchkey) => latchkey.keys.revoke(revoked.id))
    const use = () => direct.run(`update keys set last_used_at = ${clock.now()} where id = '${used.id}'`)
    clock.advance(10 * day)
    await use()
    const lastUsedAt = clock.in(0).toISOString()
    const dormant = async () =>
      (await stage.events()).filter(({ action }) => action === 'key.dormant').map(({ keyId }) => keyId)
    clock.advance(80 * day - 1)
    await tell()
    expect(await dormant()).toEqual([])
    clock.advance(1)
    await tell()
    expect(await dormant()).toEqual([unused.id])
    clock.advance(10 * day)
    await tell()
    expect(await dormant()).toEqual([unused.id, used.id])
    const told = (await stage.events()).filter(({ action }) => action === 'key.dormant')
    expect(told.map(({ changes }) => changes)).toEqual([
      { unused_days: 90, last_used_at: null },
      { unused_days: 90, last_used_at: lastUsedAt },
    ])
    clock.advance(day)
    await use()
    clock.advance(90 * day)
    await tell()
    await tell()
    expect(await dormant()).toEqual([unused.id, used.id, used.id])
  })

  test('is not told of if it is used between the look and the event', async () => {
    await using stage = await openStage()
    const { clock, tell, direct } = stage
    await stage.createKey()
    clock.advance(90 * day)
    await tell(() => direct.run(`update keys set last_used_at = ${clock.now()}`).then(() => {}))
    expect(await stage.events()).toEqual([])
  })

  test('is not told of if its process has noted a use, and not written it yet', async () => {
    await using stage = await openStage()
    const { clock, tell, direct } = stage
    await stage.createKey()
    clock.advance(90 * day)
    const write = () => direct.run(`update keys set last_used_at = ${clock.now()}`).then(() => {})
    await tell(undefined, write)
    expect(await stage.events()).toEqual([])
  })
})

onEachDatabase('the grace of a rotation', (makeDatabase) => {
  test('is told of when it is over by time, once, and not if somebody ended it', async () => {
    await using stage = await openNoticeStage(await makeDatabase())
    const { clock, tell } = stage
    const rotate = async (graceSeconds: number) => {
      const { id } = await stage.createKey()
      await stage.change((latchkey) => latchkey.keys.rotate(id, { graceSeconds }))
      const kids = (await stage.change((latchkey) => latchkey.keys.get(id))).secrets.map(({ kid }) => kid)
      return { id, kid: kids[1] as string }
    }
    const over = await rotate(3_600)
    const rotatedAgain = await rotate(3_600)
    const byHand = await rotate(3_600)
    const revoked = await rotate(3_600)
    await rotate(0)
    await stage.change(({ keys }) => keys.endSecret(byHand.id, byHand.kid))
    await stage.change(({ keys }) => keys.revoke(revoked.id))
    clock.advance(hour - 1)
    await tell()
    expect(await stage.events()).toEqual([])
    clock.advance(2)
    // Its grace was over before.
    await stage.change(({ keys }) => keys.rotate(rotatedAgain.id))
    await tell()
    await tell()
    const told = await stage.events()
    expect(told.map(({ keyId }) => keyId).sort()).toEqual([over.id, rotatedAgain.id].sort())
    expect(told.find(({ keyId }) => keyId === over.id)?.changes).toEqual({
      kid: over.kid,
      hint: expect.stringContaining(over.kid),
      reason: 'grace_seconds',
      last_used_at: null,
    })
  })
})

onEachDatabase('what was told of', (makeDatabase) => {
  test('is forgotten a hundred days after it was due, and not before it was looked for again', async () => {
    const database = await makeDatabase()
    await using stage = await openNoticeStage(database)
    const { clock, tell, direct } = stage
    await stage.createKey(2 * day)
    clock.advance(2 * day)
    await tell()
    const store = await openStore(database)
    const count = async () => (await direct.run('select cause from event_causes')).length
    const forget = () => runAll(retentionJob(store, systemClock, clock.now))
    clock.advance(100 * day)
    await forget()
    // Nobody has looked since: it would be found once more.
    expect(await count()).toBe(1)
    await tell()
    clock.advance(-1)
    await forget()
    expect(await count()).toBe(1)
    clock.advance(1)
    await forget()
    expect(await count()).toBe(0)
    await tell()
    expect(inShort(await stage.events())).toEqual(['key.expired'])
    await store.close()
  })
})

onOneDatabase('SQLite', 'an open Latchkey', (makeDatabase) => {
  test('tells by itself: in the log, to those who follow it, and to webhooks with the key as it stood', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({
      database,
      now: clock.now,
      webhookNetworks: ['127.0.0.0/8'],
    })
    await createAcme(latchkey)
    const receiver = await startReceiver()
    const events = ['key.expiring', 'key.expired']
    await latchkey.webhooks.create({ url: receiver.url, events, sourceOrganizationId: 'acme' })
    const expiresAt = clock.in(40 * day)
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', expiresAt })
    await using direct = await connectDirectly(database)
    const waiting = async () =>
      (await direct.run("select due_at from jobs where kind = 'notices' and owner is null")).length
    const told: unknown[] = []
    for (const ms of [11 * day, 29 * day]) {
      await expect.poll(waiting).toBe(1)
      clock.advance(ms)
      // It is looked for work at once when something was sealed.
      await latchkey.keys.create({ organizationId: 'acme', name: 'Another' })
      const received = await receiver.has(told.length + 1)
      const { type, data } = received.at(-1)?.message ?? expect.unreachable()
      told.push([type, data.event.actor_type, data.event.actor, data.key.id, data.key.status])
    }
    expect(told).toEqual([
      ['key.expiring', 'system', null, key.id, 'active'],
      ['key.expired', 'system', null, key.id, 'expired'],
    ])
    const { items } = await latchkey.audit.list({ action: 'key.expiring' })
    expect(items).toMatchObject([
      { actor: null, actorType: 'system', keyId: key.id, changes: { days_before: 30 } },
    ])
    const page = await latchkey.events.read({ organizationId: 'acme', types: ['key.expired'] })
    expect(page.events).toMatchObject([{ keyId: key.id, actorType: 'system' }])
  })
})
