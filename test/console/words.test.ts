// What the console says of changes, browsers, graces and days: the pure part, without a browser.
import { describe, expect, test } from 'vitest'
import type { WireAuditEvent, WireKeyDetails, WireSecret } from '../../console/api.ts'
import { actorName } from '../../console/format/actors.ts'
import { describeChanges, fieldsChanged, nameIn } from '../../console/format/audit-changes.ts'
import { dayInput, endOfDay, lastDayInput, startOfDay } from '../../console/format/days.ts'
import {
  findGrace,
  graceEnd,
  graceName,
  gracePresets,
  longestGraceSeconds,
  readGrace,
  secretEnd,
  secretState,
  splitGrace,
  usesSince,
} from '../../console/format/graces.ts'
import { mergeFields, mergeList } from '../../console/format/merges.ts'
import { limitsOf } from '../../console/format/session-limits.ts'
import { deviceOf } from '../../console/format/user-agents.ts'
import { rotateKeySchema } from '../../src/core/shapes/rotations.ts'

const now = Date.parse('2026-03-01T12:00:00.000Z')
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString()

function event(action: WireAuditEvent['action'], changes: Record<string, unknown>): WireAuditEvent {
  return {
    id: '01900000-0000-7000-8000-000000000001',
    at: at(0),
    action,
    actor: '01900000-0000-7000-8000-000000000002',
    actor_type: 'key',
    organization_id: 'acme',
    key_id: '01900000-0000-7000-8000-000000000003',
    changes,
    request_id: null,
    ip: null,
    is_erased: false,
    via: null,
    sequence: 1,
  }
}

test('an actor of a kind that this console does not know is called by that', () => {
  expect(['operator', 'system', 'robot', 'constructor'].map(actorName)).toEqual([
    'the operator',
    'the system',
    'robot',
    'constructor',
  ])
})

