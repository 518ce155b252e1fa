// Who may set limits, add units and settle; and what these commands refuse, note and tell.
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type CallOptions, type Latchkey, type LatchkeyError, openLatchkey } from '../src/index.ts'
import { lockCounters, makeCounters, readCounters, writeCounters } from '../src/store/counters.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { newCounter } from '../src/verdict/counter.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const month = { name: 'credits', limit: 10, resets: 'monthly' } as const
const sealingKeys = [`${'A'.repeat(43)}=`]

async function open(database: string): Promise<Latchkey> {
  const latchkey = await openLatchkey({ database, sealingKeys })
  for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id }).catch(() => {})
  return latchkey
}

/** Acts as a new key that holds some permissions. */
async function actAs(latchkey: Latchkey, organizationId: string, permissions: string[]) {
  const { key } = await latchkey.keys.create({ organizationId, name: 'Actor', permissions })
  const actor = await latchkey.authenticate(key)
  if (actor === undefined) throw new Error('The key is not valid.')
  return { actor }
}

onOneDatabase('SQLite', 'what sets limits', (makeDatabase) => {
  test('takes latchkey:limits:write, whatever else a key holds', async () => {
    await using latchkey = await open(await makeDatabase())
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [month] })
    await latchkey.plans.create({ name: 'pro', limits: [month] })
    await latchkey.organizations.update('globex', { limits: [month] })
    // The root organization comes with its first key.
    await latchkey.createRootKey()
    const others = ['keys:write', 'keys:verify', 'organizations:write', 'audit:read', 'metadata:write'].map(
      (name) => `latchkey:${name}`,
    )
    const commands: [string, (by: Awaited<ReturnType<typeof actAs>>) => Promise<unknown>][] = [
      ['plans.create', (by) => latchkey.plans.create({ name: 'own' }, by)],
      ['plans.update', (by) => latchkey.plans.update('pro', { limits: [] }, by)],
      ['plans.delete', (by) => latchkey.plans.delete('pro', by)],
      ['keys.addUnits', (by) => latchkey.keys.addUnits(id, 'credits', { add: 1 }, by)],
      ['keys.update', (by) => latchkey.keys.update(id, { limits: [] }, by)],
      [
        'organizations.addUnits',
        (by) => latchkey.organizations.addUnits('globex', 'credits', { add: 1 }, by),
      ],
      ['organizations.update', (by) => latchkey.organizations.update('globex', { limits: [] }, by)],
      ['with a plan', (by) => latchkey.organizations.update('globex', { plan: 'pro' }, by)],
      [
        'create with limits',
        (by) => latchkey.organizations.create({ id: 'x', name: 'X', limits: [month] }, by),
      ],
      ['create with a plan', (by) => latchkey.organizations.create({ id: 'x', name: 'X', plan: 'pro' }, by)],
    ]
    const without = await actAs(latchkey, 'root', others)
    for (const [what, command] of commands) {
      const { code, missing } = (await refusalOf(command(without))) as LatchkeyError & { missing?: string[] }
      expect([what, code, missing]).toEqual([what, 'missing_permission', ['latchkey:limits:write']])
    }
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ remaining: 10 }])
    const { items } = await latchkey.audit.list({ action: 'limit.units_added' })
    expect(items).toEqual([])
    // With it, each passes; the plan can go before anybody is on it.
    const holding = await actAs(latchkey, 'root', [...others, 'latchkey:limits:write'])
    for (const what of ['plans.create', 'keys.addUnits', 'organizations.addUnits', 'plans.delete'])
      await commands.find(([name]) => name === what)?.[1](holding)
  })

  test('knows nothing of other organizations', async () => {
    await using latchkey = await open(await makeDatabase())
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [month] })
    const ofOther = await actAs(latchkey, 'globex', ['latchkey:*'])
    const own = await actAs(latchkey, 'acme', ['latchkey:limits:write'])
    const add = (by: CallOptions & object) => latchkey.keys.addUnits(id, 'credits', { add: 1 }, by)
    expect(await codeOf(add(ofOther))).toBe('key_not_found')
    expect((await add(own)).remaining).toBe(11)
    for (const organization of ['acme', 'none'])
      expect(
        await codeOf(latchkey.organizations.addUnits(organization, 'credits', { add: 1 }, ofOther)),
      ).toBe('organization_not_found')
  })

  test('takes a reference once for each limit, not once for all', async () => {
    await using latchkey = await open(await makeDatabase())
    const limits = [month, { ...month, name: 'emails' }]
    const make = async () => (await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits })).id
    const [one, other] = [await make(), await make()]
    await latchkey.organizations.update('acme', { limits })
    const paid = { add: 5, reference: 'payment 1' }
    for (const id of [one, other])
      for (const name of ['credits', 'emails'])
        for (let i = 0; i < 2; i++)
          expect((await latchkey.keys.addUnits(id, name, paid)).remaining, `${id} ${name}`).toBe(15)
    expect((await latchkey.organizations.addUnits('acme', 'credits', paid)).remaining).toBe(15)
    // PostgreSQL holds no text with a NUL.
    for (const reference of ['payment\u00002', 'payment\n2', '\ud800', ' ', 'x'.repeat(129)]) {
      const refused = await refusalOf(latchkey.keys.addUnits(one, 'credits', { add: 5, reference }))
      expect([refused.code, refused.errors?.[0]?.path]).toEqual(['invalid_input', 'reference'])
    }
    expect((await latchkey.audit.list({ action: 'limit.units_added' })).items).toHaveLength(5)
  })

  test('leaves no more units added to a period, or taken, than can be counted', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [month] })
    await latchkey.keys.addUnits(id, 'credits', { add: 1 })
    for (const sign of [1, -1]) {
      const db = new DatabaseSync(database.slice('sqlite:'.length))
      db.prepare('update counters set added = ?').run(sign * (10 ** 15 - 5))
      db.close()
      const add = (units: number) => latchkey.keys.addUnits(id, 'credits', { add: sign * units })
      expect((await refusalOf(add(6))).errors?.[0]?.path).toBe('add')
      await add(5)
      expect((await refusalOf(add(1))).errors?.[0]?.path).toBe('add')
    }
  })

  test('keeps what a change of a plan does not name, and tells the log of what changed alone', async () => {
    await using latchkey = await open(await makeDatabase())
    const hour = { name: 'requests', limit: 3, windowSeconds: 3_600 } as const
    await latchkey.plans.create({ name: 'pro', permissions: ['a:read'], limits: [month], keyLimits: [hour] })
    const told = { permissions: ['a:read'], limits: [month], keyLimits: [hour] }
    expect(await latchkey.plans.update('pro', { permissions: ['a:read'] })).toMatchObject(told)
    expect((await latchkey.audit.list({ action: 'plan.updated' })).items).toEqual([])
    expect(await latchkey.plans.update('pro', { limits: [{ ...month, limit: 11 }] })).toMatchObject({
      ...told,
      limits: [{ limit: 11 }],
    })
    expect(await latchkey.plans.update('pro', { permissions: null })).toMatchObject({
      permissions: null,
      keyLimits: [hour],
    })
    expect(await latchkey.plans.update('pro', { keyLimits: [] })).toMatchObject({ keyLimits: [] })
    const { items } = await latchkey.audit.list({ action: 'plan.updated' })
    expect(items.map(({ changes }) => changes).reverse()).toMatchObject([
      { name: 'pro', limits: { from: [month], to: [{ limit: 11 }] } },
      { name: 'pro', permissions: { from: ['a:read'], to: null } },
      { name: 'pro', key_limits: { from: [{ name: 'requests', window_seconds: 3_600 }], to: [] } },
    ])
    for (const [i, fields] of [['limits'], ['permissions'], ['key_limits']].entries())
      expect(Object.keys(items.at(-1 - i)?.changes ?? {})).toEqual(['name', ...fields])
    const created = await latchkey.audit.list({ action: 'plan.created' })
    expect(created.items).toMatchObject([
      {
        organizationId: 'root',
        changes: {
          name: 'pro',
          permissions: ['a:read'],
          limits: [month],
          key_limits: [{ name: 'requests' }],
        },
      },
    ])
  })
})

