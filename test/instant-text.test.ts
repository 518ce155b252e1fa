// Instants as text.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantText } from '../src/core/instant-text.ts'

test('an instant is written as toISOString writes it', () => {
  const near = fc.integer({ min: -500_000, max: 500_000 }).map((away) => Date.UTC(2026, 1, 1) + away)
  const any = fc.date({ noInvalidDate: true }).map((date) => date.getTime())
  fc.assert(
    fc.property(fc.array(fc.oneof(near, any), { minLength: 1, maxLength: 100 }), (instants) => {
      for (const instant of instants) {
        const date = new Date(instant)
        expect(instantText(date)).toBe(date.toISOString())
      }
    }),
  )
  const edges = [0, -1, 999, 1_009, 1_010, 1_099, 1_100, -1_000, 8.64e15, -8.64e15, 253_402_300_799_999]
  for (const instant of edges) expect(instantText(new Date(instant))).toBe(new Date(instant).toISOString())
  expect(() => instantText(new Date(Number.NaN))).toThrow(RangeError)
})
