// Which permissions of a key its calls needed, and the least that would have served them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxPermissions } from '../src/core/bounds.ts'
import { needsOf } from '../src/core/permission-needs.ts'
import { covers } from '../src/core/permissions.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { dayMs, writeProfiles } from './setup/profiles.ts'
import { codeOf } from './setup/refusal.ts'

const segment = fc.constantFrom('a', 'b', 'c', '*')
const permission = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(':'))
const permissions = fc.uniqueArray(permission, { maxLength: 5 })
const counts = { calls: 1, last: 1 }
const admits = (granted: readonly string[], asked: readonly string[]) =>
  asked.every((one) => covers(granted, one))

describe('what is suggested', () => {
  test('admits every call that was valid, and without any one of it some call is refused', () => {
    fc.assert(
      fc.property(permissions, fc.array(permissions, { maxLength: 8 }), (granted, calls) => {
        const valid = calls.filter((asked) => admits(granted, asked))
        const { suggested } = needsOf(
          granted,
          valid.map((asked) => ({ permissions: asked, ...counts })),
        )
        expect(valid.filter((asked) => !admits(suggested, asked))).toEqual([])
        for (const spare of suggested) {
          const rest = suggested.filter((one) => one !== spare)
          expect(valid.some((asked) => !admits(rest, asked))).toBe(true)
        }
        // It is never more than the key holds.
        expect(suggested.filter((one) => !covers(granted, one))).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  test('keeps a wildcard that too many permissions would replace, and is no longer than a key may hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 24 }), { minLength: 1, maxLength: maxPermissions, size: 'max' }),
        (sizes) => {
          const granted = sizes.map((_, i) => `g${i}:*`)
          const valid = sizes.flatMap((size, i) => Array.from({ length: size }, (_, n) => `g${i}:p${n}`))
          const { suggested } = needsOf(
            granted,
            valid.map((asked) => ({ permissions: [asked], ...counts })),
          )
          expect(suggested.length).toBeLessThanOrEqual(maxPermissions)
          expect(admits(suggested, valid)).toBe(true)
          for (const [i, size] of sizes.entries()) if (size > 16) expect(suggested).toContain(`g${i}:*`)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('has what was asked for under a wildcard, and leaves out what others cover', () => {
    const asking = (...lists: string[][]) => lists.map((list) => ({ permissions: list, ...counts }))
    expect(needsOf(['emails:*', 'domains:read'], asking(['emails:send'], [])).suggested).toEqual([
      'emails:send',
    ])
    expect(needsOf(['*'], asking(['emails:send'], ['emails:*'])).suggested).toEqual(['emails:*'])
    // Each of two wildcards covers what was asked for under the other.
    const many = (rest: string) => Array.from({ length: 20 }, (_, i) => [`x${i}:${rest}`])
    const both = ['*:a:*', '*:*:b']
    expect(needsOf(both, asking(...many('a:b'))).suggested).toEqual(['*:a:*'])
    expect(needsOf(both, asking(...many('a:b'), ...many('c:b'))).suggested).toEqual(['*:*:b'])
  })
})

test('a call needs the narrowest of the permissions that cover what it asked for, and is counted once for each', () => {
  const { granted } = needsOf(
    ['emails:*', 'emails:send', '*', 'domains:read'],
    [
      { permissions: ['emails:send'], calls: 3, last: 30 },
      { permissions: ['emails:read', 'emails:list'], calls: 4, last: 40 },
      { permissions: ['emails:send', 'webhooks:read'], calls: 5, last: 20 },
    ],
  )
  expect(granted).toEqual([
    { permission: 'emails:*', calls: 4, last: 40 },
    { permission: 'emails:send', calls: 8, last: 30 },
    { permission: '*', calls: 5, last: 20 },
    { permission: 'domains:read', calls: 0, last: null },
  ])
})

onEachDatabase('the permissions of a key', (makeDatabase) => {
  async function openStage(granted: string[]) {
    const database = await makeDatabase()
    const now = Date.UTC(2026, 5, 15, 12)
    const latchkey = await openLatchkey({ database, now: () => now })
    await createAcme(latchkey)
    const key = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: granted })
    return { database, latchkey, key, now, [Symbol.asyncDispose]: () => latchkey.close() }
  }

  test('are told with the calls of 90 days that needed them, what none needed and what is enough', async () => {
    await using stage = await openStage(['emails:*', 'domains:read', 'webhooks:read'])
    const { latchkey, key, now } = stage
    const other = await latchkey.keys.create({ organizationId: 'acme', name: 'Other' })
    await writeProfiles(stage, [
      { keyId: key.id, at: now, permissions: 'emails:send', calls: 5 },
      {
        keyId: key.id,
        at: now - 89 * dayMs,
        permissions: 'emails:send',
        operation: 'POST /emails',
        calls: 2,
      },
      { keyId: key.id, at: now - 3 * dayMs, permissions: 'domains:read emails:read' },
      { keyId: key.id, at: now, permissions: '' },
      // None of these was a valid call of the key in the last 90 days.
      { keyId: key.id, at: now - 90 * dayMs, permissions: 'webhooks:read' },
      { keyId: key.id, at: now, permissions: 'webhooks:read', code: 'insufficient_permissions' },
      { keyId: other.id, at: now, permissions: 'webhooks:read' },
    ])
    expect(await latchkey.keys.readPermissions(key.id)).toEqual({
      since: new Date(Date.UTC(2026, 5, 15) - 89 * dayMs),
      asOf: new Date(now),
      granted: [
        { permission: 'emails:*', calls: 8, lastUsedAt: new Date(now) },
        { permission: 'domains:read', calls: 1, lastUsedAt: new Date(now - 3 * dayMs) },
        { permission: 'webhooks:read', calls: 0, lastUsedAt: null },
      ],
      unused: ['webhooks:read'],
      suggested: ['domains:read', 'emails:read', 'emails:send'],
      complete: true,
    })
  })

  test('are not known of calls of too many kinds: the answer says so', async () => {
    await using stage = await openStage(['emails:send', 'domains:read'])
    const { latchkey, key, now } = stage
    await writeProfiles(stage, [
      { keyId: key.id, at: now, permissions: 'emails:send' },
      { keyId: key.id, at: now, isRest: true, calls: 3 },
    ])
    expect(await latchkey.keys.readPermissions(key.id)).toMatchObject({
      unused: ['domains:read'],
      suggested: ['emails:send'],
      complete: false,
    })
    const other = await latchkey.keys.create({ organizationId: 'acme', name: 'Other', permissions: ['p:*'] })
    await writeProfiles(
      stage,
      Array.from({ length: 10 }, (_, i) => ({
        keyId: other.id,
        at: now,
        permissions: Array.from({ length: 110 }, (_, n) => `p:${i}:${n}`).join(' '),
      })),
    )
    expect(await latchkey.keys.readPermissions(other.id)).toMatchObject({
      suggested: ['p:*'],
      complete: false,
    })
    // Of few permissions more lists than are looked at, on as many days as they need.
    const third = await latchkey.keys.create({ organizationId: 'acme', name: 'Third', permissions: ['p:*'] })
    const listOf = (i: number) =>
      Array.from('abcdefghij').flatMap((name, n) => ((i >> n) & 1 ? `p:${name}` : []))
    await writeProfiles(
      stage,
      Array.from({ length: 1_001 }, (_, i) => ({
        keyId: third.id,
        at: now - (i >> 8) * dayMs,
        permissions: listOf(i + 1).join(' '),
      })),
    )
    const { suggested, complete } = await latchkey.keys.readPermissions(third.id)
    expect([suggested.length, complete]).toEqual([10, false])
  })

  test('are those of a key that was never used, and of no foreign key', async () => {
    await using stage = await openStage(['emails:send'])
    const { latchkey, key } = stage
    expect(await latchkey.keys.readPermissions(key.id)).toMatchObject({
      granted: [{ permission: 'emails:send', calls: 0, lastUsedAt: null }],
      unused: ['emails:send'],
      suggested: [],
      complete: true,
    })
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    const { key: token } = await latchkey.keys.create({ organizationId: 'bees', name: 'B' })
    const actor = await latchkey.authenticate(token)
    for (const id of [key.id, 'nobody', '\0'])
      expect(await codeOf(latchkey.keys.readPermissions(id, actor && { actor }))).toBe('key_not_found')
  })
})
