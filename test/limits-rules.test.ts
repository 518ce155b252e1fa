// The rules of limits where their edges are: the lists and plans that are joined, the headers, and the order of refusals.
import { describe, expect, test } from 'vitest'
import { readConditions } from '../src/core/conditions.ts'
import type { Allowance } from '../src/core/limits.ts'
import { exceededStatus, rateLimitHeaders } from '../src/core/rate-limit-headers.ts'
import {
  joinLimits,
  type LimitGiven,
  replaceLimits,
  type StoredLimit,
  type StoredLimits,
} from '../src/core/stored-limits.ts'
import { toLimitState } from '../src/domain/limits/states.ts'
import type { Verdict, VerdictLimit } from '../src/index.ts'
import { advance, draw, newCounter, settleCounter, storeOf } from '../src/verdict/counter.ts'
import { claimsOf, exceededVerdict } from '../src/verdict/drawing.ts'
import { Holding } from '../src/verdict/holding.ts'
import { countLimits } from '../src/verdict/owners.ts'
import { Stock } from '../src/verdict/stock.ts'
import { mulberry32 } from './setup/chance.ts'

const quota = (limit: number, resets: 'daily' | 'monthly' | null = 'monthly'): Allowance => ({
  kind: 'quota',
  limit,
  resets,
  anchor: null,
  overdraft: null,
})
const rate = (limit: number, seconds: number, burst = limit): Allowance => ({
  kind: 'rate',
  limit,
  windowMs: seconds * 1_000,
  burst,
})

function stored(allowance: Allowance, isSet = false, name = 'requests'): StoredLimit {
  return { name, allowance, defaultCost: 1, epoch: 0, isSet }
}

describe('of a limit and its plan', () => {
  test.each<[what: string, own: Allowance, planned: Allowance, counting: ('own' | 'planned')[]]>([
    ['a tighter rate counts alone', rate(5, 60), rate(6, 60), ['own']],
    ['an equal one as well', rate(6, 60), rate(6, 60), ['own']],
    ['a wider one does not', rate(7, 60), rate(6, 60), ['planned']],
    ['nor one with more at once', rate(5, 60, 7), rate(6, 60), ['planned']],
    ['the numbers of another window are compared by time', rate(10, 3_600, 6), rate(6, 60), ['own']],
    ['and a shorter window makes few units many', rate(5, 1), rate(6, 60), ['planned']],
    ['a tighter quota counts alone', quota(5), quota(6), ['own']],
    ['an equal quota as well', quota(6), quota(6), ['own']],
    ['a wider quota does not', quota(7), quota(6), ['planned']],
    ['nor one of shorter periods', quota(5, 'daily'), quota(6, 'monthly'), ['planned']],
    ['a rate and a quota count both', rate(5, 60), quota(6), ['own', 'planned']],
    ['a quota and a rate count both', quota(5), rate(6, 60), ['own', 'planned']],
  ])('%s', (_, own, planned, counting) => {
    const lists = { own: stored(own), planned: stored(planned) }
    const joined = joinLimits([lists.own], [lists.planned])
    expect(joined).toEqual(counting.map((which) => lists[which]))
    // What somebody set who may set limits counts in any case.
    const set = stored(own, true)
    expect(joinLimits([set], [lists.planned])).toEqual([set])
  })
})

test('a limit that comes back is never of an epoch that has ended, and a list remembers 32 names', () => {
  const given = (name: string): LimitGiven => ({ name, limit: 1, resets: null, defaultCost: 1 }) as LimitGiven
  const random = mulberry32(7)
  const last = new Map<string, number>()
  let list: StoredLimits = { limits: [], removed: {} }
  for (let i = 0; i < 3_000; i++) {
    const before = new Set(list.limits.map(({ name }) => name))
    const names = new Set(Array.from({ length: 4 }, () => `n${Math.floor(random() ** 2 * 60)}`))
    list = replaceLimits(list, [...names].map(given), true)
    for (const { name, epoch } of list.limits) {
      if (before.has(name)) expect(epoch).toBe(last.get(name))
      else expect(epoch).toBeGreaterThan(last.get(name) ?? -1)
      last.set(name, epoch)
    }
    // One more stands for all that are forgotten.
    expect(Object.keys(list.removed).length).toBeLessThanOrEqual(33)
  }
  expect(Object.keys(list.removed)).toHaveLength(33)
})

