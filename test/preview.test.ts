// A preview says which calls a change would refuse: exactly those that it then refuses, and nothing is changed by asking.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type KeyPreview, type Latchkey, openLatchkey, type PreviewKeyInput } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { dayMs, type GivenProfile, writeProfiles } from './setup/profiles.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { hourMs } from './setup/usage.ts'

const begun = Date.UTC(2026, 5, 15, 12)

/** A key that is like another one in all that calls are judged by. */
interface Twin {
  id: string
  /** The token of a rotation that left a grace, if there is one, and the newest one; each with its kid. */
  tokens: { token: string; kid: string }[]
}

const permission = fc.constantFrom('a', 'a:b', 'a:c', 'b:c', 'a:*', '*:c', '*')
const permissions = fc.uniqueArray(permission, { maxLength: 3 })
const hours = fc.integer({ min: 1, max: 4 })
const setup = fc.record({
  organizationId: fc.constantFrom('acme', 'planned'),
  permissions: fc.uniqueArray(permission, { minLength: 1, maxLength: 4 }),
  expiresIn: fc.option(hours),
  graceHours: fc.option(hours),
})
type Setup = typeof setup extends fc.Arbitrary<infer Value> ? Value : never
const call = fc.record({
  old: fc.boolean(),
  permissions,
  operation: fc.constantFrom('', 'GET /a', 'POST /b'),
  ip: fc.constantFrom('', '192.0.2.1', '192.0.2.2'),
  calls: fc.integer({ min: 1, max: 4 }),
})
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never
/** A call that was valid, with the place of its token among those of its key. */
type Placed = Omit<Call, 'old'> & { place: number }
/** A change, of a key that may have an old secret. */
const change = fc.oneof(
  fc.constant(() => ({ revoke: true as const })),
  fc.constant((old: string | undefined) => (old ? { endSecret: old } : { rotate: {} })),
  fc.option(hours, { nil: 0 }).map((grace) => (old: string | undefined) => ({
    rotate: { graceSeconds: old ? 0 : grace * 3600 },
  })),
  fc
    .record(
      {
        permissions,
        expiresAt: fc.option(hours.map((hour) => new Date(begun + hour * hourMs))),
      },
      { requiredKeys: [] },
    )
    .filter((update) => Object.keys(update).length > 0)
    .map((update) => () => update),
)

