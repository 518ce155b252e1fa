// Turns at the database: whoever asks much waits for itself, and nobody waits for ever.

import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openChangeLog } from '../src/coherence/change-log.ts'
import { LatchkeyError } from '../src/core/errors.ts'
import { type Asker, networkOf, Turns } from '../src/fairness/turns.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { type Clock, systemClock } from '../src/verdict/clock.ts'
import { Tallies } from '../src/verdict/tally.ts'
import { Memory } from '../src/verification/read-through.ts'
import { noDraws } from './setup/allotments.ts'
import { onEachDatabase } from './setup/databases.ts'

const bounds = { secrets: 100, bytes: 2 ** 20 }

describe('turns', () => {
  test('go around the askers of each line, one each, and half of them to callers with a key', () => {
    const turns = new Turns<void>()
    const join = (asker: Asker, kid: string) => turns.join(asker, kid, 0)
    for (let i = 0; i < 10; i++) join({ ip: '192.0.2.1' }, `a${i}`)
    for (let i = 0; i < 2; i++) join({ ip: '192.0.2.2' }, `b${i}`)
    join({ keyId: 'caller', ip: '192.0.2.1' }, 'c0')
    join({}, 'p0')
    expect(turns.take(8).map(({ kid }) => kid)).toEqual(['c0', 'a0', 'p0', 'b0', 'a1', 'b1', 'a2', 'a3'])
    expect(turns.take(100).map(({ kid }) => kid)).toEqual(['a4', 'a5', 'a6', 'a7', 'a8', 'a9'])
    expect(turns.size).toBe(0)
  })

  test('come to an asker with one question in the first round, however many others ask', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (loads, isCaller) => {
          const turns = new Turns<void>()
          const askerOf = (i: number) => (isCaller ? { keyId: `key-${i}` } : { ip: `192.0.2.${i}` })
          loads.forEach((load, i) => {
            for (let n = 0; n < load; n++) turns.join(askerOf(i), `${i}-${n}`, 0)
          })
          turns.join(askerOf(loads.length), 'good', 0)
          const kids = turns.take(loads.length + 1).map(({ kid }) => kid)
          expect(kids).toContain('good')
        },
      ),
    )
  })

  test('are bounded for each asker and in all, and the last asker finds room', () => {
    const turns = new Turns<void>()
    const addresses = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`)
    for (const ip of addresses) for (let n = 0; n < 3_000; n++) turns.join({ ip }, `${ip} ${n}`, 0)
    expect(turns.size).toBeLessThanOrEqual(65_536)
    expect(turns.join({ ip: '198.51.100.1' }, 'good', 0)).toBeDefined()
    expect(turns.join({ keyId: 'caller' }, 'good', 0)).toBeDefined()
    for (let n = 0; n < 5_000; n++) turns.join({ keyId: 'busy' }, `${n}`, 0)
    expect(turns.join({ keyId: 'busy' }, 'one more', 0)).toBeUndefined()
    expect(turns.join({ keyId: 'caller' }, 'one more', 0)).toBeDefined()
  })

  test('end for who has waited too long, and for nobody else', () => {
    const turns = new Turns<void>()
    turns.join({}, 'early', 10)
    turns.join({ ip: '192.0.2.1' }, 'early too', 20)
    turns.join({}, 'late', 30)
    expect(turns.takeOlder(20).map(({ kid }) => kid)).toEqual(['early', 'early too'])
    expect(turns.take(10).map(({ kid }) => kid)).toEqual(['late'])
  })

  test('hold 4,096 waiting for one asker, a share for each of many, and 65,536 in all of a line', () => {
    const turns = new Turns<void>()
    const join = (asker: number, kid: string) => turns.join({ keyId: `key-${asker}` }, kid, 0)
    for (let i = 0; i < 4_096; i++) expect(join(0, `kid-${i}`)).toBeDefined()
    expect(join(0, 'one too many')).toBeUndefined()
    // Whoever asks again for the same is no other one.
    expect(join(0, 'kid-7')).toBe(join(0, 'kid-7'))
    expect(turns.size).toBe(4_096)
    expect(join(1, 'kid')).toBeDefined()
    for (let i = 2; i < 8; i++) join(i, 'kid')
    // Of eight, and room for one more, each has a ninth of 16,384.
    for (let i = 1; i < 1_820; i++) expect(join(1, `kid-${i}`)).toBeDefined()
    expect(join(1, 'one too many')).toBeUndefined()
    const left = 65_536 - turns.size
    for (let i = 0; i < left; i++) expect(join(100 + i, 'kid')).toBeDefined()
    expect(join(99, 'kid')).toBeUndefined()
    expect(turns.join({ ip: '192.0.2.1' }, 'kid', 0)).toBeDefined()
  })

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:0:7::', '2001:db8:0:7'],
    ['2001:db8::7:1:2:3:4', '2001:db8:0:7'],
    ['2001::7:8:1:2:3:4', '2001:0:7:8'],
    ['::7:1:2:3:4', '0:0:0:7'],
    ['::', '0:0:0:0'],
    ['::1', '0:0:0:0'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ])('%s asks from %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

onEachDatabase('a database that takes long', (makeDatabase) => {
  test('refuses no caller with a key while strangers ask for hundreds of secrets at once', async () => {
    const store = await openStore(await makeDatabase())
    const { findFactsNow: _, ...other } = store
    const source: Store = {
      ...other,
      findManyFacts: async (kids) => {
        await setTimeout(250)
        return store.findManyFacts(kids)
      },
    }
    const memory = new Memory(
      source,
      openChangeLog(source),
      systemClock,
      bounds,
      { note: () => {}, tallies: new Tallies() },
      () => 'slow',
      noDraws,
    )
    await memory.follower.start()
    let isOver = false
    let next = 0
    const kid = () => `kid${String(next++).padStart(13, '0')}`
    const stranger = async () => {
      while (!isOver) await memory.read({ kid: kid() }, { ip: '192.0.2.1' }).catch(() => {})
    }
    const flood = Array.from({ length: 400 }, stranger)
    const good = async () => {
      for (let i = 0; i < 4; i++) await memory.read({ kid: kid() }, { keyId: 'caller', ip: '192.0.2.1' })
    }
    await setTimeout(50)
    await Promise.all([good(), good(), good()])
    isOver = true
    await Promise.all(flood)
    await memory.follower.stop()
    await store.close()
  })
})

onEachDatabase('a database that does not answer', (makeDatabase) => {
  test('keeps each asker for less than a second, and each statement from the others', async () => {
    const store = await openStore(await makeDatabase())
    const stuck = Promise.withResolvers<never>()
    let time = 0
    const alarms: { at: number; ring: () => void }[] = []
    const clock: Clock = {
      ...systemClock,
      monotonic: () => time,
      after: (delay, ring) => {
        alarms.push({ at: time + delay, ring })
        return () => {}
      },
    }
    let statements = 0
    const { findFactsNow: _, ...other } = store
    const source: Store = {
      ...other,
      findManyFacts: () => {
        statements++
        return stuck.promise
      },
    }
    const memory = new Memory(
      source,
      openChangeLog(source),
      clock,
      bounds,
      { note: () => {}, tallies: new Tallies() },
      () => 'stuck',
      noDraws,
    )
    await memory.follower.start()
    const reads = Array.from({ length: 600 }, (_, i) =>
      memory.read({ kid: `kid${String(i).padStart(13, '0')}` }, { ip: '192.0.2.1' }).catch((error) => error),
    )
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(statements).toBe(4)
    for (; time < 1_000; time += 100)
      for (const { at, ring } of alarms.splice(0))
        if (at <= time) ring()
        else alarms.push({ at, ring })
    // Those that were sent wait for the store's own deadline.
    const settled = await Promise.all(reads.slice(4 * 64))
    for (const error of settled) expect(error).toBeInstanceOf(LatchkeyError)
    expect(new Set(settled.map(({ code }) => code))).toEqual(new Set(['store_unavailable']))
    stuck.reject(new Error('stuck'))
    await Promise.all(reads)
    await memory.follower.stop()
    await store.close()
  })
})
