// How many calls a limit would have refused lies between what a preview says, whenever in their hours the calls came.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Quota, Rate } from '../src/core/limits.ts'
import { periodAt } from '../src/core/periods.ts'
import { openLatchkey } from '../src/index.ts'
import { boundRefusals, type HourOfCalls } from '../src/verdict/limit-replay.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { writeProfiles } from './setup/profiles.ts'
import { hourMs } from './setup/usage.ts'

interface Call {
  at: number
  cost: number
}

const cost = fc.integer({ min: 0, max: 5 })
/** Calls with their instants, in order: some at once, some far apart, and all of one cost or not. */
const calls = fc
  .record({
    cost,
    places: fc.array(
      fc.record({
        hour: fc.integer({ min: 0, max: 8 }),
        minute: fc.constantFrom(0, 1, 30, 59),
        more: fc.option(cost, { nil: 0, freq: 2 }),
      }),
      { maxLength: 40 },
    ),
    isEven: fc.boolean(),
  })
  .map(({ cost, places, isEven }) => ({
    cost,
    calls: places
      .map(
        ({ hour, minute, more }): Call => ({
          at: hour * hourMs + minute * 60_000,
          // Two that draw less and more than usual would look like two usual ones.
          cost: isEven ? cost : cost + more,
        }),
      )
      .sort((a, b) => a.at - b.at),
  }))

function hoursOf(calls: readonly Call[]): HourOfCalls[] {
  return Array.from({ length: 9 }, (_, hour) => {
    const ofHour = calls.filter(({ at }) => Math.floor(at / hourMs) === hour)
    return { hour, calls: ofHour.length, units: ofHour.reduce((sum, one) => sum + one.cost, 0) }
  })
}

/** A bucket, as its definition says it. */
function refusedByRate(calls: readonly Call[], { limit, windowMs, burst }: Rate): number {
  let [tokens, last, refused] = [burst, calls[0]?.at ?? 0, 0]
  for (const { at, cost } of calls) {
    tokens = Math.min(burst, tokens + ((at - last) * limit) / windowMs)
    last = at
    // What floats lose of a unit.
    if (tokens + 1e-6 >= cost) tokens -= cost
    else refused++
  }
  return refused
}

function refusedByQuota(calls: readonly Call[], { limit, resets, anchor }: Quota): number {
  const left = new Map<number, number>()
  return calls.filter(({ at, cost }) => {
    const { start } = periodAt(resets, anchor, at)
    const units = left.get(start) ?? limit
    left.set(start, units >= cost ? units - cost : units)
    return units < cost
  }).length
}

test('a rate refuses no fewer and no more calls than its bounds', () => {
  const rate = fc.record({
    limit: fc.integer({ min: 0, max: 20 }),
    windowMs: fc.constantFrom(60_000, hourMs, 10 * hourMs),
    burst: fc.integer({ min: 0, max: 20 }),
  })
  let exact = 0
  fc.assert(
    fc.property(calls, rate, ({ calls, cost }, given) => {
      const allowance: Rate = { kind: 'rate', ...given }
      const { atLeast, atMost } = boundRefusals(hoursOf(calls), allowance, cost)
      const refused = refusedByRate(calls, allowance)
      expect(refused).toBeGreaterThanOrEqual(atLeast)
      expect(refused).toBeLessThanOrEqual(atMost)
      if (refused > 0 && atLeast === atMost) exact++
    }),
    { numRuns: 3_000 },
  )
  expect(exact).toBeGreaterThan(10)
})

test('a rate that holds nothing refuses all calls that draw', () => {
  const rate: Rate = { kind: 'rate', limit: 60, windowMs: hourMs, burst: 0 }
  const hours = [{ hour: 1, calls: 4, units: 8 }]
  expect(boundRefusals(hours, rate, 2)).toEqual({ atLeast: 4, atMost: 4 })
})