onOneDatabase('SQLite', 'a settlement', (makeDatabase) => {
  async function reserve(latchkey: Latchkey, key: string, cost: Record<string, number>) {
    const verdict = await latchkey.verify(key, { cost, reserveSeconds: 60 })
    if (!verdict.valid || verdict.reservation === undefined) throw new Error(`Not reserved: ${verdict.code}`)
    return verdict.reservation
  }

  test('takes latchkey:keys:verify, and in which order a cost names limits says nothing', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      limits: [month, { ...month, name: 'emails' }],
    })
    const reservation = await reserve(latchkey, key, { credits: 4, emails: 3 })
    const wrong = await actAs(latchkey, 'acme', ['latchkey:keys:write', 'latchkey:limits:write'])
    expect(await codeOf(latchkey.settle(reservation, 0, wrong))).toBe('missing_permission')
    const right = await actAs(latchkey, 'acme', ['latchkey:keys:verify'])
    const settled = await latchkey.settle(reservation, { credits: 1, emails: 2 }, right)
    expect(await latchkey.settle(reservation, { emails: 2, credits: 1 })).toEqual(settled)
    expect(await codeOf(latchkey.settle(reservation, 1))).toBe('reservation_settled')
    // A limit that the cost does not name is settled at what was reserved.
    const second = await reserve(latchkey, key, { credits: 4, emails: 3 })
    expect((await latchkey.settle(second, { emails: 1 })).settled).toMatchObject([
      { name: 'credits', reserved: 4, cost: 4 },
      { name: 'emails', reserved: 3, cost: 1 },
    ])
  })

  test('of a limit that was removed is nothing when it comes back, however many others were removed meanwhile', async () => {
    await using latchkey = await open(await makeDatabase())
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [month] })
    const reservation = await reserve(latchkey, key, { credits: 4 })
    const others = Array.from({ length: 40 }, (_, i) => ({ ...month, name: `other_${i}` }))
    for (let i = 0; i < 40; i += 8) await latchkey.keys.update(id, { limits: others.slice(i, i + 8) })
    await latchkey.keys.update(id, { limits: [month] })
    expect((await latchkey.settle(reservation, { credits: 0 })).settled).toEqual([])
    // What was taken stays taken, and units are granted again.
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ remaining: 6 }])
    expect((await latchkey.verify(key)).code).toBe('valid')
    // One that the process held went with its epoch.
    expect(latchkey.verifyCached(key)).toMatchObject({ code: 'valid', limits: [{ remaining: 3 }] })
  })

  test('lets another process admit at once what it refused for want of units', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    await using other = await open(database)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', limits: [month] })
    const reservation = await reserve(latchkey, key, { credits: 10 })
    expect((await other.verify(key, { cost: 5 })).code).toBe('quota_exceeded')
    // Refused from memory, for ten seconds.
    expect(other.verifyCached(key, { cost: 5 })?.code).toBe('quota_exceeded')
    await latchkey.settle(reservation, { credits: 2 })
    await expect
      .poll(async () => (await other.verify(key, { cost: 5 })).code, { timeout: 4_000 })
      .toBe('valid')
  })
})

