// What a rate gains in a span of time, and how long it takes to gain so much.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gainOf, timeToGain } from '../src/core/limits.ts'

const units = fc.integer({ min: 0, max: 10 ** 12 })
const windows = fc.integer({ min: 1, max: 2_592_000 }).map((seconds) => seconds * 1_000)

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