describe('the changes of an event', () => {
  test('a change of every field tells what it was and what it is, permissions by what came and went', () => {
    const changes = describeChanges(
      event('key.updated', {
        name: { from: 'CI', to: '<b>CI</b>' },
        permissions: { from: ['a:read', 'a:send'], to: ['a:send', 'b:*'] },
        expires_at: { from: null, to: at(60) },
        metadata: { from: { plan: 'pro', team: 1 }, to: { plan: 'free', team: 1, constructor: null } },
      }),
    )
    expect(changes).toEqual([
      { label: 'Name', kind: 'value', from: text('CI'), to: text('<b>CI</b>') },
      { label: 'Permissions', kind: 'permissions', added: ['b:*'], removed: ['a:read'] },
      {
        label: 'Expires',
        kind: 'value',
        from: { kind: 'none', text: 'Never' },
        to: { kind: 'instant', instant: at(60) },
      },
      { label: 'Metadata', kind: 'value', field: 'plan', from: code('pro'), to: code('free') },
      {
        label: 'Metadata',
        kind: 'value',
        field: 'constructor',
        from: { kind: 'none', text: 'Nothing' },
        to: code('null'),
      },
    ])
    expect(fieldsChanged(changes)).toBe('Name, permissions, expires, metadata')
  })

  test('a new key tells what it was given, even where its metadata looks like a change', () => {
    const created = event('key.created', {
      name: 'CI',
      permissions: ['a:send'],
      expires_at: null,
      metadata: { from: 'Berlin', to: 'Rome' },
      kid: '0000000000000000',
      created_by: '01900000-0000-7000-8000-000000000002',
    })
    expect(describeChanges(created)).toEqual([
      { label: 'Name', kind: 'value', to: text('CI') },
      { label: 'Permissions', kind: 'permissions', added: ['a:send'], removed: [] },
      { label: 'Metadata', kind: 'value', field: 'from', to: code('Berlin') },
      { label: 'Metadata', kind: 'value', field: 'to', to: code('Rome') },
      { label: 'Token', kind: 'value', to: code('0000000000000000') },
    ])
    expect(nameIn(created)).toBe('CI')
  })

  test('a rotation tells when the old token ends, or that it ended at once', () => {
    const kid = { from: '0000000000000000', to: '1111111111111111' }
    const ends = (grace_ends_at: string) => describeChanges(event('key.rotated', { kid, grace_ends_at }))[1]
    expect(ends(at(3600))).toMatchObject({ to: { kind: 'instant', instant: at(3600) } })
    expect(ends(at(0))).toMatchObject({ to: { kind: 'none', text: 'At once' } })
  })

  test('limits are told in words, and those of a new key only if it has any', () => {
    const requests = { name: 'requests', limit: 100, window_seconds: 60, default_cost: 1 }
    const words = { kind: 'text', text: 'requests: 100 per minute' }
    expect(describeChanges(event('key.created', { limits: [] }))).toEqual([])
    const people = {
      grantable_permissions: { from: [], to: ['emails:*'] },
      sign_in: { from: 'any', to: 'provider' },
    }
    const text = (text: string) => ({ kind: 'text', text })
    expect(describeChanges(event('organization.updated', people))).toEqual([
      { label: 'Members may grant', kind: 'permissions', added: ['emails:*'], removed: [] },
      {
        ...{ label: 'Members sign in', kind: 'value' },
        ...{ from: text('By a provider or a passkey'), to: text('By a provider alone') },
      },
    ])
    expect(describeChanges(event('key.updated', { limits: { from: [], to: [requests] } }))).toEqual([
      { label: 'Limits', kind: 'value', from: { kind: 'none', text: 'None' }, to: words },
    ])
  })

  test('units are told by what became of them', () => {
    const told = (changes: Record<string, unknown>) =>
      describeChanges(event('limit.units_added', changes)).map((change) => 'to' in change && change.to)
    expect(told({ add: 1_000, reference: 'payment 1' })).toEqual([
      text('1,000 units added'),
      text('payment 1'),
    ])
    expect(told({ add: -1_000 })).toEqual([text('1,000 units taken')])
    expect(told({ add: 1 })).toEqual([text('1 unit added')])
    expect(told({ units: 12_345 })).toEqual([text('12,345 units')])
  })

  test('why a key ended or waits, and from when and where it is valid, is told in words', () => {
    const told = (action: WireAuditEvent['action'], changes: Record<string, unknown>) =>
      describeChanges(event(action, changes))
    expect(told('key.revoked', { revoked_at: at(0), revocation_reason: 'owner_left' })).toEqual([
      { label: 'Because', kind: 'value', to: text('Its owner has left') },
    ])
    const suspended = {
      suspended_at: { from: null, to: at(0) },
      suspended_reason: { from: null, to: 'Unpaid' },
    }
    expect(told('key.suspended', suspended)).toMatchObject([{ label: 'Because', to: text('Unpaid') }])
    const changes = {
      not_before: { from: null, to: at(60) },
      allowed_ips: { from: ['::1'], to: ['10.0.0.0/8'] },
    }
    expect(told('key.updated', changes)).toMatchObject([
      { label: 'Begins', from: { kind: 'none', text: 'At once' }, to: { kind: 'instant', instant: at(60) } },
      { label: 'Allowed addresses', added: ['10.0.0.0/8'], removed: ['::1'] },
    ])
  })

  test('what nobody caused is told in words, and a limit is not taken for its key', () => {
    const told = (action: WireAuditEvent['action'], changes: Record<string, unknown>) =>
      describeChanges(event(action, changes)).map((change) => [change.label, 'to' in change && change.to])
    expect(told('key.expiring', { days_before: 1 })).toEqual([['Time left', text('1 day')]])
    expect(told('key.dormant', { unused_days: 90, last_used_at: null })).toEqual([
      ['Unused for', text('90 days')],
      ['Last used', { kind: 'none', text: 'Never' }],
    ])
    const tried = { tries: 1, tries_in_all: 4, ip: null, user_agent: 'curl/8.14.1', operation: null }
    expect(told('key.decoy_tried', tried)).toEqual([
      ['Tried', text('once')],
      ['In all', text('4 times')],
      ['Last from', { kind: 'none', text: 'Not known' }],
      ['Client', text('curl/8.14.1')],
    ])
    expect(told('key.grace_ended', { reason: 'grace_seconds' })).toEqual([
      ['Because', text('Its grace was over')],
    ])
    const period = { period_started_at: at(0), resets_at: null }
    const reached = {
      name: 'credits',
      scope: 'key',
      threshold_percent: 80,
      limit: 10,
      added: 0,
      spent: 8,
      ...period,
    }
    expect(told('limit.reached', reached)).toEqual([
      ['Limit', text('credits')],
      ['Threshold', text('80 %')],
      ['Allowance', text('10 units')],
      ['Spent', text('8 units')],
      ['Period began', { kind: 'instant', instant: at(0) }],
      ['Next reset', { kind: 'none', text: 'Never' }],
    ])
    // The line under which they fold says of what they are, without a value to explain them.
    expect(fieldsChanged(describeChanges(event('limit.reached', reached)))).toBe(
      'Limit, threshold, allowance, spent, period began, next reset',
    )
    expect(nameIn(event('limit.reached', reached))).toBeUndefined()
    expect(told('log.checkpoint', { note: 'latchkey\n' })).toEqual([['Its note', code('latchkey\n')]])
  })

  test('a field that is not known, or of another shape, is shown as it is', () => {
    const changes = {
      __proto__: null,
      toString: 1,
      other: { from: 1 },
      limits: [{ a: 1 }],
      permissions: { from: 3, to: 'x' },
    }
    expect(describeChanges(event('key.updated', changes))).toEqual([
      { label: 'toString', kind: 'value', to: code('1') },
      { label: 'other', kind: 'value', to: code('{"from":1}') },
      { label: 'Limits', kind: 'value', to: code('[{"a":1}]') },
      { label: 'Permissions', kind: 'permissions', added: [], removed: [] },
    ])
  })
})

