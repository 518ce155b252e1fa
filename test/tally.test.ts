// What is counted of verdicts in memory, until it is collected.
import { expect, test } from 'vitest'
import type { Verdict } from '../src/core/shapes/verification.ts'
import type { UsageCount } from '../src/core/usage-counts.ts'
import type { Claim } from '../src/verdict/claims.ts'
import { Tallies } from '../src/verdict/tally.ts'

const now = Date.UTC(2026, 0, 31, 12, 30)
const valid = { valid: true, code: 'valid' } as Verdict
const revoked = { valid: false, code: 'revoked' } as Verdict

function limitOf(name: string, ownerId: string, scope: 'key' | 'organization' = 'key'): Claim['limit'] {
  const allowance = { kind: 'rate', limit: 10, windowMs: 1_000, burst: 10 } as const
  const owner = { counterId: `${scope}/${ownerId}/${name}`, scope, ownerId, organizationId: 'acme' }
  return { ...owner, name, allowance, defaultCost: 1, epoch: 0 }
}

function read(collected: Map<string, UsageCount[]>): Record<string, number> {
  const counts = [...collected.values()].flat()
  return Object.fromEntries(counts.map(({ keyId, measure, amount }) => [`${keyId} ${measure}`, amount]))
}

test('units are counted by the key and the limit, whatever a call costs', () => {
  const tallies = new Tallies()
  const shared = limitOf('pages', 'acme', 'organization')
  const keys = ['a', 'b'].map((id) => ({ tally: tallies.of(id, 'acme'), own: limitOf('requests', id) }))
  for (const { tally, own } of keys)
    for (const [cost, pages] of [
      [1, 2],
      [3, 0],
      [0, 5],
    ] as const)
      tallies.count(tally, valid, now, [
        { limit: own, cost },
        { limit: shared, cost: pages },
      ])
  const each = (id: string) => ({
    [`${id} valid`]: 3,
    [`${id} key/requests`]: 4,
    [`${id} organization/pages`]: 7,
  })
  expect(read(tallies.collect())).toEqual({ ...each('a'), ...each('b') })
  expect(read(tallies.collect())).toEqual({})
})

test('what keys have counted is taken down before too many have a tally, and nothing of it is lost', () => {
  const tallies = new Tallies()
  // The hour begins before, which ends all tallies too.
  tallies.enter(now)
  const first = tallies.of('first', 'acme')
  tallies.count(first, revoked, now)
  const ids = Array.from({ length: 20_000 }, (_, i) => `key ${i}`)
  for (const id of ids) tallies.count(tallies.of(id, 'acme'), revoked, now)
  expect(tallies.of('first', 'acme')).not.toBe(first)
  tallies.count(first, revoked, now)
  tallies.count(tallies.of('first', 'acme'), revoked, now)
  expect(read(tallies.collect())).toEqual({
    ...Object.fromEntries(ids.map((id) => [`${id} revoked`, 1])),
    'first revoked': 3,
  })
  expect(tallies.dropped).toBe(0)
})

test('a tally counts on after it was collected, also from other limits', () => {
  const tallies = new Tallies()
  const tally = tallies.of('a', 'acme')
  const [requests, credits] = [limitOf('requests', 'a'), limitOf('credits', 'a')]
  tallies.count(tally, valid, now, [{ limit: requests, cost: 2 }])
  tallies.collect()
  // Whoever holds it does not hear of that, and another one may begin.
  tallies.count(tally, valid, now, [{ limit: requests, cost: 3 }])
  tallies.count(tallies.of('a', 'acme'), valid, now, [{ limit: requests, cost: 10 }])
  tallies.count(tally, valid, now, [
    { limit: credits, cost: 5 },
    { limit: requests, cost: 1 },
  ])
  tallies.count(tally, valid, now, [{ limit: requests, cost: 4 }])
  tallies.count(tally, revoked, now)
  expect(read(tallies.collect())).toEqual({
    'a valid': 4,
    'a revoked': 1,
    'a key/requests': 18,
    'a key/credits': 5,
  })
})
