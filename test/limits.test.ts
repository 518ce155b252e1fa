// Limits of keys and organizations: what a call draws, what refuses it, and that no two processes draw the same unit.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Latchkey, type LimitInput, openLatchkey, type Verdict } from '../src/index.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { refusalOf } from './setup/refusal.ts'

const month = { name: 'credits', limit: 10, resets: 'monthly' } as const
const minute = { name: 'requests', limit: 5, windowSeconds: 3_600 } as const

async function makeKey(latchkey: Latchkey, limits: LimitInput[], organizationId = 'acme') {
  return latchkey.keys.create({ organizationId, name: 'CI', limits })
}

async function open(database: string): Promise<Latchkey> {
  const latchkey = await openLatchkey({ database })
  await latchkey.organizations.create({ id: 'acme', name: 'Acme' }).catch(() => {})
  return latchkey
}

const codesOf = (verdicts: readonly Verdict[]) => verdicts.map(({ code }) => code)

async function codes(calls: number, call: () => Promise<Verdict>): Promise<string[]> {
  const all: string[] = []
  for (let i = 0; i < calls; i++) all.push((await call()).code)
  return all
}

onEachDatabase('limits', (makeDatabase, kind) => {
  test('a rate admits its burst, then refuses and says when to come again', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key, id, limits } = await makeKey(latchkey, [minute])
    expect(limits).toMatchObject([{ ...minute, burst: 5, defaultCost: 1, remaining: 5, held: 0 }])
    expect(await codes(7, () => latchkey.verify(key))).toEqual([
      ...Array(5).fill('valid'),
      'rate_limited',
      'rate_limited',
    ])
    // From memory now, without a promise.
    const refused = latchkey.verifyCached(key)
    expect(refused).toMatchObject({
      valid: false,
      code: 'rate_limited',
      keyId: id,
      exceeded: [{ name: 'requests', scope: 'key', id }],
      limits: [{ name: 'requests', scope: 'key', id, limit: 5, windowSeconds: 3_600, remaining: 0 }],
    })
    const { retryAfterMs } = refused as Extract<Verdict, { retryAfterMs: unknown }>
    expect(retryAfterMs).toBeGreaterThan(700_000)
    expect(retryAfterMs).toBeLessThanOrEqual(720_000)
    // Waiting does not help a call that costs more than the bucket holds.
    expect(await latchkey.verify(key, { cost: 6 })).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: null,
    })
  })

  test('calls wait for a database that somebody else keeps busy for a moment, and draw once', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const { key, id } = await makeKey(latchkey, [month])
    // With its first draw a process registers.
    await latchkey.verify((await makeKey(latchkey, [month])).key)
    await using direct = await connectDirectly(database)
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    if (kind === 'PostgreSQL') await direct.run('lock table counters in access exclusive mode')
    const calls = Promise.all([1, 2, 3].map(() => latchkey.verify(key)))
    // Longer than a transaction waits for a lock.
    await setTimeout(1_000)
    await direct.run('rollback')
    expect(codesOf(await calls)).toEqual(['valid', 'valid', 'valid'])
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ remaining: 7 }])
  })

  test('a call draws from each limit that applies, or from none', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key, id } = await makeKey(latchkey, [{ ...minute, limit: 100 }, month])
    await latchkey.organizations.update('acme', { limits: [{ ...month, limit: 7 }] })
    const first = await latchkey.verify(key, { cost: { credits: 4 } })
    expect(first).toMatchObject({
      code: 'valid',
      limits: [
        { name: 'requests', scope: 'key', id, remaining: 99 },
        { name: 'credits', scope: 'key', id, remaining: 6 },
        { name: 'credits', scope: 'organization', id: 'acme', remaining: 3 },
      ],
    })
    const refused = await latchkey.verify(key, { cost: { credits: 4 } })
    expect(refused).toMatchObject({
      code: 'quota_exceeded',
      exceeded: [{ name: 'credits', scope: 'organization', id: 'acme' }],
    })
    // What was drawn for the refused call from the others goes back, at the next draw.
    await setTimeout(200)
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ remaining: 99 }, { remaining: 6 }])
    expect((await latchkey.organizations.get('acme')).limits).toMatchObject([{ remaining: 3 }])
    // A call that something else refuses draws nothing.
    expect((await latchkey.verify(key, { permissions: ['a'] })).code).toBe('insufficient_permissions')
    expect(await latchkey.verify(key, { cost: 0 })).toMatchObject({
      code: 'valid',
      limits: [{ remaining: 99 }, { remaining: 6 }, { remaining: 3 }],
    })
  })

  test('the management API draws nothing', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key } = await makeKey(latchkey, [{ ...minute, limit: 1 }])
    for (let i = 0; i < 3; i++) expect(await latchkey.authenticate(key)).toBeDefined()
    expect((await latchkey.verify(key)).code).toBe('valid')
    expect((await latchkey.verify(key)).code).toBe('rate_limited')
    expect(await latchkey.authenticate(key)).toBeDefined()
  })

  test('two processes that draw at once admit no more than one bucket holds', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using other = await open(database)
    const { key } = await makeKey(one, [{ ...month, limit: 100 }])
    const calls = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? one : other).verify(key))
    const verdicts = codesOf(await Promise.all(calls))
    expect(verdicts.filter((code) => code === 'valid').length).toBeLessThanOrEqual(100)
    // What one holds and does not use is called back for the other.
    const rest = await codes(60, () => one.verify(key))
    const admitted = [...verdicts, ...rest].filter((code) => code === 'valid').length
    expect(admitted).toBe(100)
  })

  test('a batch draws for each of its tokens, in their order', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key } = await makeKey(latchkey, [{ ...month, limit: 5 }])
    const verdicts = await latchkey.verifyBatch([
      ...Array.from({ length: 3 }, () => ({ key })),
      { key, cost: 3 },
      { key, cost: { credits: 2 } },
    ])
    expect(codesOf(verdicts)).toEqual(['valid', 'valid', 'valid', 'quota_exceeded', 'valid'])
  })

  test('units are added once under a reference, and reach every process', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using other = await open(database)
    const { key, id } = await makeKey(one, [{ name: 'prepaid', limit: 1, resets: null }])
    expect(await codes(2, () => other.verify(key))).toEqual(['valid', 'quota_exceeded'])
    const added = await one.keys.addUnits(
      id,
      'prepaid',
      { add: 2, reference: 'payment 1' },
      { wait: 'applied' },
    )
    expect(added).toMatchObject({ name: 'prepaid', remaining: 2 })
    await one.keys.addUnits(id, 'prepaid', { add: 2, reference: 'payment 1' })
    expect(await codes(3, () => other.verify(key))).toEqual(['valid', 'valid', 'quota_exceeded'])
    expect((await refusalOf(one.keys.addUnits(id, 'prepaid', { add: 3, reference: 'payment 1' }))).code).toBe(
      'reference_used',
    )
    expect((await refusalOf(one.keys.addUnits(id, 'credits', { add: 3 }))).code).toBe('limit_not_found')
    const { items } = await one.audit.list({ keyId: id, action: 'limit.units_added' })
    expect(items).toMatchObject([{ changes: { name: 'prepaid', add: 2, reference: 'payment 1' } }])
  })

  test('a limit that is lowered keeps what was taken, and one that is removed and added again too', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key, id } = await makeKey(latchkey, [month])
    expect(await codes(4, () => latchkey.verify(key))).toEqual(Array(4).fill('valid'))
    await latchkey.keys.update(id, { limits: [{ ...month, limit: 5 }] })
    expect(await codes(2, () => latchkey.verify(key))).toEqual(['valid', 'quota_exceeded'])
    await latchkey.keys.update(id, { limits: [{ ...month, limit: 3 }] })
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ limit: 3, remaining: 0 }])
    await latchkey.keys.update(id, { limits: [] })
    expect(await latchkey.verify(key)).not.toHaveProperty('limits')
    const again = await latchkey.keys.update(id, { limits: [{ ...month, limit: 6 }] })
    expect(again.limits).toMatchObject([{ remaining: 1 }])
    expect(await codes(2, () => latchkey.verify(key))).toEqual(['valid', 'quota_exceeded'])
  })

  test('a key without the right to set limits makes keys that draw from its own', async () => {
    await using latchkey = await open(await makeDatabase())
    const owner = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Owner',
      permissions: ['latchkey:keys:write'],
      limits: [{ ...month, limit: 3 }],
    })
    const actor = await latchkey.authenticate(owner.key)
    if (actor === undefined) throw new Error('The key is not valid.')
    const child = await latchkey.keys.create(
      { name: 'Child', limits: [{ ...month, limit: 1_000 }] },
      { actor },
    )
    expect(await latchkey.verify(child.key, { cost: 3 })).toMatchObject({
      code: 'valid',
      limits: [
        { scope: 'key', id: child.id, remaining: 997 },
        { scope: 'ancestor', id: owner.id, remaining: 0 },
      ],
    })
    expect((await latchkey.verify(owner.key)).code).toBe('quota_exceeded')
    const change = latchkey.keys.update(child.id, { limits: [] }, { actor })
    expect((await refusalOf(change)).code).toBe('missing_permission')
  })

  test('an organization whose limits change is judged by the new ones everywhere', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using other = await open(database)
    const { key } = await makeKey(one, [])
    expect((await other.verify(key)).code).toBe('valid')
    await one.organizations.update('acme', { limits: [{ ...month, limit: 0 }] }, { wait: 'applied' })
    expect((await other.verify(key)).code).toBe('quota_exceeded')
    await one.organizations.update('acme', { limits: [] }, { wait: 'applied' })
    expect((await other.verify(key)).code).toBe('valid')
  })
})

