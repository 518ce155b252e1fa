// Judging by what is remembered: a real cache, a real lease and two clocks that the test moves; no database.

import { describe, expect, test } from 'vitest'
import { checkAskedPermissions } from '../src/core/asked-permissions.ts'
import { leaseMs } from '../src/core/bounds.ts'
import { assembleToken, type ParsedToken, parseToken } from '../src/core/token.ts'
import { FactsCache } from '../src/verdict/cache.ts'
import {
  type EvaluatedTerms,
  evaluate,
  findRemembered,
  malformed,
  notFound,
  type Remembered,
  verdictOf,
  verifyCached,
} from '../src/verdict/evaluate.ts'
import { type Facts, type Terms, toFacts } from '../src/verdict/facts.ts'
import { Lease } from '../src/verdict/lease.ts'
import { Owners } from '../src/verdict/owners.ts'
import { Tallies } from '../src/verdict/tally.ts'
import { digestText, digestToken } from '../src/verification/digest.ts'
import { noDraws } from './setup/allotments.ts'
import { unbound } from './setup/unbound.ts'
import { listenerOf } from './setup/uses.ts'

const start = Date.UTC(2026, 0, 31, 12)
const kid = 'kid0kid0kid0kid0'
const token = assembleToken('re', kid, new Uint8Array(32).fill(1))
const foreignToken = assembleToken('re', kid, new Uint8Array(32).fill(2))
const unknownToken = assembleToken('re', 'other0other0othe', new Uint8Array(32))

function factsOf(terms: Partial<Terms> = {}): Facts {
  return toFacts(
    {
      keyId: 'key',
      organizationId: terms.organizationId ?? 'acme',
      name: 'CI',
      permissions: JSON.stringify(terms.permissions ?? ['emails:*', 'domains:read']),
      metadata: '{"plan":"pro"}',
      endedAt: terms.isEnded ? start : null,
      graceEndsAt: terms.graceEndsAt ?? null,
      expiresAt: terms.expiresAt ?? null,
      revokedAt: terms.revokedAt ?? null,
      ...unbound,
      limits: null,
    },
    new Owners(100),
  )
}

/** A memory that has seen one secret, under a lease that has just begun. */
function remember(terms: Partial<Terms> = {}) {
  const clock = { wall: start, monotonic: 1_000 }
  const lease = new Lease()
  const uses: [kid: string, at: number][] = []
  const absent = new Set<string>()
  const cache = new FactsCache(
    { secrets: 10, bytes: 10_000 },
    digestText,
    listenerOf((used, _, at) => uses.push([used, at])),
  )
  cache.remember(kid, digestToken(token), factsOf(terms))
  lease.confirm(clock.monotonic, clock.wall)
  const memory: Remembered = {
    cache,
    clock: { now: () => clock.wall, monotonic: () => clock.monotonic },
    allotments: noDraws(),
    tallies: new Tallies(),
    isFresh: (now) => lease.holds(clock.monotonic, now),
    isAbsent: (parsed) => absent.has(String(parsed.kid)),
    acceptsForeign: () => false,
  }
  const told = () => {
    cache.reportUses()
    return uses.splice(0)
  }
  return { memory, clock, absent, told }
}

const known = { keyId: 'key', organizationId: 'acme', name: 'CI', permissions: ['emails:*', 'domains:read'] }
const valid = { ...known, valid: true, code: 'valid', expiresAt: null, metadata: { plan: 'pro' } }

describe('a token that is remembered', () => {
  test.each([token, `secret-token:${token}`])('is judged at once, and its use noted: %s', (text) => {
    const { memory, told } = remember()
    expect(verifyCached(memory, text)).toEqual(valid)
    expect(told()).toEqual([[kid, start]])
    expect(findRemembered(memory, text)).toMatchObject(factsOf())
  })

  test('is used by a request and by management, and not by a heartbeat', () => {
    const { memory, told } = remember()
    for (const purpose of ['request', 'management'] as const) {
      expect(verifyCached(memory, token, {}, purpose)).toEqual(valid)
      expect(told()).toEqual([[kid, start]])
    }
    expect(verifyCached(memory, token, {}, 'heartbeat')).toEqual(valid)
    expect(told()).toEqual([])
  })

  test('is judged to the last instant of the lease, and by nobody after it', () => {
    const { memory, clock, told } = remember()
    clock.monotonic += leaseMs - 1
    expect(verifyCached(memory, token)).toEqual(valid)
    told()
    clock.monotonic += 1
    expect(verifyCached(memory, token)).toBeUndefined()
    expect(told()).toEqual([])
    // Whoever asks what is remembered judges its age.
    expect(findRemembered(memory, token)).toMatchObject(factsOf())
  })

  test('that is refused was not used', () => {
    const { memory, told } = remember({ revokedAt: start })
    expect(verifyCached(memory, token)).toMatchObject({ valid: false, code: 'revoked' })
    expect(told()).toEqual([])
  })

  test('is judged by the question, and by the instant', () => {
    const { memory, clock } = remember({ expiresAt: start + 500 })
    const asked = { permissions: ['emails:send'] }
    expect(verifyCached(memory, token, asked)).toEqual({ ...valid, expiresAt: new Date(start + 500) })
    expect(verifyCached(memory, token, { organizationId: 'other' })).toBe(notFound)
    clock.wall += 500
    expect(verifyCached(memory, token, asked)).toMatchObject({ valid: false, code: 'expired' })
  })
})