onEachDatabase('a preview', (makeDatabase, kind) => {
  async function openStage() {
    const database = await makeDatabase()
    const clock = { now: begun }
    const latchkey = await openLatchkey({ database, now: () => clock.now })
    await createAcme(latchkey)
    return { database, latchkey, clock, [Symbol.asyncDispose]: () => latchkey.close() }
  }

  async function makeTwin(latchkey: Latchkey, given: Setup): Promise<Twin> {
    const { organizationId, permissions, expiresIn, graceHours } = given
    const expiresAt = expiresIn === null ? null : new Date(begun + expiresIn * hourMs)
    const made = await latchkey.keys.create({ organizationId, name: 'K', permissions, expiresAt })
    const tokens = [made.key]
    if (graceHours !== null)
      tokens.push((await latchkey.keys.rotate(made.id, { graceSeconds: graceHours * 3600 })).key)
    return {
      id: made.id,
      tokens: tokens.map((token) => ({ token, kid: token.split('_').at(-1)?.slice(0, 16) ?? '' })),
    }
  }

  function make(latchkey: Latchkey, id: string, given: PreviewKeyInput): Promise<unknown> {
    if (given.revoke) return latchkey.keys.revoke(id)
    if (given.endSecret) return latchkey.keys.endSecret(id, given.endSecret)
    return given.rotate ? latchkey.keys.rotate(id, given.rotate) : latchkey.keys.update(id, given)
  }

  /** Makes calls, which are counted, and gives those that were valid. */
  async function makeCalls(latchkey: Latchkey, twin: Twin, calls: readonly Call[]): Promise<Placed[]> {
    const valid: Placed[] = []
    for (const { old, ...call } of calls) {
      const place = old ? 0 : twin.tokens.length - 1
      const { permissions, operation, ip } = call
      const context = { ...(operation && { operation }), ...(ip && { ip }) }
      const token = twin.tokens[place]?.token ?? ''
      const asked = { permissions, ...(Object.keys(context).length > 0 && { context }) }
      const verdicts = Array.from({ length: call.calls }, () => latchkey.verify(token, asked))
      if ((await Promise.all(verdicts)).every(({ valid }) => valid)) valid.push({ place, ...call })
    }
    return valid
  }

  const sumOf = (some: Iterable<{ calls: number }>) => [...some].reduce((sum, one) => sum + one.calls, 0)

  /** Calls by what they called, and from where. */
  function byPlace(some: Iterable<{ operation: string | null; ip: string | null; calls: number }>) {
    const sums: Record<string, number> = {}
    for (const { operation, ip, calls } of some) {
      const place = `${operation || 'none'} ${ip || 'none'}`
      sums[place] = (sums[place] ?? 0) + calls
    }
    return sums
  }

  test('of random keys, calls and changes predicts what a replay of the same calls is refused', async () => {
    let refusedAtAll = 0
    const cases = fc.array(fc.record({ given: setup, calls: fc.array(call, { maxLength: 6 }), change }), {
      ...{ minLength: 12, maxLength: 12 },
    })
    await fc.assert(
      fc.asyncProperty(cases, async (keys) => {
        const database = await makeDatabase()
        const clock = { now: begun }
        const open = () => openLatchkey({ database, now: () => clock.now })
        const made: { changed: Twin; same: Twin; valid: Placed[]; wanted: PreviewKeyInput }[] = []
        {
          await using latchkey = await open()
          await createAcme(latchkey)
          await latchkey.plans.create({ name: 'small', permissions: ['a:*'] })
          await latchkey.organizations.create({ id: 'planned', name: 'P', plan: 'small' })
          for (const { given, calls, change } of keys) {
            const changed = await makeTwin(latchkey, given)
            made.push({
              ...{ changed, same: await makeTwin(latchkey, given) },
              valid: await makeCalls(latchkey, changed, calls),
              wanted: change(given.graceHours === null ? undefined : changed.tokens[0]?.kid),
            })
          }
        }
        // Everything is written down.
        await using latchkey = await open()
        const previews = new Map<Twin, KeyPreview>()
        for (const { changed, wanted } of made)
          previews.set(changed, await latchkey.keys.preview(changed.id, wanted))
        for (const { changed, wanted } of made) await make(latchkey, changed.id, wanted)

        const refused = new Map(made.map(({ changed }) => [changed, new Set<Placed>()]))
        const admits = async (twin: Twin, { place, permissions }: Placed) =>
          (await latchkey.verify(twin.tokens[place]?.token ?? '', { permissions })).valid
        for (const later of [0, 1, 2, 3, 4]) {
          clock.now = begun + later * hourMs
          for (const { changed, same, valid } of made)
            for (const one of valid)
              if ((await admits(same, one)) && !(await admits(changed, one))) refused.get(changed)?.add(one)
        }
        for (const { changed, valid } of made) {
          const ofKey = refused.get(changed) ?? new Set()
          refusedAtAll += ofKey.size
          const preview = previews.get(changed)
          const exact = { atLeast: sumOf(ofKey), atMost: sumOf(ofKey), unknown: 0 }
          expect(preview).toMatchObject({ calls: sumOf(valid), ...exact })
          expect(byPlace(preview?.refusals ?? [])).toEqual(byPlace(ofKey))
        }
      }),
      { numRuns: kind === 'SQLite' ? 4 : 2, endOnFailure: true },
    )
    expect(refusedAtAll).toBeGreaterThan(0)
  })

  async function makeUsed(
    stage: Awaited<ReturnType<typeof openStage>>,
    more: Partial<GivenProfile>[] = [{}],
  ) {
    const key = await stage.latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['a:*', 'b'],
    })
    const kid = key.hint.split('_').at(-1)?.slice(0, 16) ?? ''
    await writeProfiles(
      stage,
      more.map((profile) => ({ keyId: key.id, kid, at: begun - dayMs, permissions: 'a:x', ...profile })),
    )
    return { ...key, kid }
  }

  test('tells what it refuses: by operation and place, with what is missing, from when on, and the last call', async () => {
    await using stage = await openStage()
    const { latchkey } = stage
    const place = { operation: 'POST /a', ip: '203.0.113.7', userAgent: 'curl/8' }
    const key = await makeUsed(stage, [
      { ...place, calls: 1000, at: begun - 20 * dayMs },
      { ...place, calls: 204, permissions: 'a:x a:y', last: begun - 120_000 },
      { permissions: 'b', calls: 7 },
      // None of these was a valid call of the last 30 days.
      { ...place, calls: 5, at: begun - 30 * dayMs },
      { ...place, calls: 5, code: 'rotated' },
    ])
    expect(await latchkey.keys.preview(key.id, { permissions: ['b', 'c'] })).toEqual({
      since: new Date(Date.UTC(2026, 5, 15) - 29 * dayMs),
      asOf: new Date(begun),
      calls: 1211,
      atLeast: 1204,
      atMost: 1204,
      unknown: 0,
      children: 0,
      moreChildren: false,
      refusals: [
        {
          code: 'insufficient_permissions',
          beginsAt: new Date(begun),
          ...place,
          missing: expect.arrayContaining(['a:x', 'a:y']),
          calls: 1204,
          lastAt: new Date(begun - 120_000),
        },
      ],
    })
    const expiresAt = new Date(begun + hourMs)
    const later = await latchkey.keys.preview(key.id, { expiresAt })
    expect(later.refusals).toMatchObject([
      { code: 'expired', beginsAt: expiresAt, calls: 1204, missing: [] },
      { code: 'expired', operation: null, ip: null, userAgent: null, calls: 7 },
    ])
    const inGrace = await latchkey.keys.preview(key.id, { rotate: { graceSeconds: 60 } })
    expect(inGrace.refusals[0]).toMatchObject({
      code: 'rotated',
      beginsAt: new Date(begun + 60_000),
      calls: 1204,
    })
    expect(await latchkey.keys.preview(key.id, { name: 'Other', expiresAt: null })).toMatchObject({
      calls: 1211,
      atMost: 0,
      refusals: [],
    })
  })

  test('knows what it does not know: calls of too many kinds, and those that were counted without one', async () => {
    await using stage = await openStage()
    const { latchkey } = stage
    const key = await makeUsed(stage, [{ calls: 10 }, { isRest: true, calls: 5 }])
    const preview = (given: PreviewKeyInput) => latchkey.keys.preview(key.id, given)
    expect(await preview({ permissions: ['b'] })).toMatchObject({ atLeast: 10, atMost: 15, unknown: 5 })
    expect(await preview({ permissions: ['a:x', 'b'] })).toMatchObject({ atLeast: 0, atMost: 5, unknown: 5 })
    // Whatever they asked for: nothing less is granted, or all are refused.
    expect(await preview({ permissions: ['a:*', 'b', 'c'] })).toMatchObject({ atMost: 0, unknown: 0 })
    expect(await preview({ revoke: true })).toMatchObject({ atLeast: 15, atMost: 15, unknown: 0 })
    expect(await preview({ rotate: {} })).toMatchObject({ atLeast: 15, atMost: 15, unknown: 0 })
    await writeProfiles(
      stage,
      [{ keyId: key.id, at: begun, calls: 1, kid: key.kid, permissions: 'b' }],
      [
        {
          keyId: key.id,
          organizationId: 'acme',
          hour: Math.floor(begun / hourMs),
          measure: 'valid',
          amount: 20,
        },
      ],
    )
    expect(await preview({ revoke: true })).toMatchObject({ calls: 20, atLeast: 16, atMost: 20, unknown: 4 })
    // One that this process has only in memory is known.
    await latchkey.verify(key.key, { permissions: ['b'] })
    expect(await preview({ revoke: true })).toMatchObject({ calls: 21, atLeast: 17, atMost: 21, unknown: 4 })
  })

  test('has the hundred kinds of calls with most calls', async () => {
    await using stage = await openStage()
    const key = await makeUsed(
      stage,
      Array.from({ length: 120 }, (_, i) => ({ operation: `GET /${i}`, calls: i + 1 })),
    )
    const { refusals, atLeast } = await stage.latchkey.keys.preview(key.id, { revoke: true })
    expect(atLeast).toBe((120 * 121) / 2)
    expect(refusals.map(({ calls }) => calls)).toEqual(Array.from({ length: 100 }, (_, i) => 120 - i))
  })

  test('changes nothing, whatever it is asked', async () => {
    await using stage = await openStage()
    const { database, latchkey } = stage
    const key = await makeUsed(stage)
    await latchkey.keys.rotate(key.id, { graceSeconds: 60 })
    const before = await readAll(database)
    const changes: PreviewKeyInput[] = [
      ...[{ revoke: true as const }, { rotate: {} }, { endSecret: key.kid }, { permissions: [] }],
      ...[
        { name: 'New', metadata: { a: 1 } },
        { limits: [{ name: 'requests', limit: 1, resets: 'daily' as const }] },
      ],
    ]
    for (const given of changes) await latchkey.keys.preview(key.id, given)
    expect(await readAll(database)).toBe(before)
  })

  test('takes one change, and what it takes of a caller is what the change takes, and to read usage', async () => {
    await using stage = await openStage()
    const { latchkey } = stage
    const key = await makeUsed(stage)
    const preview = (given: object, actor?: Awaited<ReturnType<typeof makeCaller>>) =>
      latchkey.keys.preview(key.id, given as PreviewKeyInput, actor && { actor })
    for (const wrong of [
      ...[
        {},
        { revoke: false },
        { revoke: true, rotate: {} },
        { revoke: true, permissions: [] },
        { permissions: null },
      ],
      ...[
        { allowedCountries: [] },
        { endSecret: 'x' },
        { rotate: { graceSeconds: -1 } },
        { permissions: ['a b'] },
      ],
      ...[{ expiresAt: new Date(begun) }, { rotate: { grace_seconds: 5 } }, [], 'revoke'],
    ])
      expect(await codeOf(preview(wrong as object)), JSON.stringify(wrong)).toBe('invalid_input')
    const all = ['latchkey:keys:write', 'latchkey:usage:read', 'a:*', 'b']
    for (const lacking of all.slice(0, 2)) {
      const caller = await makeCaller(
        latchkey,
        'acme',
        all.filter((one) => one !== lacking),
      )
      const refusal = await refusalOf(preview({ revoke: true }, caller))
      expect(refusal).toMatchObject({ code: 'missing_permission', missing: [lacking] })
    }
    const weak = await makeCaller(latchkey, 'acme', all.slice(0, 3))
    expect(await codeOf(preview({ revoke: true }, weak))).toBe('permission_escalation')
    const whole = await makeCaller(latchkey, 'acme', all)
    expect(await preview({ revoke: true }, whole)).toMatchObject({ atLeast: 1 })
    expect(await codeOf(preview({ permissions: ['c'] }, whole))).toBe('permission_escalation')
    const limits = [{ name: 'requests', limit: 1, resets: 'daily' }]
    expect(await codeOf(preview({ limits }, whole))).toBe('missing_permission')
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    const foreign = await makeCaller(latchkey, 'bees', [...all])
    expect(await codeOf(preview({ revoke: true }, foreign))).toBe('key_not_found')
  })

  test('is refused as the change would be', async () => {
    await using stage = await openStage()
    const { latchkey, clock } = stage
    const key = await makeUsed(stage)
    const codeOfPreview = (given: PreviewKeyInput) => codeOf(latchkey.keys.preview(key.id, given))
    expect(await codeOfPreview({ endSecret: '0123456789abcdef' })).toBe('secret_not_found')
    expect(await codeOfPreview({ endSecret: key.kid })).toBe('last_secret')
    await latchkey.keys.rotate(key.id, { graceSeconds: 60 })
    expect(await codeOfPreview({ rotate: { graceSeconds: 60 } })).toBe('rotation_in_progress')
    await latchkey.keys.update(key.id, { expiresAt: new Date(begun + 1000) })
    clock.now += 1000
    expect(await codeOfPreview({ rotate: {} })).toBe('key_expired')
    await latchkey.keys.revoke(key.id)
    for (const given of [{ rotate: {} }, { permissions: [] }])
      expect(await codeOfPreview(given)).toBe('key_revoked')
    const again: KeyPreview = await latchkey.keys.preview(key.id, { revoke: true })
    expect(again).toMatchObject({ atMost: 0 })
  })
})