test('a quota refuses no fewer and no more calls than its bounds; of calls of one cost in whole hours, they are one', () => {
  const quota = fc.record({
    limit: fc.integer({ min: 0, max: 20 }),
    resets: fc.constantFrom('hourly' as const, 'daily' as const, 'weekly' as const, null),
    anchor: fc.constantFrom(null, 90 * 60_000),
  })
  fc.assert(
    fc.property(calls, quota, ({ calls, cost }, { anchor, ...given }) => {
      const ofWeek = given.resets === 'weekly' ? anchor : null
      const allowance: Quota = { kind: 'quota', overdraft: null, anchor: ofWeek, ...given }
      const { atLeast, atMost } = boundRefusals(hoursOf(calls), allowance, cost)
      const refused = refusedByQuota(calls, allowance)
      expect(refused).toBeGreaterThanOrEqual(atLeast)
      expect(refused).toBeLessThanOrEqual(atMost)
      if (ofWeek === null && calls.every((one) => one.cost === cost)) expect(atLeast).toBe(atMost)
    }),
    { numRuns: 3_000 },
  )
})

onEachDatabase('the preview of a limit', (makeDatabase) => {
  test('tells between which bounds it refuses, by what was counted in each hour', async () => {
    const database = await makeDatabase()
    const now = Date.UTC(2026, 5, 15, 12)
    await using latchkey = await openLatchkey({ database, now: () => now })
    await createAcme(latchkey)
    const credits = { name: 'credits', limit: 1000, resets: null }
    const calls = { name: 'calls', limit: 100, resets: 'daily' } as const
    const limits = [credits, calls]
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits })
    const kid = key.hint.split('_').at(-1)?.slice(0, 16)
    const count = (hour: number, measure: string, amount: number) => {
      return { keyId: key.id, organizationId: 'acme', hour: now / hourMs - hour, measure, amount }
    }
    const at = now - 2 * hourMs
    await writeProfiles(
      { database },
      [{ keyId: key.id, at, calls: 130, ...(kid && { kid }) }],
      [
        ...[count(4, 'valid', 100), count(4, 'key/credits', 500)],
        ...[count(2, 'valid', 30), count(2, 'key/credits', 30), count(2, 'rate_limited', 50)],
      ],
    )
    const preview = async (...limits: { name: string; limit: number }[]) => {
      const given = limits.map((limit) => ({ ...limit, resets: 'daily' as const }))
      const { atLeast, atMost, refusals } = await latchkey.keys.preview(key.id, { limits: given })
      expect(refusals).toEqual([])
      return [atLeast, atMost]
    }
    expect(await preview({ name: 'requests', limit: 120 })).toEqual([10, 10])
    expect(await preview({ name: 'requests', limit: 130 })).toEqual([0, 0])
    // Some calls drew five of these: it is not known which.
    expect(await preview({ name: 'credits', limit: 520 })).toEqual([1, 130])
    expect(await preview({ name: 'requests', limit: 120 }, { name: 'credits', limit: 530 })).toEqual([10, 10])
    // Of several it is not known whether they refuse the same calls.
    expect(await preview({ name: 'requests', limit: 120 }, { name: 'credits', limit: 520 })).toEqual([
      10, 130,
    ])
    expect(await preview({ name: 'requests', limit: 120 }, { name: 'more', limit: 110 })).toEqual([20, 30])
    // The limits that it has already, or none, refuse nothing more.
    expect(await preview({ name: 'calls', limit: 100 }, { name: 'more', limit: 1000 })).toEqual([0, 0])
    for (const limits of [[credits, calls], []])
      expect(await latchkey.keys.preview(key.id, { limits })).toMatchObject({ calls: 130, atMost: 0 })
    // A rate of which only hours tell.
    const rate = { name: 'requests', limit: 60, windowSeconds: 3600, burst: 30 }
    expect(await latchkey.keys.preview(key.id, { limits: [rate] })).toMatchObject({ atLeast: 10, atMost: 70 })
  })
})
