// Lengths of time, days and instants as people type them, and names as terminals show them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote, toPrintable } from '../src/cli/kit/output.ts'
import { readExpiry, readFuture, readLength, readPast } from '../src/cli/kit/times.ts'

const now = Date.UTC(2028, 1, 29, 12)
const expiry = (text: string) => readExpiry('--expires', text, now)?.toISOString()

test.each([
  ['30s', '2028-02-29T12:00:30.000Z'],
  ['90d', '2028-05-29T12:00:00.000Z'],
  ['2w', '2028-03-14T12:00:00.000Z'],
  ['1y', '2029-02-28T12:00:00.000Z'],
  ['4y', '2032-02-29T12:00:00.000Z'],
  ['2030-01-31', '2030-01-31T00:00:00.000Z'],
  ['2030-01-31T12:00Z', '2030-01-31T12:00:00.000Z'],
  ['2030-01-31T12:00:00+02:00', '2030-01-31T10:00:00.000Z'],
])('--expires %s is %s', (text, instant) => {
  expect(expiry(text)).toBe(instant)
})

test('--expires-before takes the same, and no never', () => {
  expect(readFuture('--expires-before', '7d', now).toISOString()).toBe('2028-03-07T12:00:00.000Z')
  expect(() => readFuture('--expires-before', 'never', now)).toThrow(/^--expires-before: /)
})

test('a day that no calendar has is refused, with or without a time', () => {
  const days = ['2027-02-29', '2027-02-30', '2027-04-31', '2027-13-01', '2027-00-10', '2027-01-32']
  for (const day of days) {
    for (const text of [day, `${day}T12:00:00Z`, `${day}T12:00:00.5+02:00`]) {
      expect(() => expiry(text)).toThrow(/^--expires: /)
      expect(() => readPast('--since', text, now)).toThrow(/^--since: /)
      expect(() => readFuture('--expires-before', text, now)).toThrow(/^--expires-before: /)
    }
  }
})

test('a day is taken if and only if the calendar has it', () => {
  const part = (most: number) =>
    fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(2, '0'))
  fc.assert(
    fc.property(fc.integer({ min: 2026, max: 2100 }), part(13), part(32), (year, month, day) => {
      const date = new Date(Date.UTC(year, Number(month) - 1, Number(day)))
      const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
      const read = () => expiry(`${year}-${month}-${day}`)
      if (exists) expect(read()).toBe(date.toISOString())
      else expect(read).toThrow()
    }),
  )
})

test('a bare number is refused with what could be meant', () => {
  expect(() => expiry('30')).toThrow(/30d, 30h, 30m or 30s/)
  expect(() => readPast('--since', '7', now)).toThrow(/^--since: 7 has no unit\. .*7d/)
  expect(() => readLength('--grace', '24')).toThrow(/^--grace: 24 has no unit\. .*24h/)
  expect(readLength('--grace', '0')).toBe(0)
  for (const text of ['', 'y', '1.5d', '-1d', '1mo', '99999y', '9999999999w'])
    expect(() => expiry(text)).toThrow()
})

test.each([
  ['Zoë 株式会社 \u0646\u0627\u0645', 'Zoë 株式会社 \u0646\u0627\u0645'],
  ['\u{1f469}\u200d\u{1f4bb} \u2764\ufe0f', '\u{1f469}\u200d\u{1f4bb} \u2764\ufe0f'],
  ['a\u202eb\u2069', 'a\\u{202e}b\\u{2069}'],
  ['\u200b\u00ad\ufeff\u2800', '\\u{200b}\\u{ad}\\u{feff}\\u{2800}'],
  ['a\u00a0b\u2003c\u3000', 'a\\u{a0}b\\u{2003}c\\u{3000}'],
  ['\u3164\u115f\u{e0041}\ufe0f', '\\u{3164}\\u{115f}\\u{e0041}\\u{fe0f}'],
  ['a\u200db', 'a\\u{200d}b'],
  ['\x1b[31m\x07\x9b', '\\u{1b}[31m\\u{7}\\u{9b}'],
])('%j is shown as %j', (text, shown) => {
  expect(toPrintable(text)).toBe(shown)
})

test('a quoted name ends where its quotes do', () => {
  expect(quote('a" of root\\')).toBe('"a\\" of root\\\\"')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(quote(name)).toMatch(/^"(?:[^"\\]|\\.)*"$/su)
    }),
  )
})
