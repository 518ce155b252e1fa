// The wall clock is set back and forward by days: leases hold, expiry follows it, and no last use goes backwards.
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { databaseKinds, makeDatabase, onEachDatabase } from './setup/databases.ts'
import { startProxy } from './setup/proxy.ts'
import { acceptedAfter, acknowledged, boundMs, openStage } from './setup/stage.ts'

const dayMs = 86_400_000

onEachDatabase('a clock set by days', (makeDatabase) => {
  test('makes a key expire and live again as the clock says, in memory as in the database', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      expiresAt: clock.in(dayMs),
    })
    const codes = async () => [
      (await latchkey.verify(key)).code,
      latchkey.verifyCached(key)?.code ?? 'unsure',
      (await latchkey.keys.get(id)).status,
    ]
    expect((await latchkey.verify(key)).code).toBe('valid')
    clock.advance(-3 * dayMs)
    // The monotonic clock says that the lease holds.
    expect(await codes()).toEqual(['valid', 'valid', 'active'])
    clock.advance(5 * dayMs)
    // Days may have gone by in sleep: memory says nothing, the database says what it holds.
    expect(await codes()).toEqual(['expired', 'unsure', 'expired'])
    clock.advance(-2 * dayMs)
    expect((await codes())[0]).toBe('valid')
    clock.advance(dayMs - 1)
    expect((await codes())[0]).toBe('valid')
    clock.advance(1)
    expect((await codes())[0]).toBe('expired')
  })

  test('never takes a last use back', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    const uses: number[] = []
    let key: string | undefined
    let id = ''
    for (const days of [0, -3, 2, -40, 45, -1]) {
      clock.advance(days * dayMs)
      await using latchkey = await openLatchkey({ database, now: clock.now })
      if (key === undefined) {
        await createAcme(latchkey)
        const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
        key = created.key
        id = created.id
      }
      // Set once more while a use is still only in memory.
      for (const step of [0, -dayMs, 0]) {
        clock.advance(step)
        expect((await latchkey.verify(key)).code).toBe('valid')
        uses.push(clock.now())
      }
      await latchkey.close()
      await using after = await openLatchkey({ database })
      const { lastUsedAt, secrets } = await after.keys.get(id)
      expect(lastUsedAt?.getTime()).toBe(Math.max(...uses))
      expect(secrets[0]?.lastUsedAt?.getTime()).toBe(Math.max(...uses))
    }
  })

  test('judges by no lease of before a sleep that stopped the monotonic clock', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    let monotonic = 0
    const asleep = { now: clock.now, monotonic: () => monotonic }
    await using sleeper = await openLatchkey({ database, ...asleep })
    await using other = await openLatchkey({ database })
    await createAcme(other)
    const { key } = await other.keys.create({ organizationId: 'acme', name: 'CI' })
    expect((await sleeper.verify(key)).valid).toBe(true)
    expect(sleeper.verifyCached(key)?.valid).toBe(true)
    monotonic += 1
    clock.advance(2_000)
    expect(sleeper.verifyCached(key)).toBeUndefined()
  })
})

describe.concurrent.each(databaseKinds)('a process on %s whose clock is set all the time', (kind) => {
  test('accepts no token later than 2 s after its revocation', async () => {
    await using database = await makeDatabase(kind)
    await using stage = await openStage(database.url, { clockSteps: 'both' })
    const late: number[] = []
    for (let i = 0; i < 20; i++) {
      const { id, key } = await stage.issue()
      await setTimeout(Math.random() * 300)
      const at = await acknowledged(stage.latchkey.keys.revoke(id))
      late.push(acceptedAfter(await stage.watcher.until(key, 'revoked'), at))
    }
    console.log(`${kind}, clock set: last accept at most ${Math.max(...late).toFixed(0)} ms after (20)`)
    expect(Math.max(...late)).toBeLessThanOrEqual(boundMs)
  })
})

test('a process cut off from PostgreSQL trusts its memory for the lease, and no longer for a clock set back', async () => {
  await using database = await makeDatabase('PostgreSQL')
  await using proxy = await startProxy(database.url)
  await using stage = await openStage(database.url, { database: proxy.url, clockSteps: 'back' })
  const { id, key } = await stage.issue()
  await setTimeout(500)
  proxy.fail('swallow')
  const at = await acknowledged(stage.latchkey.keys.revoke(id))
  // Long after any lease, so that one which a clock prolongs is seen.
  await setTimeout(4_000)
  expect(acceptedAfter(await stage.watcher.see(key), at)).toBeLessThanOrEqual(boundMs)
})