describe('a token that is not remembered', () => {
  test('is malformed if it is none, whatever it is', () => {
    const { memory } = remember()
    for (const text of [undefined, null, 7, {}, [token], { length: 68 }] as unknown as string[]) {
      expect(verifyCached(memory, text)).toBe(malformed)
    }
    for (const text of [
      '',
      're_',
      token.slice(1),
      `${token}0`,
      `Bearer ${token}`,
      `secret-token:secret-token:${token}`,
    ]) {
      expect(verifyCached(memory, text)).toBe(malformed)
      expect(findRemembered(memory, text)).toBeUndefined()
    }
  })

  test('is left to the store', () => {
    const { memory } = remember()
    expect(verifyCached(memory, unknownToken)).toBeUndefined()
    expect(findRemembered(memory, unknownToken)).toBeUndefined()
  })

  test('is not found under the lease if its kid was unknown a moment ago, and left to the store after it', () => {
    const { memory, clock, absent } = remember()
    absent.add((parseToken(unknownToken) as ParsedToken).kid)
    expect(verifyCached(memory, unknownToken)).toBe(notFound)
    clock.wall += leaseMs
    expect(verifyCached(memory, unknownToken)).toBeUndefined()
  })

  test('is not found under the lease if another one has its kid, and left to the store after it', () => {
    const { memory, clock, told } = remember()
    expect(verifyCached(memory, foreignToken)).toBe(notFound)
    expect(findRemembered(memory, foreignToken)).toBeUndefined()
    clock.monotonic += leaseMs
    expect(verifyCached(memory, foreignToken)).toBeUndefined()
    expect(told()).toEqual([])
  })

  test('has its question checked before anything is said of it', () => {
    const { memory } = remember()
    for (const text of [token, foreignToken, unknownToken, 'none']) {
      expect(() => verifyCached(memory, text, { permissions: ['emails send'] })).toThrow('permissions[0]')
    }
  })
})

