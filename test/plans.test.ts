// Plans: one set of permissions and limits for many organizations.
import { expect, test } from 'vitest'
import { type Latchkey, openLatchkey, type Verdict } from '../src/index.ts'
import { onEachDatabase } from './setup/databases.ts'
import { refusalOf } from './setup/refusal.ts'

const hour = { name: 'requests', limit: 3, windowSeconds: 3_600 } as const
const month = { name: 'credits', limit: 5, resets: 'monthly' } as const

async function open(database: string): Promise<Latchkey> {
  return openLatchkey({ database })
}

async function codes(calls: number, call: () => Promise<Verdict>): Promise<string[]> {
  const all: string[] = []
  for (let i = 0; i < calls; i++) all.push((await call()).code)
  return all
}

onEachDatabase('plans', (makeDatabase) => {
  test('a plan gives each key limits of its own, and the organization one store for all', async () => {
    await using latchkey = await open(await makeDatabase())
    const made = await latchkey.plans.create({ name: 'starter', keyLimits: [hour], limits: [month] })
    expect(made).toMatchObject({
      name: 'starter',
      permissions: null,
      keyLimits: [{ ...hour, burst: 3, defaultCost: 1 }],
      limits: [{ ...month, defaultCost: 1 }],
    })
    expect(await latchkey.plans.get('starter')).toEqual({ ...made, organizations: 0 })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme', plan: 'starter' })
    const [one, other] = [
      await latchkey.keys.create({ organizationId: 'acme', name: 'One' }),
      await latchkey.keys.create({ organizationId: 'acme', name: 'Other' }),
    ]
    expect(await codes(4, () => latchkey.verify(one.key))).toEqual([
      'valid',
      'valid',
      'valid',
      'rate_limited',
    ])
    expect(await codes(3, () => latchkey.verify(other.key))).toEqual(['valid', 'valid', 'quota_exceeded'])
    const added = await latchkey.organizations.addUnits('acme', 'credits', { add: 1 })
    expect(added.remaining).toBe(1)
    // What the plan gives is told beside what is its own.
    expect(await latchkey.organizations.get('acme')).toMatchObject({
      limits: [],
      planLimits: [{ ...month, remaining: 1 }],
    })
    expect(await latchkey.keys.get(other.id)).toMatchObject({ limits: [], planLimits: [hour] })
    await latchkey.keys.update(one.id, { limits: [{ ...hour, limit: 2 }] })
    expect(await latchkey.keys.get(one.id)).toMatchObject({ limits: [{ limit: 2 }], planLimits: [] })
    const { planLimits: _, ...bare } = await latchkey.organizations.get('acme')
    expect((await latchkey.organizations.list()).items).toContainEqual(bare)
    expect((await latchkey.verify(other.key)).code).toBe('valid')
  })

  test('a change of a plan reaches all of its organizations, in every process', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using elsewhere = await open(database)
    await one.plans.create({ name: 'free', permissions: ['emails:send'] })
    const keys = await Promise.all(
      ['acme', 'globex'].map(async (id) => {
        await one.organizations.create({ id, name: id, plan: 'free' })
        return one.keys.create({ organizationId: id, name: 'CI', permissions: ['emails:*', 'domains:read'] })
      }),
    )
    const ask = (permission: string) =>
      Promise.all(
        keys.map(async ({ key }) => (await elsewhere.verify(key, { permissions: [permission] })).code),
      )
    expect(await ask('emails:send')).toEqual(['valid', 'valid'])
    expect(await ask('emails:read')).toEqual(Array(2).fill('insufficient_permissions'))
    const [first] = keys
    expect(await elsewhere.verify(first?.key ?? '')).toMatchObject({ permissions: ['emails:send'] })
    await one.plans.update(
      'free',
      { permissions: null, keyLimits: [{ ...hour, limit: 0 }] },
      { wait: 'applied' },
    )
    expect(await ask('emails:read')).toEqual(Array(2).fill('rate_limited'))
    await one.organizations.update('acme', { plan: null }, { wait: 'applied' })
    expect(await ask('domains:read')).toEqual(['valid', 'rate_limited'])
  })

  test("a key's own limit counts if it is tighter, or if somebody who may set limits set it", async () => {
    await using latchkey = await open(await makeDatabase())
    await latchkey.plans.create({ name: 'pro', keyLimits: [{ ...hour, limit: 10 }] })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme', plan: 'pro' })
    const make = (limit: number, actor?: Awaited<ReturnType<Latchkey['authenticate']>>) =>
      latchkey.keys.create(
        { organizationId: 'acme', name: 'CI', limits: [{ ...hour, limit }] },
        { ...(actor && { actor }) },
      )
    const limitOf = async (key: string) => {
      const verdict = await latchkey.verify(key, { cost: 0 })
      return 'limits' in verdict
        ? verdict.limits?.filter(({ scope }) => scope === 'key').map((l) => l.limit)
        : undefined
    }
    expect(await limitOf((await make(50)).key)).toEqual([50])
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Admin',
      permissions: ['latchkey:keys:write'],
    })
    const actor = await latchkey.authenticate(key)
    expect(await limitOf((await make(50, actor)).key)).toEqual([10])
    expect(await limitOf((await make(2, actor)).key)).toEqual([2])
  })

  test('a plan is refused to strangers, and bad input with its path', async () => {
    await using latchkey = await open(await makeDatabase())
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    await latchkey.plans.create({ name: 'pro' })
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Admin',
      permissions: ['latchkey:*'],
    })
    const actor = await latchkey.authenticate(key)
    if (actor === undefined) throw new Error('The key is not valid.')
    for (const refused of [
      () => latchkey.plans.list({}, { actor }),
      () => latchkey.plans.get('pro', { actor }),
      () => latchkey.plans.create({ name: 'own' }, { actor }),
      () => latchkey.plans.update('pro', { limits: [] }, { actor }),
      () => latchkey.plans.delete('pro', { actor }),
      () => latchkey.organizations.update('acme', { plan: 'pro' }, { actor }),
      () => latchkey.organizations.update('acme', { limits: [month] }, { actor }),
      () => latchkey.organizations.addUnits('acme', 'credits', { add: 1 }, { actor }),
    ])
      expect((await refusalOf(refused())).code).toBe('root_organization_required')
    expect((await refusalOf(latchkey.plans.create({ name: 'pro' }))).code).toBe('plan_exists')
    expect((await refusalOf(latchkey.plans.get('none'))).code).toBe('plan_not_found')
    expect((await refusalOf(latchkey.plans.update('none', { limits: [] }))).code).toBe('plan_not_found')
    expect((await refusalOf(latchkey.plans.delete('none'))).code).toBe('plan_not_found')
    const stranger = latchkey.organizations.update('acme', { plan: 'none' })
    expect((await refusalOf(stranger)).code).toBe('plan_not_found')
    expect((await refusalOf(latchkey.plans.create({ name: 'Pro!' }))).errors?.[0]?.path).toBe('name')
    expect((await refusalOf(latchkey.plans.update('pro', {}))).code).toBe('invalid_input')
    const { items } = await latchkey.plans.list()
    expect(items.map(({ name }) => name)).toEqual(['pro'])
  })

  test('a plan on which organizations are is not deleted, and one that is deleted limits nobody', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using elsewhere = await open(database)
    await one.plans.create({ name: 'free', keyLimits: [{ ...hour, limit: 0 }] })
    await one.organizations.create({ id: 'acme', name: 'Acme', plan: 'free' })
    await one.organizations.create({ id: 'globex', name: 'Globex', plan: 'free' })
    const { key } = await one.keys.create({ organizationId: 'acme', name: 'CI' })
    expect((await elsewhere.verify(key)).code).toBe('rate_limited')
    expect((await one.plans.get('free')).organizations).toBe(2)
    expect(await refusalOf(one.plans.delete('free'))).toMatchObject({
      code: 'plan_in_use',
      message: expect.stringContaining('2 organizations are on the plan free'),
    })
    await one.organizations.update('globex', { plan: null })
    expect((await refusalOf(one.plans.delete('free'))).message).toMatch(/^One organization is/)
    await one.organizations.update('acme', { plan: null }, { wait: 'applied' })
    expect(await one.plans.delete('free')).toBeUndefined()
    expect((await refusalOf(one.plans.get('free'))).code).toBe('plan_not_found')
    expect((await refusalOf(one.organizations.update('acme', { plan: 'free' }))).code).toBe('plan_not_found')
    expect((await one.audit.list({ action: 'plan.deleted' })).items).toMatchObject([
      { organizationId: 'root', changes: { name: 'free' } },
    ])
    expect((await elsewhere.verify(key)).code).toBe('valid')
  })

  test('of an organization that takes a plan and a deletion of it at once, one is refused', async () => {
    const database = await makeDatabase()
    await using one = await open(database)
    await using other = await open(database)
    await one.organizations.create({ id: 'acme', name: 'Acme' })
    for (let round = 0; round < 10; round++) {
      await one.plans.create({ name: 'free' })
      const [taken, deleted] = await Promise.allSettled([
        one.organizations.update('acme', { plan: 'free' }),
        other.plans.delete('free'),
      ])
      expect([taken.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected'])
      const { plan } = await one.organizations.get('acme')
      expect(plan).toBe(taken.status === 'fulfilled' ? 'free' : null)
      if (plan === null) continue
      await one.organizations.update('acme', { plan: null })
      await one.plans.delete('free')
    }
  })
})