describe('headers', () => {
  const now = Date.UTC(2026, 0, 1)
  const limit = { name: 'requests', scope: 'key', id: 'k', limit: 5, remaining: 2, resetsAt: null } as const

  function headersOf(limits: VerdictLimit[], rest: object = { valid: true, code: 'valid' }) {
    return rateLimitHeaders({ ...rest, limits } as unknown as Verdict, now)
  }

  test.each([
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [59_999, '60'],
    [null, undefined],
  ])('say to come again after %s ms: %s', (retryAfterMs, expected) => {
    const refused = { valid: false, code: 'rate_limited', retryAfterMs }
    expect(headersOf([limit], refused)['retry-after']).toBe(expected)
    expect(exceededStatus(refused as Parameters<typeof exceededStatus>[0])).toBe(
      retryAfterMs === null ? 402 : 429,
    )
  })

  test('round up when there are units again, and never say that it was before now', () => {
    const at = (ms: number) => headersOf([{ ...limit, resetsAt: new Date(now + ms) }]).ratelimit
    expect([at(1_000), at(1_001), at(0), at(-5_000)]).toEqual([
      '"requests";r=2;t=1',
      '"requests";r=2;t=2',
      '"requests";r=2;t=0',
      '"requests";r=2;t=0',
    ])
    expect(headersOf([limit])).toEqual({ 'ratelimit-policy': '"requests";q=5', ratelimit: '"requests";r=2' })
  })

  test("name another owner's limit by whose it is, if the key has one of that name, and tell windows", () => {
    const others: VerdictLimit[] = [
      { ...limit, scope: 'organization', id: 'acme', windowSeconds: 60 },
      { ...limit, name: 'credits', scope: 'organization', id: 'acme' },
    ]
    expect(headersOf([limit, ...others])['ratelimit-policy']).toBe(
      '"requests";q=5, "organization/requests";q=5;w=60, "credits";q=5',
    )
  })
})

describe('a refused call', () => {
  const claims = countLimits('key', 'k', 'acme', [stored(quota(5)), stored(rate(5, 60), false, 'other')])
  const [ofQuota, ofRate] = claims as [(typeof claims)[0], (typeof claims)[0]]
  const answer = {} as Parameters<typeof exceededVerdict>[0]
  const wall = Date.UTC(2026, 0, 1)
  for (const { limit } of claims) {
    limit.holding = new Holding(limit, 0, new Stock())
    const told = { granted: 0, given: 0, kept: 0, period: 0, left: 0, elsewhere: 0, emptyForMs: 1_000 }
    limit.holding.accept(
      { ...told, endsInMs: 86_400_000, endsAt: wall + 86_400_000 },
      { unspent: 0, want: 0 },
      0,
      0,
    )
  }

  test.each<[what: string, exceeded: typeof claims, code: string, retryAfterMs: number | null]>([
    ['by a rate waits until that gains a unit', [ofRate], 'rate_limited', 12_000],
    ['by a quota waits until its period ends', [ofQuota], 'quota_exceeded', 86_400_000],
    ['by both waits for the later one', [ofRate, ofQuota], 'quota_exceeded', 86_400_000],
    ['by both waits for the later one, in any order', [ofQuota, ofRate], 'quota_exceeded', 86_400_000],
    ['may cost all of a quota', [{ limit: ofQuota.limit, cost: 5 }], 'quota_exceeded', 86_400_000],
    [
      'that costs more than a quota has never passes',
      [{ limit: ofQuota.limit, cost: 6 }],
      'quota_exceeded',
      null,
    ],
    ['may cost all of a burst', [{ limit: ofRate.limit, cost: 5 }], 'rate_limited', 60_000],
    ['that costs more than a burst never passes', [{ limit: ofRate.limit, cost: 6 }], 'rate_limited', null],
    [
      'never passes if one of two limits never lets it',
      [{ limit: ofRate.limit, cost: 6 }, ofQuota],
      'quota_exceeded',
      null,
    ],
  ])('%s', (_, exceeded, code, retryAfterMs) => {
    const verdict = exceededVerdict(answer, claims, exceeded, 0, wall)
    expect(verdict).toMatchObject({ valid: false, code, retryAfterMs })
  })

  test('costs what it names, and nothing that the language gives an object', () => {
    const named = countLimits('key', 'k', 'acme', [stored(quota(5), false, 'constructor')])
    expect(claimsOf(named, { credits: 3 })).toEqual(named)
    expect(claimsOf(named, { constructor: 3 } as unknown as Record<string, number>)[0]?.cost).toBe(3)
    expect(claimsOf(named, { constructor: 0 } as unknown as Record<string, number>)[0]?.cost).toBe(0)
  })
})