describe('a grace', () => {
  test('every length that is offered is one that the API takes, and none is longer than the longest', () => {
    for (const { seconds: graceSeconds } of gracePresets)
      expect(rotateKeySchema.safeParse({ graceSeconds }).success).toBe(true)
    expect(rotateKeySchema.safeParse({ graceSeconds: longestGraceSeconds }).success).toBe(true)
    expect(rotateKeySchema.safeParse({ graceSeconds: longestGraceSeconds + 1 }).success).toBe(false)
    expect(gracePresets.map(({ label }) => label)).toEqual([
      'None',
      '1 hour',
      '24 hours',
      '48 hours',
      '7 days',
      '30 days',
    ])
    expect([0, 3_600, 172_800, 37_800].map(graceName)).toEqual([
      'No grace',
      '1 hour',
      '2 days',
      '10 hours 30 minutes',
    ])
  })

  test('is any other length as well, read as it is typed, and none that the API refuses', () => {
    expect(readGrace('36', 'hours')).toBe(129_600)
    expect(readGrace(' 1.5 ', 'days')).toBe(129_600)
    expect(readGrace('1,5', 'hours')).toBe(5_400)
    expect(readGrace('90', 'minutes')).toBe(5_400)
    expect(readGrace('30', 'days')).toBe(longestGraceSeconds)
    for (const count of ['', '0', '31', '-1', '1e3', 'a', '1.', '0.00001', '١'])
      expect(readGrace(count, 'days'), count).toBeUndefined()
    for (const { seconds } of gracePresets.slice(1)) {
      const { count, unit } = splitGrace(seconds)
      expect(readGrace(count, unit)).toBe(seconds)
    }
    expect(splitGrace(172_800)).toEqual({ count: '2', unit: 'days' })
    expect(splitGrace(5_400)).toEqual({ count: '90', unit: 'minutes' })
  })

  test('ends with the key where that expires before', () => {
    expect(graceEnd(3600, null, now)).toEqual({ at: now + 3_600_000, isExpiry: false })
    expect(graceEnd(3600, at(3600), now)).toEqual({ at: now + 3_600_000, isExpiry: false })
    expect(graceEnd(3600, at(3599), now)).toEqual({ at: now + 3_599_000, isExpiry: true })
    expect(graceEnd(0, at(-5), now)).toEqual({ at: now, isExpiry: false })
  })

  const secret = (
    kid: string,
    expires_at: string | null,
    last_used_at: string | null = null,
  ): WireSecret => ({
    kid,
    hint: `re_${kid}…`,
    created_at: at(-100),
    created_by: null,
    created_by_type: null,
    expires_at,
    last_used_at,
    until_silent_seconds: null,
    silent_at: null,
  })
  const keyOf = (status: WireKeyDetails['status'], secrets: WireSecret[]) =>
    ({ status, secrets }) as WireKeyDetails

  test('a secret is live, in its grace to the last millisecond, or ended; with its key at the latest', () => {
    const newest = secret('b', null)
    const old = secret('a', at(1))
    const key = keyOf('active', [newest, old])
    expect(secretState(newest, key, now)).toBe('live')
    expect(secretState(old, key, now + 999)).toBe('grace')
    expect(secretState(old, key, now + 1000)).toBe('ended')
    expect(findGrace(key, now)).toBe(old)
    expect(findGrace(key, now + 1000)).toBeUndefined()
    for (const status of ['revoked', 'expired'] as const) {
      expect(secretState(newest, keyOf(status, [newest]), now)).toBe('ended')
    }
  })

  test('a secret ends with its key where that comes before the end of its grace', () => {
    const ends = (secret: WireSecret, key: Partial<WireKeyDetails>) =>
      secretEnd(secret, { revoked_at: null, expires_at: null, ...key } as WireKeyDetails)
    const old = secret('a', at(86_400))
    expect(ends(old, {})).toBe(at(86_400))
    expect(ends(old, { revoked_at: at(60) })).toBe(at(60))
    expect(ends(old, { revoked_at: at(90_000) })).toBe(at(86_400))
    expect(ends(old, { expires_at: at(600), revoked_at: at(900) })).toBe(at(600))
    expect(ends(secret('b', null), { expires_at: at(600) })).toBe(at(600))
    expect(ends(secret('b', null), {})).toBeUndefined()
  })

  test('an old secret is in use from the rotation on, and what is told may be late right after', () => {
    const rotatedAt = at(-3600)
    expect(usesSince(secret('a', at(1)), rotatedAt, now)).toEqual({ isUsed: false, mayBeLate: false })
    expect(usesSince(secret('a', at(1), at(-3601)), rotatedAt, now).isUsed).toBe(false)
    expect(usesSince(secret('a', at(1), at(-3600)), rotatedAt, now)).toEqual({
      isUsed: true,
      mayBeLate: false,
    })
    expect(usesSince(secret('a', at(1), at(-5)), rotatedAt, now)).toEqual({ isUsed: true, mayBeLate: true })
    expect(usesSince(secret('a', at(1)), at(-5), now)).toEqual({ isUsed: false, mayBeLate: true })
  })
})

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
    'Safari on macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['<img src=x> Chrome/1', '<img src=x> Chrome/1'],
  [null, undefined],
  [' ', undefined],
])('a browser is called by its name and its system, else by its own words: %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device)
})

