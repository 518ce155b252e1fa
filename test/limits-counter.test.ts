// The arithmetic of one counter: what is granted, reported and given back.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Allowance, Quota, Rate } from '../src/core/limits.ts'
import {
  advance,
  type Counter,
  type DrawMessage,
  draw,
  newCounter,
  outOf,
  settleCounter,
  storeOf,
} from '../src/verdict/counter.ts'

const begun = 1_800_000_000_000

/** What a message asks that asks for nothing. */
const asking = {
  ...{ epoch: 0, period: 0, passedMs: 0, unspent: 0, back: 0, unused: 0 },
  ...{ need: 0, least: 1, want: 0, isLong: false },
}

/** What one holder asks next: shares of what it has. */
interface Step {
  holder: number
  /** How far the database's clock goes, and how much time passes. */
  afterMs: number
  passesMs: number
  keeps: number
  givesBack: number
  unused: number
  need: number
  want: number
  isRepeated: boolean
  isGone: boolean
}

const steps = fc.array(
  fc.record<Step>({
    holder: fc.nat({ max: 2 }),
    afterMs: fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: -5_000, max: 7_200_000 })),
    passesMs: fc.nat({ max: 20_000 }),
    keeps: fc.double({ min: 0, max: 1, noNaN: true }),
    givesBack: fc.double({ min: 0, max: 1, noNaN: true }),
    unused: fc.double({ min: 0, max: 1, noNaN: true }),
    need: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
    want: fc.nat({ max: 200 }),
    isRepeated: fc.boolean(),
    isGone: fc.integer({ min: 0, max: 19 }).map((dice) => dice === 0),
  }),
  { minLength: 1, maxLength: 60 },
)
const rates = fc
  .record({
    limit: fc.nat({ max: 2_000 }),
    windowMs: fc.constantFrom(1_000, 60_000),
    burst: fc.nat({ max: 500 }),
  })
  .map((rate): Rate => ({ kind: 'rate', ...rate }))
const quotas = fc
  .record({ limit: fc.nat({ max: 500 }), resets: fc.constantFrom('hourly' as const, null) })
  .map((quota): Quota => ({ kind: 'quota', anchor: null, overdraft: null, ...quota }))

/** Runs steps as well-behaved holders would, and calls back after each draw. */
function play(
  allowance: Allowance,
  list: readonly Step[],
  look: (
    before: Counter,
    after: Counter,
    message: DrawMessage,
    now: number,
    answer: ReturnType<typeof draw>,
  ) => void,
): Counter {
  let counter = newCounter(allowance, 0, begun)
  let now = begun
  let time = 0
  // No later can it be, by the clock or by the time that has passed.
  let latest = begun
  const fresh = { sequence: 0, held: 0, given: 0, drewAt: undefined as number | undefined }
  const states = [0, 1, 2].map(() => ({ ...fresh, id: 0, period: counter.period }))
  const gone = new Set<string>()
  for (const step of list) {
    now += step.afterMs
    time += step.passesMs
    latest = Math.max(latest + step.passesMs, now)
    const state = states[step.holder] as (typeof states)[number]
    if (step.isGone) {
      gone.add(`${step.holder}-${state.id}`)
      Object.assign(state, { ...fresh, id: state.id + 1 })
    }
    const unspent = Math.floor(state.held * step.keeps)
    const message: DrawMessage = {
      holder: `${step.holder}-${state.id}`,
      sequence: ++state.sequence,
      epoch: 0,
      period: state.period,
      passedMs: state.drewAt === undefined ? 0 : time - state.drewAt,
      unspent,
      back: Math.floor((state.held - unspent) * step.givesBack),
      unused: Math.floor(state.given * step.unused),
      need: step.need,
      least: step.need === 0 ? 0 : 1,
      want: step.want,
      isLong: false,
    }
    const drawn = draw(counter, allowance, message, now, (id) => !gone.has(id))
    expect(drawn.counter.asOf).toBeLessThanOrEqual(latest)
    if (allowance.kind === 'quota') expect(drawn.counter.asOf).toBe(Math.max(counter.asOf, now))
    look(counter, drawn.counter, message, now, drawn)
    counter = drawn.counter
    const { answer } = drawn
    Object.assign(state, {
      held: answer.kept + answer.granted,
      given: answer.given,
      period: answer.period,
      drewAt: time,
    })
    if (!step.isRepeated) continue
    const again = draw(counter, allowance, message, now + 1_000, (id) => !gone.has(id))
    expect(again.isRepeated).toBe(true)
    expect(again.counter).toEqual(counter)
    const { granted, given, kept } = again.answer
    expect({ granted, given, kept }).toEqual({
      granted: answer.granted,
      given: answer.given,
      kept: answer.kept,
    })
    const late = draw(counter, allowance, { ...message, sequence: message.sequence - 1 }, now, () => true)
    expect(late.counter).toEqual(counter)
    expect(late.answer).toMatchObject({ granted: 0, given: 0, kept: 0 })
  }
  return counter
}

