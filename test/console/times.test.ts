// How the console words instants and lengths: how far off, rounded, and dates as the reader's region writes them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromNow, lengthOf, timeFormats } from '../../console/format/times.ts'

const now = Date.parse('2026-03-01T12:00:00.000Z')
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const away = (ms: number) => fromNow(new Date(now + ms).toISOString(), now)

describe('how far off an instant is', () => {
  test.each([
    [90 * day, 'in 3 months'],
    // As a form gives it, and some time was spent on the way.
    [90 * day - 2 * second, 'in 3 months'],
    [89.6 * day, 'in 3 months'],
    [30 * day - second, 'in 1 month'],
    [29 * day, 'in 29 days'],
    [365 * day - second, 'in 1 year'],
    [360 * day, 'in 1 year'],
    [180 * day, 'in 6 months'],
    [7 * day - second, 'in 7 days'],
    [13 * day, 'in 13 days'],
    [day - second, 'in 1 day'],
    [hour - second, 'in 1 hour'],
    [59.6 * minute, 'in 1 hour'],
    [2 * hour - second, 'in 2 hours'],
    [minute, 'in 1 minute'],
    [minute - 1, 'in a moment'],
    [0, 'just now'],
    [-59 * second, 'just now'],
    [-90 * second, '1 minute ago'],
    [-1.9 * hour, '2 hours ago'],
    [-89.99 * day, '3 months ago'],
    [-730 * day, '2 years ago'],
  ])('%d ms: %s', (ms, words) => {
    expect(away(ms)).toBe(words)
  })

  test('is told within half a unit, and further off never sounds nearer', () => {
    const units: Record<string, number> = { minute, hour, day, month: 30.436875 * day, year: 365.2425 * day }
    const distanceIn = (words: string) => {
      const [, count, unit] = /(\d+) (\w+?)s?( ago)?$/.exec(words) ?? []
      return { told: Number(count) * (units[unit ?? ''] ?? 0), unit: units[unit ?? ''] ?? 0 }
    }
    const distance = fc.integer({ min: minute, max: 3000 * day })
    fc.assert(
      fc.property(distance, distance, (one, other) => {
        const { told, unit } = distanceIn(away(one))
        expect(Math.abs(told - one)).toBeLessThanOrEqual(unit / 2)
        const further = distanceIn(away(Math.max(one, other)))
        const nearer = distanceIn(away(Math.min(one, other)))
        expect(further.told).toBeGreaterThanOrEqual(nearer.told)
      }),
    )
  })
})

test.each([
  [0, '0 seconds'],
  [45, '45 seconds'],
  [90, '1 minute 30 seconds'],
  [3_600, '1 hour'],
  // To the minute: a session tells its limits some milliseconds off.
  [3_599.6, '1 hour'],
  [43_200.4, '12 hours'],
  [37_800, '10 hours 30 minutes'],
  [86_400, '1 day'],
  [93_600, '1 day 2 hours'],
  [2_592_000, '30 days'],
])('a length of %d seconds: %s', (seconds, words) => {
  expect(lengthOf(seconds)).toBe(words)
})

test('dates are as the region writes them, in its zone, and an exact one names the zone', () => {
  const at = '2026-11-05T20:30:05.000Z'
  const [us, uk, de] = [
    timeFormats('en-US', 'America/New_York'),
    timeFormats('en-GB', 'Europe/London'),
    timeFormats('de-DE', 'Europe/Berlin'),
  ]
  expect([us, uk, de].map(({ dayOf }) => dayOf(at))).toEqual(['Nov 5, 2026', '5 Nov 2026', '05.11.2026'])
  // Regions put their own blanks before what is noon's side.
  expect(us.exactly(at).replace(/\s/g, ' ')).toBe('Nov 5, 2026, 3:30:05 PM EST')
  expect(uk.exactly(at)).toBe('5 Nov 2026, 20:30:05 GMT')
  expect(de.exactly(at)).toBe('05.11.2026, 21:30:05 MEZ')
  expect(uk.inFull(at)).toMatch(/^5 November 2026 (at )?20:30:05 GMT$|^5 November 2026 at 20:30:05 GMT$/)
})