describe('terms', () => {
  const at = 1_000
  const unlimited: EvaluatedTerms = {
    organizationId: 'acme',
    permissions: ['emails:*'],
    isEnded: false,
    graceEndsAt: null,
    expiresAt: null,
    revokedAt: null,
    suspendedAt: null,
    notBefore: null,
    allowedIps: null,
    bounds: undefined,
    organization: { suspendedAt: null },
  }
  const lacking = { permissions: ['a', 'emails:send', 'b'] }

  test('are met, or the gravest reason counts', () => {
    const terms = { ...unlimited, isEnded: true, graceEndsAt: 1, expiresAt: at, revokedAt: 2_000 }
    const asked = { ...lacking, organizationId: 'other' }
    expect(evaluate(terms, asked, at)).toEqual({ code: 'not_found' })
    expect(evaluate(terms, { ...asked, organizationId: 'acme' }, at)).toEqual({ code: 'revoked' })
    expect(evaluate(terms, lacking, at)).toEqual({ code: 'revoked' })
    expect(evaluate({ ...terms, revokedAt: null }, lacking, at)).toEqual({ code: 'expired' })
    const unexpired = { ...terms, revokedAt: null, expiresAt: null }
    expect(evaluate(unexpired, lacking, at)).toEqual({ code: 'rotated' })
    const missing = { code: 'insufficient_permissions', missing: ['a', 'b'] }
    expect(evaluate(unlimited, lacking, at)).toEqual(missing)
    expect(evaluate(unlimited, {}, at)).toBeUndefined()
    expect(evaluate(unlimited, { organizationId: 'acme', permissions: [] }, at)).toBeUndefined()
    expect(evaluate(unlimited, { permissions: ['emails:*'] }, at)).toBeUndefined()
    expect(evaluate(unlimited, { permissions: ['emails:send', 'emails:*'] }, at)).toBeUndefined()
  })

  test.each(['expiresAt', 'graceEndsAt'] as const)('hold until %s, and not at it', (limit) => {
    const code = limit === 'expiresAt' ? 'expired' : 'rotated'
    for (const instant of [0, 1, at]) {
      const terms = { ...unlimited, [limit]: instant }
      expect(evaluate(terms, {}, instant - 1)).toBeUndefined()
      expect(evaluate(terms, {}, instant)).toEqual({ code })
      expect(evaluate(terms, {}, instant + 1)).toEqual({ code })
    }
  })

  test('end with the secret, however long its grace would be', () => {
    expect(evaluate({ ...unlimited, isEnded: true }, {}, at)).toEqual({ code: 'rotated' })
    expect(evaluate({ ...unlimited, isEnded: true, graceEndsAt: at + 1 }, {}, at)).toEqual({
      code: 'rotated',
    })
  })

  test('grant the same whether lists are short, and compared word by word, or long', () => {
    for (const count of [1, 2, 16, 17, 100, 128]) {
      const granted = Array.from({ length: count }, (_, i) => `a${i}:read`)
      const terms = { ...unlimited, permissions: granted }
      expect(evaluate(terms, { permissions: granted }, at)).toBeUndefined()
      const more = [...granted.slice(1), 'a0:write']
      const missing = { code: 'insufficient_permissions', missing: ['a0:write'] }
      expect(evaluate(terms, { permissions: more }, at)).toEqual(missing)
    }
  })

  test('are not met by a question of a wrong form, even if each of it is granted', () => {
    const terms = { ...unlimited, permissions: ['emails:*', 'e', 'm'] }
    const wrong = ['em', { length: 1, 0: 'emails:*' }, null, 7] as unknown as string[][]
    for (const permissions of wrong)
      expect(() => evaluate(terms, { permissions }, at)).toThrow(
        'permissions: Must be a list of permissions.',
      )
  })
})

describe('a verdict', () => {
  test('says all that is known, and why not; a date of its own to each', () => {
    const { answer, terms } = factsOf({ expiresAt: start })
    expect(verdictOf(answer, { ...terms, expiresAt: null }, undefined)).toBe(answer)
    const expiresAt = new Date(start)
    const first = verdictOf(answer, terms, undefined)
    expect(first).toEqual({ ...valid, expiresAt })
    if (first.valid) first.expiresAt?.setTime(0)
    expect(verdictOf(answer, terms, undefined)).toEqual({ ...valid, expiresAt })
    expect(verdictOf(answer, terms, { code: 'not_found' })).toBe(notFound)
    expect(verdictOf(answer, { ...terms, expiresAt: null }, { code: 'not_found' })).toBe(notFound)
    const expired = { ...valid, valid: false, code: 'expired' }
    expect(verdictOf(answer, terms, { code: 'expired' })).toEqual({ ...expired, expiresAt })
    expect(verdictOf(answer, { ...terms, expiresAt: null }, { code: 'revoked' })).toEqual({
      ...expired,
      code: 'revoked',
    })
  })

  test('that tells nothing can be changed by nobody', () => {
    for (const verdict of [malformed, notFound]) {
      expect(Object.isFrozen(verdict)).toBe(true)
      expect(verdict.valid).toBe(false)
    }
  })
})

describe('the permissions asked for', () => {
  test('may be absent, and are at most 128 of at most 128 characters', () => {
    const longest = 'a'.repeat(128)
    for (const asked of [undefined, [], ['*'], [longest], Array.from({ length: 128 }, () => 'a')])
      expect(() => checkAskedPermissions(asked)).not.toThrow()
    const many = Array.from({ length: 129 }, () => 'a')
    expect(() => checkAskedPermissions(many, 'wanted')).toThrow('wanted: Must have at most 128 permissions.')
  })

  test.each([
    ['one character too many', 'a'.repeat(129)],
    ['nothing', ''],
    ['a space', 'a b'],
    ['a number', 7],
    ['what would be well-formed as text', ['a']],
  ])('are refused by their place: %s', (_, wrong) => {
    const asked = ['a', wrong, 'b'] as string[]
    expect(() => checkAskedPermissions(asked)).toThrow('permissions[1]: Must be a permission such as')
    expect(() => checkAskedPermissions(asked, 'wanted')).toThrow('wanted[1]: Must be a permission such as')
  })
})