describe('a settlement', () => {
  const now = Date.UTC(2026, 0, 15)

  test('gives nothing back of a period that is over, and draws what is missing from the running one', () => {
    const allowance = quota(100)
    const counter = { ...newCounter(allowance, 0, now), spent: 40 }
    const of = (period: number, cost: number) =>
      settleCounter(counter, allowance, { units: 10, period }, cost).counter.spent
    expect([of(counter.period, 4), of(counter.period - 1, 4), of(counter.period - 1, 16)]).toEqual([
      34, 40, 46,
    ])
    // Never more than was spent.
    expect(
      settleCounter({ ...counter, spent: 3 }, allowance, { units: 10, period: counter.period }, 0),
    ).toEqual({ counter: { ...counter, spent: 0 }, overdrawn: 0 })
  })

  test('gives back units of which their holder has not said yet that they are spent, and no more than were taken', () => {
    const allowance = quota(100)
    const holder = { id: 'p', epoch: 0, sequence: 1, granted: 7, given: 0, kept: 0, room: 0, drewAt: now }
    const before = { ...newCounter(allowance, 0, now), spent: 3, holders: [{ ...holder, out: 7 }] }
    const of = (units: number) =>
      settleCounter(before, allowance, { units, period: before.period }, 2).counter
    expect([of(9), of(20)].map((counter) => storeOf(counter, allowance))).toEqual([97, 100])
    const limit = stored(allowance)
    expect(toLimitState(limit, of(9), now)).toMatchObject({ remaining: 100, held: 7, owed: 0 })
    // It spent them all: of the 9 the call cost 2, and 1 was spent besides.
    const message = { holder: 'p', sequence: 2, epoch: 0, period: before.period, passedMs: 0, isLong: false }
    const nothing = { unspent: 0, back: 0, unused: 0, need: 0, least: 0, want: 0 }
    const { counter } = draw(of(9), allowance, { ...message, ...nothing }, now, () => true)
    expect(counter.spent).toBe(3)
    expect(toLimitState(limit, counter, now)).toMatchObject({ remaining: 97, held: 0, owed: 0 })
  })

  test('fills no bucket above its burst', () => {
    const allowance = rate(10, 60)
    const counter = { ...newCounter(allowance, 0, now), level: 8 }
    const of = (cost: number) =>
      settleCounter(counter, allowance, { units: 5, period: 0 }, cost).counter.level
    expect([of(4), of(3), of(0), of(7)]).toEqual([9, 10, 10, 6])
  })
})

test('units that were added are those of their period: the next one begins with the limit alone', () => {
  const allowance = quota(100)
  const counter = { ...newCounter(allowance, 0, Date.UTC(2026, 0, 15)), spent: 40, added: 25 }
  const leftAt = (at: number) => storeOf(advance(counter, allowance, 0, at), allowance)
  expect(leftAt(Date.UTC(2026, 1, 1) - 1)).toBe(85)
  expect(leftAt(Date.UTC(2026, 1, 1))).toBe(100)
  // A clock that goes back brings no earlier period back.
  const later = advance(counter, allowance, 0, Date.UTC(2026, 1, 1))
  expect(advance({ ...later, spent: 30 }, allowance, 0, Date.UTC(2026, 0, 20))).toMatchObject({
    period: later.period,
    spent: 30,
  })
})

test('of what a verifier can judge, only what this version knows counts', () => {
  expect(readConditions(undefined)).toEqual(new Set())
  expect(readConditions('')).toEqual(new Set())
  expect(readConditions('limits')).toEqual(new Set(['limits']))
  expect(readConditions(' line , organization,weather')).toEqual(new Set(['organization', 'line']))
})
