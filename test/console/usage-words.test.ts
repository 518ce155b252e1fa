// How usage is cut, counted and told in the console.
import { expect, test } from 'vitest'
import { selectedKeys } from '../../console/format/key-selections.ts'
import {
  codeTitle,
  compactCount,
  countInColumn,
  cutUsage,
  rangeOfKeys,
  reasonsOf,
  shareOf,
  totalOf,
} from '../../console/format/usage.ts'
import { faultsOf, viewOf } from '../../console/pages/usage/view.ts'

const hour = 3_600_000
const day = 24 * hour
const now = Date.UTC(2026, 10, 27, 14, 20)
const row = (start: number, valid: number, refused: Record<string, number> = {}) => ({
  start: new Date(start).toISOString(),
  id: null,
  name: null,
  calls: valid + Object.values(refused).reduce((sum, count) => sum + count, 0),
  valid,
  refused,
  units: [],
})

test('hours are bars of their own, and only the one that runs is partial', () => {
  const at = Date.UTC(2026, 10, 27, 13)
  const buckets = cutUsage([row(at, 3), row(at + hour, 1, { expired: 2 })], 'hour', now)
  expect(buckets).toEqual([
    { start: at, end: at + hour, isRunning: false, calls: 3, valid: 3, refused: {} },
    { start: at + hour, end: at + 2 * hour, isRunning: true, calls: 3, valid: 1, refused: { expired: 2 } },
  ])
})

test('hours add up to days of the reader’s own, of 23 and 25 hours too, and none is lost', () => {
  const since = new Date(2026, 9, 1).getTime()
  const rows = Array.from({ length: 40 * 24 }, (_, i) => row(since + i * hour, 1))
  const buckets = cutUsage(rows, 'day', now)
  expect(buckets.reduce((sum, { calls }) => sum + calls, 0)).toBe(40 * 24)
  for (const [i, { start, end }] of buckets.entries()) {
    expect(new Date(start).getHours()).toBe(0)
    if (i > 0) expect(start).toBe(buckets[i - 1]?.end)
    expect(new Date(end).getHours()).toBe(0)
  }
})

test('months end where the next one begins, by UTC', () => {
  const [bucket] = cutUsage([row(Date.UTC(2026, 10, 1), 5)], 'month', now)
  expect(bucket).toMatchObject({ end: Date.UTC(2026, 11, 1), isRunning: true })
})

test('reasons come by their number, and the sum of rows is what they say', () => {
  const total = totalOf([row(0, 1, { expired: 2, malformed: 1 }), row(1, 0, { malformed: 4, not_found: 2 })])
  expect(total).toEqual({ calls: 10, valid: 1, refused: { expired: 2, malformed: 5, not_found: 2 } })
  expect(reasonsOf(total)).toEqual([
    ['malformed', 5],
    ['expired', 2],
    ['not_found', 2],
  ])
  expect(codeTitle('insufficient_permissions')).toBe('Missing permission')
  // Of a newer server, and of nobody's.
  expect(codeTitle('country_not_allowed')).toBe('country not allowed')
  expect(codeTitle('constructor')).toBe('constructor')
})

test('a share is never nothing of something, nor all of less', () => {
  expect([shareOf(0, 0), shareOf(0, 9), shareOf(9, 9)]).toEqual(['0%', '0%', '100%'])
  expect([shareOf(1, 1_000_000), shareOf(999_999, 1_000_000)]).toEqual(['<0.1%', '>99.9%'])
  expect([shareOf(27, 1_000), compactCount(12_480), compactCount(0)]).toEqual(['2.7%', '12.5K', '0'])
})

test('the filters of an address are asked for as they are, in hours where days are the reader’s own', () => {
  const week = viewOf({ key: 'k' }, now)
  expect(week).toMatchObject({
    cut: 'day',
    label: 'Calls by day in the last 7 days',
    question: { by: 'hour', key_id: 'k' },
  })
  expect(week.exported.by).toBe('day')
  expect(viewOf({ range: '24h' }, now).cut).toBe('hour')
  const since = new Date(now - 90 * day).toISOString()
  expect(viewOf({ since }, now)).toMatchObject({ cut: 'utc-day', question: { by: 'day' } })
  expect(viewOf({ since: new Date(now - 900 * day).toISOString() }, now)).toMatchObject({ cut: 'month' })
  expect(viewOf({ since, by: 'month', organization: 'acme' }, now).exported).toMatchObject({
    by: 'month',
    organization_id: 'acme',
  })
})

const newKeyId = '01a20711-2508-7000-8000-18883f1ab395'

test('a count stands in full in a column as long as there is room', () => {
  expect([9_999_999, 12_345_678].map(countInColumn)).toEqual(['9,999,999', '12.3M'])
})

test('a range that ends on a day begins so long before it', () => {
  const until = new Date(now - 10 * day).toISOString()
  const since = new Date(Math.ceil((now - 17 * day) / hour) * hour).toISOString()
  expect(viewOf({ range: '7d', until }, now).question).toMatchObject({ since, until })
})

test('filters that cannot be asked for are told, each at its field', () => {
  const ago = (days: number) => new Date(now - days * day).toISOString()
  const faulty = (search: Parameters<typeof faultsOf>[0], isRoot = true) =>
    Object.keys(faultsOf(search, now, isRoot))
  expect(faulty({})).toEqual([])
  expect(faulty({ organization: 'a b', key: 'CI' })).toEqual(['organization', 'key'])
  expect(faulty({ since: 'yesterday', until: 'noon' })).toEqual(['since', 'until'])
  expect(faulty({ since: ago(1), until: ago(2) })).toEqual(['until'])
  expect(faulty({ since: ago(40), by: 'hour' })).toEqual(['by'])
  expect(faulty({ since: ago(40), group: 'key' })).toEqual(['group'])
  expect(faulty({ since: ago(40), group: 'key', organization: 'acme' })).toEqual([])
  expect(faulty({ since: ago(40), group: 'permission' })).toEqual(['group'])
  for (const group of ['key', 'permission'] as const) {
    expect(faulty({ since: ago(40), group, key: newKeyId })).toEqual([])
    // A customer compares the keys of one organization.
    expect(faulty({ since: ago(40), group }, false)).toEqual([])
    for (const range of ['24h', '7d'] as const) expect(faulty({ range, group })).toEqual([])
  }
  expect(faulty({ since: ago(100), group: 'key' }, false)).toEqual([])
  expect(faulty({ since: ago(100), group: 'permission' }, false)).toEqual(['group'])
  expect(rangeOfKeys('30d', undefined)).toBe('7d')
  expect([rangeOfKeys('30d', 'acme'), rangeOfKeys('24h', undefined)]).toEqual(['30d', '24h'])
})

test('selections of keys ask for whole hours, so that a list stays what it is', () => {
  const at = Date.UTC(2026, 10, 27, 14)
  expect(selectedKeys('expires-7d', now)).toEqual({
    expires_before: new Date(at + 7 * day + hour).toISOString(),
    sort: 'expires_at',
  })
  expect(selectedKeys('unused-90d', now)).toEqual(selectedKeys('unused-90d', at))
})
