// The arithmetic of one counter: what is gained, granted, reported and given back.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Allowance, gainOf, type Quota, type Rate, timeToGain } from '../src/core/limits.ts'
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

const units = fc.integer({ min: 0, max: 10 ** 12 })
const windows = fc.integer({ min: 1, max: 2_592_000 }).map((seconds) => seconds * 1_000)
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

describe('a gain', () => {
  test('is exact, and loses nothing however often it is taken', () => {
    fc.assert(
      fc.property(
        units,
        windows,
        fc.array(fc.nat({ max: 10 ** 10 }), { maxLength: 8 }),
        (limit, windowMs, spans) => {
          let rest = 0
          let sum = 0n
          for (const span of spans) {
            const exact = BigInt(limit) * BigInt(span) + BigInt(rest)
            const gain = gainOf({ limit, windowMs }, span, rest)
            expect(gain.rest).toBe(Number(exact % BigInt(windowMs)))
            expect(gain.units).toBe(Number(exact / BigInt(windowMs)))
            rest = gain.rest
            sum += exact / BigInt(windowMs)
          }
          const whole = BigInt(limit) * BigInt(spans.reduce((a, b) => a + b, 0))
          expect(sum).toBe(whole / BigInt(windowMs))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('is there when it is said to be, and not a millisecond sooner', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 ** 12 }),
        windows,
        fc.integer({ min: 1, max: 10 ** 12 }),
        fc.nat(),
        (limit, windowMs, wanted, chance) => {
          const rest = chance % windowMs
          const time = timeToGain({ limit, windowMs }, wanted, rest)
          if (time === null || !Number.isSafeInteger(time)) return
          expect(gainOf({ limit, windowMs }, time, rest).units).toBeGreaterThanOrEqual(wanted)
          if (time > 0) expect(gainOf({ limit, windowMs }, time - 1, rest).units).toBeLessThan(wanted)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('never comes of a limit of 0', () => {
    expect(timeToGain({ limit: 0, windowMs: 1_000 }, 1)).toBeNull()
    expect(timeToGain({ limit: 0, windowMs: 1_000 }, 0)).toBe(0)
  })
})

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
    const two = draw(one.counter, rate, second, begun + 15, isLive)
    expect(two.answer.given).toBe(9)
    const third = { ...message, sequence: 3, unused: 0, need: 1, least: 1, want: 0 }
    expect(draw(two.counter, rate, third, begun + 114, isLive).answer.given).toBe(0)
    expect(draw(two.counter, rate, third, begun + 115, isLive).answer.given).toBe(1)
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