test('a day of a filter begins at midnight where the reader is, and lasts until the next one', () => {
  for (const day of ['2026-03-29', '2026-10-25', '2024-02-29', '2026-12-31']) {
    const since = startOfDay(day) as string
    const until = endOfDay(day) as string
    expect([dayInput(since), lastDayInput(until)]).toEqual([day, day])
    expect([lastDayInput(since), dayInput(until)]).not.toContain(day)
  }
  for (const none of ['', '2026', '0002-01-01', '2026-1-1']) expect(startOfDay(none)).toBeUndefined()
  expect([dayInput(undefined), dayInput('soon'), lastDayInput('soon')]).toEqual(['', '', ''])
})

test('the limits of sessions are told as a session shows them', () => {
  const session = {
    created_at: at(0),
    last_seen_at: at(60),
    expires_at: at(43_200),
    idle_expires_at: at(3660),
  }
  expect(limitsOf(session)).toBe('A session ends after 1 hour without use, and after 12 hours in any case.')
  expect(limitsOf({ ...session, idle_expires_at: at(43_200) })).toBe(
    'A session ends after 12 hours in any case.',
  )
})

function text(words: string) {
  return { kind: 'text', text: words }
}

function code(words: string) {
  return { kind: 'code', text: words }
}

describe('what a form changes, on top of what others changed meanwhile', () => {
  test('of a list, what was removed elsewhere stays away, and what was added there stays', () => {
    expect(mergeList(['a', 'b'], ['a', 'b', 'c'], ['a'])).toEqual(['a', 'c'])
    expect(mergeList(['a', 'b'], ['b'], ['a', 'b', 'd'])).toEqual(['b', 'd'])
    expect(mergeList(['a'], ['a', 'c'], ['c', 'a'])).toEqual(['c', 'a'])
    expect(mergeList([], [], ['a'])).toEqual(['a'])
  })

  test('of an object, field by field, and the form has the last word on its own', () => {
    expect(mergeFields({ a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, { b: 2 })).toEqual({ b: 2, c: 3 })
    expect(mergeFields({ a: 1, b: 2 }, { a: 1 }, { a: 5, b: 2, d: 4 })).toEqual({ a: 5, d: 4 })
    expect(mergeFields({ a: 1 }, { a: 2 }, { a: 3, e: 1 })).toEqual({ a: 2, e: 1 })
    expect(mergeFields({ a: 1 }, { a: 2 }, {})).toEqual({ a: 2 })
  })
})
