// Facts as they are held: frozen, shared between secrets that have the same, and counted in bytes.

import { expect, test } from 'vitest'
import type { StoredSecret } from '../src/core/stored-secret.ts'
import { metadataTextOf, sizeOfFacts, toFacts } from '../src/verdict/facts.ts'
import { Owners } from '../src/verdict/owners.ts'
import { unbound } from './setup/unbound.ts'

const row: StoredSecret = {
  ...unbound,
  limits: null,
  kid: 'kid0kid0kid0kid0',
  digest: new Uint8Array(32),
  endedAt: null,
  graceEndsAt: null,
  keyId: 'key',
  organizationId: 'acme',
  name: 'CI',
  permissions: '["emails:send","domains:read"]',
  metadata: '{}',
  expiresAt: null,
  revokedAt: null,
}
const owners = new Owners(100_000)
const factsOf = (change: Partial<StoredSecret> = {}) => toFacts({ ...row, ...change }, owners)

test('facts say what the row says', () => {
  const limits = { endedAt: 1, graceEndsAt: 2, expiresAt: 3, revokedAt: 4 }
  const { answer, terms, claims } = factsOf({ ...limits, metadata: '{"plan":"pro"}' })
  const permissions = ['emails:send', 'domains:read']
  expect(claims).toEqual([])
  expect(terms).toMatchObject({
    line: [],
    organization: { isCurrent: true, id: 'acme', claims: [], plan: undefined, permissions: null },
    organizationId: 'acme',
    permissions,
    isEnded: true,
    graceEndsAt: 2,
    expiresAt: 3,
    revokedAt: 4,
  })
  expect(answer).toEqual({
    valid: true,
    code: 'valid',
    keyId: 'key',
    organizationId: 'acme',
    name: 'CI',
    permissions,
    expiresAt: null,
    metadata: { plan: 'pro' },
  })
  expect(factsOf().terms).toMatchObject({
    isEnded: false,
    graceEndsAt: null,
    expiresAt: null,
    revokedAt: null,
  })
  expect(factsOf().answer.metadata).toEqual({})
  // An instant may be any number.
  expect(factsOf({ endedAt: 0 }).terms.isEnded).toBe(true)
})

test('nobody can change an answer, its permissions or its metadata, however deep', () => {
  const { answer } = factsOf({ metadata: '{"a":{"b":[{"c":1}],"n":null}}' })
  const { a } = answer.metadata as { a: { b: object[] } }
  for (const part of [answer, answer.permissions, answer.metadata, a, a.b, a.b[0], factsOf().answer.metadata])
    expect(Object.isFrozen(part)).toBe(true)
})

test('secrets share what they have alike, and terms only without a limit in time', () => {
  const [one, other] = [factsOf(), factsOf({ kid: 'other', keyId: 'other', name: 'Other' })]
  expect(other.answer.permissions).toBe(one.answer.permissions)
  expect(other.terms).toBe(one.terms)
  expect(factsOf({ organizationId: 'other' }).terms).not.toBe(one.terms)
  expect(factsOf({ organizationId: 'other' }).terms).toBe(factsOf({ organizationId: 'other' }).terms)
  expect(factsOf({ permissions: '[]' }).terms).not.toBe(one.terms)
  for (const limit of ['endedAt', 'graceEndsAt', 'expiresAt', 'revokedAt']) {
    const limited = factsOf({ [limit]: 1 })
    expect(limited.terms).not.toBe(one.terms)
    expect(factsOf({ [limit]: 1 }).terms).not.toBe(limited.terms)
    expect(factsOf().terms).toEqual(one.terms)
  }
})

test.each([
  [256, true],
  [257, false],
])('a list of %i characters is shared: %s', (length, isShared) => {
  const permissions = JSON.stringify(['a'.repeat(length - 4)])
  expect(permissions).toHaveLength(length)
  const [one, other] = [factsOf({ permissions }), factsOf({ permissions })]
  expect(other.answer.permissions === one.answer.permissions).toBe(isShared)
  expect(other.terms === one.terms).toBe(isShared)
  expect(other).toEqual(one)
})

test('what is shared is held for ten thousand lists at the most, and then anew', () => {
  const first = factsOf()
  let held = 0
  while (factsOf().answer.permissions === first.answer.permissions) factsOf({ permissions: `["a${held++}"]` })
  expect(held).toBeGreaterThan(9_900)
  expect(held).toBeLessThanOrEqual(10_000)
  expect(factsOf()).toEqual(first)
  // Terms are held by list and organization: here one list of ever more organizations.
  const { terms } = factsOf({ organizationId: 'o' })
  let organizations = 0
  const known = new Set<unknown>()
  while (factsOf({ organizationId: 'o' }).terms === terms && organizations < 20_000)
    known.add(factsOf({ organizationId: `o${organizations++}` }).terms)
  expect(organizations).toBeGreaterThan(100)
  expect(organizations).toBeLessThanOrEqual(10_000)
  expect(known.size).toBe(organizations)
})

test('metadata is read once while it was looked at lately, and its text is what the store has', () => {
  const metadata = '{ "plan" : "pro" }'
  const { answer } = factsOf({ metadata })
  expect(metadataTextOf(answer)).toBe(metadata)
  const seen = answer.metadata
  expect(factsOf({ metadata }).answer.metadata).toBe(seen)
  // A copy has no text of its own.
  expect(metadataTextOf({ ...answer })).toBe(metadata)
  expect(metadataTextOf(factsOf().answer)).toBe('{}')
  expect(metadataTextOf({ ...factsOf().answer })).toBe('{}')
  expect(metadataTextOf({ metadata: { a: 1 } })).toBe('{"a":1}')
  const lookAt = (length: number) =>
    factsOf({ metadata: JSON.stringify({ a: 'x'.repeat(length - 8) }) }).answer.metadata
  lookAt(90_000)
  expect(factsOf({ metadata }).answer.metadata).toBe(seen)
  for (const length of [60_000, 60_001]) lookAt(length)
  expect(factsOf({ metadata }).answer.metadata).not.toBe(seen)
  expect(factsOf({ metadata }).answer.metadata).toEqual(seen)
  // What was let go of counts no more.
  const again = factsOf({ metadata }).answer.metadata
  lookAt(30_000)
  expect(factsOf({ metadata }).answer.metadata).toBe(again)
})

test('a secret counts two bytes a character, three and a place a permission, and more if it expires', () => {
  const size = (change: Partial<StoredSecret> = {}) => sizeOfFacts(factsOf(change))
  const least = size({ name: '', permissions: '[]', keyId: '', organizationId: '', metadata: '{}' })
  expect(least).toBeGreaterThan(300)
  expect(size()).toBe(least + 2 * 'CIkeyacme'.length + 2 * 40 + 3 * 'emails:senddomains:read'.length)
  expect(size({ name: 'CI of them all' }) - size()).toBe(2 * ' of them all'.length)
  expect(size({ keyId: 'key and more' }) - size()).toBe(2 * ' and more'.length)
  expect(size({ organizationId: 'acme-2' }) - size()).toBe(2 * '-2'.length)
  expect(size({ metadata: '{"a":1}' }) - size()).toBe(2 * '"a":1'.length)
  expect(size({ expiresAt: 0 }) - size()).toBeGreaterThan(0)
})