onOneDatabase('SQLite', 'limits', (makeDatabase) => {
  test('of a wrong form are refused, with what to write', async () => {
    await using latchkey = await open(await makeDatabase())
    const wrong: [path: string, limit: object][] = [
      ['limits[0].name', { ...minute, name: 'Requests' }],
      ['limits[0].name', { ...minute, name: 'a'.repeat(33) }],
      ['limits[0].limit', { ...minute, limit: -1 }],
      ['limits[0].limit', { ...minute, limit: 1.5 }],
      ['limits[0].limit', { ...minute, limit: 10 ** 12 + 1 }],
      ['limits[0].windowSeconds', { ...minute, windowSeconds: 0 }],
      ['limits[0].windowSeconds', { ...minute, windowSeconds: 2_592_001 }],
      ['limits[0].windowSeconds', { name: 'requests', limit: 1 }],
      ['limits[0].windowSeconds', { ...minute, resets: 'daily' }],
      ['limits[0].resets', { name: 'requests', limit: 1, resets: 'yearly' }],
      ['limits[0].burst', { ...month, burst: 3 }],
      ['limits[0].overdraft', { ...minute, overdraft: 3 }],
      ['limits[0].anchor', { name: 'credits', limit: 1, resets: 'daily', anchor: '2026-01-17T00:00:00Z' }],
      ['limits[0].defaultCost', { ...minute, defaultCost: -1 }],
      ['limits[0].defaultCost', { ...minute, defaultCost: 6 }],
      ['limits[0].defaultCost', { ...minute, burst: 2, defaultCost: 3 }],
      ['limits[0].colour', { ...minute, colour: 'red' }],
    ]
    for (const [path, limit] of wrong) {
      const error = await refusalOf(makeKey(latchkey, [limit as LimitInput]))
      expect([error.code, error.errors?.[0]?.path], JSON.stringify(limit)).toEqual(['invalid_input', path])
    }
    // So much may be paid for, or is meant to let nobody pass.
    for (const limit of [
      { ...minute, burst: 9, defaultCost: 9 },
      { ...month, defaultCost: 11 },
      { ...minute, limit: 0 },
      { ...minute, burst: 0 },
    ])
      expect((await makeKey(latchkey, [limit])).limits).toMatchObject([limit])
    const ofPlan = { name: 'pro', keyLimits: [{ ...minute, defaultCost: 6 }] }
    expect((await refusalOf(latchkey.plans.create(ofPlan))).errors?.[0]?.path).toBe(
      'keyLimits[0].defaultCost',
    )
    for (const [field, meant] of [
      ['window', 'windowSeconds'],
      ['limti', 'limit'],
    ] as const)
      expect((await refusalOf(makeKey(latchkey, [{ ...minute, [field]: 1 }]))).errors).toEqual([
        { path: `limits[0].${field}`, message: `Unknown field. Did you mean ${meant}?` },
      ])
    const twice = await refusalOf(makeKey(latchkey, [minute, { ...month, name: 'requests' }]))
    expect(twice.errors?.[0]?.path).toBe('limits[1].name')
    const nine = Array.from({ length: 9 }, (_, i) => ({ ...minute, name: `limit_${i}` }))
    expect((await refusalOf(makeKey(latchkey, nine))).errors?.[0]?.path).toBe('limits')
    const { key, id } = await makeKey(latchkey, [minute])
    for (const cost of [-1, 0.5, 2 ** 53, Number.NaN, '1', null, [1], { Requests: 1 }, { requests: -1 }]) {
      const error = await refusalOf(latchkey.verify(key, { cost: cost as number }))
      expect([error.code, error.errors?.[0]?.path.split('.')[0]], String(cost)).toEqual([
        'invalid_input',
        'cost',
      ])
    }
    expect((await refusalOf(latchkey.keys.addUnits(id, 'requests', { add: 1 }))).errors?.[0]?.path).toBe(
      'name',
    )
    for (const add of [0, 0.5, 10 ** 12 + 1])
      expect((await refusalOf(latchkey.keys.addUnits(id, 'requests', { add }))).errors?.[0]?.path).toBe('add')
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ remaining: 5 }])
  })
})