describe('a draw', () => {
  test('of a rate leaves no more than the burst in the store and out, and nothing below zero', () => {
    fc.assert(
      fc.property(rates, steps, (rate, list) => {
        play(rate, list, (before, after, message, _, { answer }) => {
          expect(after.level + outOf(after.holders)).toBeLessThanOrEqual(rate.burst)
          if (after.level + outOf(after.holders) === rate.burst)
            expect(after.rest).toBeLessThan(rate.windowMs)
          expect(after.level).toBeGreaterThanOrEqual(0)
          expect(after.asOf).toBeGreaterThanOrEqual(before.asOf)
          expect(answer.kept).toBeLessThanOrEqual(message.unspent)
          expect(answer.given).toBeLessThanOrEqual(message.need)
          for (const { out } of after.holders) expect(out).toBeGreaterThanOrEqual(0)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('of a quota takes no more than its limit in a period, and forgets nothing', () => {
    fc.assert(
      fc.property(quotas, steps, (quota, list) => {
        play(quota, list, (before, after, message, now, { answer, lost }) => {
          expect(after.spent + outOf(after.holders)).toBeLessThanOrEqual(quota.limit)
          expect(storeOf(after, quota)).toBeGreaterThanOrEqual(0)
          expect(after.period).toBeGreaterThanOrEqual(before.period)
          expect(answer.kept).toBeLessThanOrEqual(message.unspent)
          const isSame = advance(before, quota, 0, now).period === before.period
          expect(lost).toBeGreaterThanOrEqual(0)
          // What left the store went out or was given; what came back was out or given before.
          const own = before.holders.find(({ id }) => id === message.holder)
          const back = storeOf(after, quota) - storeOf(before, quota) + answer.granted + answer.given
          if (isSame) expect(back).toBeLessThanOrEqual((own?.out ?? 0) - answer.kept + message.unused)
          if (isSame) expect(back).toBeGreaterThanOrEqual(0)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('refills a bucket before it takes in what was spent, which may have been a moment ago', () => {
    const rate: Rate = { kind: 'rate', limit: 100, windowMs: 1_000, burst: 100 }
    const isLive = () => true
    const first = draw(
      newCounter(rate, 0, begun),
      rate,
      { ...asking, holder: 'a', sequence: 1, want: 12 },
      begun,
      isLive,
    )
    const report = { ...asking, holder: 'a', sequence: 2, want: 0 }
    const second = draw(first.counter, rate, report, begun + 10_000, isLive)
    expect(second.counter).toMatchObject({ level: 88, rest: 0 })
  })

  test('goes by the time that passes for its holders while the clock is behind, and counts none of it twice', () => {
    const rate: Rate = { kind: 'rate', limit: 10, windowMs: 1_000, burst: 100 }
    let counter = newCounter(rate, 0, begun)
    const take = (holder: string, sequence: number, passedMs: number, now: number) => {
      const asked = { ...asking, holder, sequence, passedMs, need: 100 }
      const drawn = draw(counter, rate, asked, now, () => true)
      counter = drawn.counter
      return drawn.answer.given
    }
    const hour = 3_600_000
    // Somebody sets the clock ahead by an hour, and back again.
    expect(take('a', 1, 0, begun + hour)).toBe(100)
    // Who has not drawn before knows of no time that has passed.
    expect(take('b', 1, 5_000, begun)).toBe(0)
    expect(take('a', 2, 3_000, begun + 3_000)).toBe(30)
    expect(take('a', 3, 1_000, begun + 4_000)).toBe(10)
    // Of the seven seconds that passed for this one, four are counted.
    expect(take('b', 2, 7_000, begun + 7_000)).toBe(30)
    expect(take('a', 4, 3_000, begun + 7_000)).toBe(0)
    expect(counter.asOf).toBe(begun + hour + 7_000)
    // The clock is right again, and has come by all that.
    expect(take('a', 5, 1_000, begun + hour + 8_000)).toBe(10)
    expect(take('a', 6, 5_000, begun + hour + 9_000)).toBe(10)
  })

  test('gains nothing while units that come back would have filled it', () => {
    const rate: Rate = { kind: 'rate', limit: 10, windowMs: 1_000, burst: 10 }
    const message = { ...asking, holder: 'a' }
    const isLive = () => true
    const first = { ...message, sequence: 1, unused: 0, need: 1, least: 1, want: 1 }
    const one = draw(newCounter(rate, 0, begun), rate, first, begun, isLive)
    expect(one.answer).toMatchObject({ granted: 1, given: 1 })
    // The unit that it holds is spent, the one for its call was not needed: nine are left, and no part of a tenth.
    const second = { ...message, sequence: 2, unused: 1, need: 9, least: 1, want: 0 }
    expect(draw(one.counter, rate, { ...second, need: 10 }, begun + 100, isLive).answer.given).toBe(9)
    const two = draw(one.counter, rate, second, begun + 15, isLive)
    expect(two.answer.given).toBe(9)
    const third = { ...message, sequence: 3, unused: 0, need: 1, least: 1, want: 0 }
    expect(draw(two.counter, rate, third, begun + 114, isLive).answer.given).toBe(0)
    expect(draw(two.counter, rate, third, begun + 115, isLive).answer.given).toBe(1)
  })

  test('loses no part of a unit however often it comes, and takes none over to another window', () => {
    const rate: Rate = { kind: 'rate', limit: 10, windowMs: 1_000, burst: 10 }
    let counter = newCounter(rate, 0, begun)
    const take = (sequence: number, now: number, by = rate) => {
      const drawn = draw(counter, by, { ...asking, holder: 'a', sequence, need: 10 }, now, () => true)
      counter = drawn.counter
      return drawn.answer.given
    }
    const taken = Array.from({ length: 12 }, (_, i) => take(i + 1, begun + 10 * i))
    expect(taken).toEqual([10, ...Array(9).fill(0), 1, 0])
    // A tenth of a unit has begun: by a window of a minute it is no unit of six seconds, nor the other way round.
    const slow = { ...rate, windowMs: 60_000 }
    expect(take(13, begun + 110, slow)).toBe(0)
    expect(take(14, begun + 6_109, slow)).toBe(0)
    expect(take(15, begun + 6_109, rate)).toBe(0)
    expect(take(16, begun + 6_208, rate)).toBe(0)
    expect(take(17, begun + 6_209, rate)).toBe(1)
  })

  test('takes nothing back of an epoch that another holder knows to have ended', () => {
    const quota: Quota = { kind: 'quota', limit: 100, resets: null, anchor: null, overdraft: null }
    const isLive = () => true
    const first = { ...asking, holder: 'a', sequence: 1, need: 3, want: 10 }
    const held = draw(newCounter(quota, 0, begun), quota, first, begun, isLive).counter
    const other = { ...asking, epoch: 1, holder: 'b', sequence: 1, need: 1 }
    const ended = draw(held, quota, other, begun, isLive).counter
    expect(ended).toMatchObject({ epoch: 1, spent: 4 })
    // What it still has it may spend for a moment; what it has spent, or gives back, is gone.
    const late = { ...asking, holder: 'a', sequence: 2, unspent: 2, back: 6, unused: 3, need: 1, want: 10 }
    const { answer, counter } = draw(ended, quota, late, begun, isLive)
    expect(answer).toMatchObject({ kept: 2, granted: 0, given: 1 })
    expect(counter.spent).toBe(4 + 8 + 1)
  })

  test('has room once for the units of all holders that come back', () => {
    const rate: Rate = { kind: 'rate', limit: 10, windowMs: 1_000, burst: 10 }
    let counter = newCounter(rate, 0, begun)
    const take = (holder: string, sequence: number, need: number, at: number, unused = 0) => {
      const drawn = draw(counter, rate, { ...asking, holder, sequence, need, unused }, at, () => true)
      counter = drawn.counter
      return drawn.answer.given
    }
    expect([take('a', 1, 3, begun), take('b', 1, 3, begun)]).toEqual([3, 3])
    // The bucket holds eight: of the six that no call took, two would have found room.
    take('c', 1, 0, begun + 400)
    expect(take('d', 1, 8, begun + 400)).toBe(8)
    expect(take('a', 2, 10, begun + 400, 3)).toBe(2)
    expect(take('b', 2, 10, begun + 400, 3)).toBe(0)
  })

  test('leaves no room for a unit that comes back where another has begun', () => {
    const rate: Rate = { kind: 'rate', limit: 10, windowMs: 1_000, burst: 10 }
    const isLive = () => true
    const first = { ...asking, holder: 'a', sequence: 1, need: 1 }
    let { counter } = draw(newCounter(rate, 0, begun), rate, first, begun, isLive)
    // Another holder draws while a part of the tenth unit is there.
    counter = draw(counter, rate, { ...asking, holder: 'b', sequence: 1 }, begun + 50, isLive).counter
    expect(counter).toMatchObject({ level: 9, rest: 500 })
    const back = { ...asking, holder: 'a', sequence: 2, unused: 1, need: 10 }
    expect(draw(counter, rate, back, begun + 50, isLive).answer.given).toBe(9)
  })

  test('takes nothing back from one holder for which a bucket had no room before what another one tells', () => {
    const rate: Rate = { kind: 'rate', limit: 100, windowMs: 60_000, burst: 20 }
    let counter = newCounter(rate, 0, begun)
    const tell = (holder: string, sequence: number, now: number, asks: Partial<typeof asking>) => {
      const drawn = draw(counter, rate, { ...asking, holder, sequence, ...asks }, now, () => true)
      counter = drawn.counter
      return drawn.answer
    }
    expect(tell('a', 1, begun, { want: 4 })).toMatchObject({ granted: 4 })
    expect(tell('b', 1, begun, { need: 2 })).toMatchObject({ given: 2 })
    // It is full by then, and what has been out meanwhile may have been spent only now.
    const later = begun + 600_000
    tell('a', 2, later, { unspent: 0 })
    expect(tell('b', 2, later, { unused: 2, need: 20 })).toMatchObject({ given: 16 })
  })

  test('cuts a level to a lowered burst, and gives nothing of what was out before', () => {
    const large: Rate = { kind: 'rate', limit: 100, windowMs: 60_000, burst: 100 }
    const small: Rate = { ...large, limit: 10, burst: 10 }
    const first = draw(
      newCounter(large, 0, begun),
      large,
      { ...asking, holder: 'a', sequence: 1, want: 12 },
      begun,
      () => true,
    )
    expect(first.answer.granted).toBe(12)
    const second = draw(
      first.counter,
      small,
      { ...asking, holder: 'b', sequence: 1, need: 5, least: 1, want: 0 },
      begun,
      () => true,
    )
    expect(second.answer).toMatchObject({ given: 0, elsewhere: 12 })
    expect(second.isShort).toBe(true)
  })

  test('of a holder whose lease has ended changes nothing', () => {
    const quota: Quota = { kind: 'quota', limit: 100, resets: null, anchor: null, overdraft: null }
    const message = { ...asking, need: 5 }
    const counter = newCounter(quota, 0, begun)
    const drawn = draw(counter, quota, { ...message, holder: 'a', sequence: 1, want: 10 }, begun, () => false)
    expect(drawn.counter).toEqual(counter)
    expect(drawn.answer).toMatchObject({ granted: 0, given: 0, kept: 0 })
  })

  test('of an older epoch is given what it needs, holds nothing, and does not take the counter back', () => {
    const quota: Quota = { kind: 'quota', limit: 100, resets: null, anchor: null, overdraft: null }
    const message = { ...asking, need: 5, want: 10 }
    const counter = newCounter(quota, 2, begun)
    const old = draw(counter, quota, { ...message, epoch: 1, holder: 'a', sequence: 1 }, begun, () => true)
    expect(old.answer).toMatchObject({ granted: 0, given: 5 })
    expect(old.counter.epoch).toBe(2)
  })

  test('voids the units of an ended epoch', () => {
    const quota: Quota = { kind: 'quota', limit: 100, resets: null, anchor: null, overdraft: null }
    const message = { ...asking, want: 10 }
    const first = draw(
      newCounter(quota, 0, begun),
      quota,
      { ...message, epoch: 0, holder: 'a', sequence: 1 },
      begun,
      () => true,
    )
    const next = { ...message, epoch: 1, holder: 'a', sequence: 2, unspent: 4, back: 6, want: 0 }
    const second = draw(first.counter, quota, next, begun, () => true)
    expect(second.answer.kept).toBe(0)
    expect(second.counter).toMatchObject({ epoch: 1, spent: 10 })
  })
})

describe('a settlement', () => {
  const kinds: Allowance[] = [
    { kind: 'rate', limit: 1, windowMs: 1_000, burst: 10 ** 12 },
    { kind: 'quota', limit: 10 ** 12, resets: null, anchor: null, overdraft: null },
    { kind: 'quota', limit: 10 ** 12, resets: null, anchor: null, overdraft: 10 ** 12 },
  ]

  test.each(kinds)('draws no counter so far below zero that nobody can read it: $kind', (allowance) => {
    let counter = newCounter(allowance, 0, begun)
    let overdrawn = 0
    for (let i = 0; i < 10_000; i++) {
      const settled = settleCounter(counter, allowance, { units: 0, period: 0 }, 10 ** 12)
      counter = settled.counter
      overdrawn += settled.overdrawn
    }
    expect(Number.isSafeInteger(counter.level) && Number.isSafeInteger(counter.spent)).toBe(true)
    const start = allowance.kind === 'rate' ? allowance.burst : allowance.limit
    expect(storeOf(counter, allowance)).toBe(start - 10_000 * 10 ** 12 + overdrawn)
    expect(overdrawn).toBeGreaterThan(0)
  })
})
