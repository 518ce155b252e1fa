// A lease by itself: what holds and how long ago it began, by two clocks that the test reads out.
import { expect, test } from 'vitest'
import { leaseMs } from '../src/core/bounds.ts'
import { Lease } from '../src/verdict/lease.ts'

test('a lease that nobody confirmed, or that was dropped, never holds and has no age', () => {
  const lease = new Lease()
  expect(lease.holds(0, 0)).toBe(false)
  expect(lease.age(0, 0)).toBeUndefined()
  lease.confirm(1_000, 50_000)
  expect(lease.holds(1_000, 50_000)).toBe(true)
  lease.drop()
  expect(lease.holds(1_000, 50_000)).toBe(false)
  expect(lease.age(1_000, 50_000)).toBeUndefined()
})

test.each([
  ['neither clock has moved', 0, 0, 0],
  ['both have moved alike', 700, 700, 700],
  ['the wall stood still, or was set back', 700, 0, 700],
  ['the machine slept, and its monotonic clock with it', 0, 900, 900],
  ['both are at the last instant', leaseMs - 1, leaseMs - 1, leaseMs - 1],
])('a lease holds, and is as old as the clock says by which it is older: %s', (_, monotonic, wall, age) => {
  const lease = new Lease()
  lease.confirm(1_000, 50_000)
  expect(lease.holds(1_000 + monotonic, 50_000 + wall)).toBe(true)
  expect(lease.age(1_000 + monotonic, 50_000 + wall)).toBe(age)
})

test.each([
  ['the monotonic clock', leaseMs, 0],
  ['the clock on the wall', 0, leaseMs],
  ['both', leaseMs, leaseMs],
])('a lease is over at its last instant by %s', (_, monotonic, wall) => {
  const lease = new Lease()
  lease.confirm(1_000, 50_000)
  expect(lease.holds(1_000 + monotonic, 50_000 + wall)).toBe(false)
  expect(lease.age(1_000 + monotonic, 50_000 + wall)).toBeUndefined()
  lease.confirm(1_001, 50_001)
  expect(lease.holds(1_000 + monotonic, 50_000 + wall)).toBe(true)
})
