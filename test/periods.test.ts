// The periods of quotas.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { periodAt, type Resets } from '../src/core/periods.ts'

const at = (text: string) => Date.parse(text)
const period = (resets: Resets, anchor: string | null, instant: string) => {
  const { start, end } = periodAt(resets, anchor === null ? null : at(anchor), at(instant))
  return [new Date(start).toISOString(), end === null ? null : new Date(end).toISOString()]
}
const instants = fc.integer({ min: at('1969-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') })
const anchors = fc.option(fc.integer({ min: at('1969-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z') }))
const kinds = fc.constantFrom<Resets>('hourly', 'daily', 'weekly', 'monthly')

describe('periods', () => {
  test.each([
    ['hourly', null, '2026-01-31T23:59:59.999Z', '2026-01-31T23:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['daily', null, '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    // The 26th of November 2026 is a Thursday.
    ['weekly', null, '2026-11-26T12:00:00Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
    // Before the first Monday of 1970.
    ['weekly', null, '1970-01-01T00:00:00Z', '1969-12-29T00:00:00.000Z', '1970-01-05T00:00:00.000Z'],
    [
      'weekly',
      '2026-01-14T09:30:00Z',
      '2026-11-26T12:00:00Z',
      '2026-11-25T09:30:00.000Z',
      '2026-12-02T09:30:00.000Z',
    ],
    ['monthly', null, '2026-02-28T23:59:59Z', '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    [
      'monthly',
      '2026-01-17T00:00:00Z',
      '2026-03-01T00:00:00Z',
      '2026-02-17T00:00:00.000Z',
      '2026-03-17T00:00:00.000Z',
    ],
    [
      'monthly',
      '2026-01-31T10:00:00Z',
      '2026-02-28T09:59:59Z',
      '2026-01-31T10:00:00.000Z',
      '2026-02-28T10:00:00.000Z',
    ],
    [
      'monthly',
      '2026-01-31T10:00:00Z',
      '2026-02-28T10:00:00Z',
      '2026-02-28T10:00:00.000Z',
      '2026-03-31T10:00:00.000Z',
    ],
    [
      'monthly',
      '2026-01-30T00:00:00Z',
      '2024-02-29T00:00:00Z',
      '2024-02-29T00:00:00.000Z',
      '2024-03-30T00:00:00.000Z',
    ],
    [
      'monthly',
      '2026-01-29T00:00:00Z',
      '2025-03-01T00:00:00Z',
      '2025-02-28T00:00:00.000Z',
      '2025-03-29T00:00:00.000Z',
    ],
    [
      'monthly',
      '1969-12-31T12:00:00Z',
      '2026-12-31T11:00:00Z',
      '2026-11-30T12:00:00.000Z',
      '2026-12-31T12:00:00.000Z',
    ],
  ] as const)('%s by %s: %s lies in %s to %s', (resets, anchor, instant, start, end) => {
    expect(period(resets, anchor, instant)).toEqual([start, end])
  })

  test('without a reset never end', () => {
    expect(periodAt(null, null, at('2026-11-26T00:00:00Z'))).toEqual({ start: 0, end: null })
  })

  test('hold their instants, and each begins at the end of the one before', () => {
    fc.assert(
      fc.property(kinds, anchors, instants, (resets, anchor, instant) => {
        const { start, end } = periodAt(resets, anchor, instant)
        if (end === null) throw new Error('It never ends.')
        expect(start <= instant && instant < end).toBe(true)
        expect(periodAt(resets, anchor, start)).toEqual({ start, end })
        expect(periodAt(resets, anchor, end - 1)).toEqual({ start, end })
        expect(periodAt(resets, anchor, end).start).toBe(end)
        expect(periodAt(resets, anchor, start - 1).end).toBe(start)
      }),
      { numRuns: 2_000 },
    )
  })

  test('never go back', () => {
    fc.assert(
      fc.property(kinds, anchors, instants, instants, (resets, anchor, a, b) => {
        const [first, second] = [periodAt(resets, anchor, a), periodAt(resets, anchor, b)]
        if (a <= b) expect(first.start).toBeLessThanOrEqual(second.start)
        else expect(first.start).toBeGreaterThanOrEqual(second.start)
      }),
      { numRuns: 1_000 },
    )
  })
})