onEachDatabase('counters', (makeDatabase) => {
  test('are locked from when they are read to the end of a change, and added to one after the other', async () => {
    const url = await makeDatabase()
    const [one, other] = [await openStore(url), await openStore(url)]
    const id = 'key/a/credits/never'
    const counter = newCounter(
      { kind: 'quota', limit: 10, resets: null, anchor: null, overdraft: null },
      0,
      0,
    )
    const spend = (store: Store, meanwhile?: () => Promise<void>) =>
      store.write(async (tx) => {
        const locked = await lockCounters(tx, store.dialect, [id])
        await meanwhile?.()
        const before = locked.counters.get(id)?.counter ?? counter
        const after = { ...before, spent: before.spent + 1 }
        await writeCounters(tx, store.dialect, [{ id, organizationId: 'acme', counter: after }])
      })
    try {
      await one.write((tx) => makeCounters(tx, one.dialect, [{ id, organizationId: 'acme', counter }]))
      let second: Promise<void> | undefined
      await spend(one, async () => {
        second = spend(other)
        // Long enough for it to read what it must not read yet.
        await setTimeout(300)
      })
      await second
      const { counters } = await one.read((db) => readCounters(db, one.dialect, [id]))
      expect(counters.get(id)?.spent).toBe(2)
    } finally {
      await one.close()
      await other.close()
    }
  })
})
