// Reservations: what a call draws before its cost is known, and the one settlement that brings it to that cost.
import { existsSync, statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Latchkey, type LimitInput, openLatchkey } from '../src/index.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { refusalOf } from './setup/refusal.ts'

const sealingKeys = [`${'A'.repeat(43)}=`]
const credits = { name: 'credits', limit: 10_000, resets: 'monthly', defaultCost: 0 } as const

async function open(database: string, keys: string[] = sealingKeys): Promise<Latchkey> {
  return openLatchkey({ database, sealingKeys: keys })
}

async function makeKey(latchkey: Latchkey, limits: LimitInput[], id = 'acme') {
  await latchkey.organizations.create({ id, name: id }).catch(() => {})
  return latchkey.keys.create({ organizationId: id, name: 'CI', limits })
}

async function reserve(latchkey: Latchkey, key: string, cost: number, reserveSeconds = 60): Promise<string> {
  const verdict = await latchkey.verify(key, { cost: { credits: cost }, reserveSeconds })
  if (!verdict.valid || verdict.reservation === undefined) throw new Error(`Not reserved: ${verdict.code}`)
  return verdict.reservation
}

async function left(latchkey: Latchkey, id: string): Promise<number | undefined> {
  return (await latchkey.keys.get(id)).limits[0]?.remaining
}

onEachDatabase('settlements', (makeDatabase) => {
  test('what was reserved and not used comes back, once', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    await using other = await open(database)
    const { key, id } = await makeKey(latchkey, [credits])
    const reservation = await reserve(latchkey, key, 4_000)
    expect(reservation.length).toBeLessThanOrEqual(1_024)
    expect(await left(latchkey, id)).toBe(6_000)
    const settled = await other.settle(reservation, { credits: 1_432 })
    expect(settled).toMatchObject({
      settled: [{ name: 'credits', scope: 'key', id, reserved: 4_000, cost: 1_432 }],
      limits: [{ name: 'credits', remaining: 8_568 }],
    })
    expect(await latchkey.settle(reservation, { credits: 1_432 })).toEqual(settled)
    const another = await refusalOf(latchkey.settle(reservation, { credits: 1 }))
    expect(another.code).toBe('reservation_settled')
    expect(another.message).toBe('The reservation was settled before, at the cost {"credits":1432}.')
    expect(await left(latchkey, id)).toBe(8_568)
    // Settled at once in two processes, it is settled once.
    const again = await reserve(latchkey, key, 1_000)
    await Promise.all([latchkey.settle(again, 0), other.settle(again, 0)])
    expect(await left(latchkey, id)).toBe(8_568)
  })

  test('what is missing is drawn: below zero if it must, to the overdraft at most', async () => {
    await using latchkey = await open(await makeDatabase())
    const free = await makeKey(latchkey, [{ ...credits, limit: 100 }])
    await latchkey.settle(await reserve(latchkey, free.key, 60), { credits: 250 })
    // What is owed: 250 of 100, and a unit or so that the process holds.
    const [{ remaining, owed } = { remaining: 1, owed: 0 }] = (await latchkey.keys.get(free.id)).limits
    expect([remaining, owed]).toEqual([0, 150])
    // More than it may still hold.
    expect((await latchkey.verify(free.key, { cost: 10 })).code).toBe('quota_exceeded')
    await latchkey.keys.addUnits(free.id, 'credits', { add: 200 })
    expect(await left(latchkey, free.id)).toBe(50)
    const bounded = await makeKey(latchkey, [{ ...credits, limit: 100, overdraft: 10 }])
    await latchkey.settle(await reserve(latchkey, bounded.key, 60), { credits: 250 })
    await latchkey.keys.addUnits(bounded.id, 'credits', { add: 15 })
    // What a process still holds, at most 4 units, is not drawn either.
    expect(await left(latchkey, bounded.id)).toBeGreaterThanOrEqual(5)
    expect(await left(latchkey, bounded.id)).toBeLessThanOrEqual(9)
    const { items } = await latchkey.audit.list({ action: 'limit.overdrawn' })
    expect(items).toMatchObject([{ keyId: bounded.id, changes: { name: 'credits' } }])
    const overdrawn = Number(items[0]?.changes.units)
    expect(overdrawn).toBeGreaterThanOrEqual(140)
    expect(overdrawn).toBeLessThanOrEqual(144)
  })

  test('a name of which nothing was reserved is refused, and nothing is settled', async () => {
    await using latchkey = await open(await makeDatabase())
    const pages = { name: 'pages', limit: 10, resets: null, defaultCost: 0 } as const
    const { key, id } = await makeKey(latchkey, [credits, pages])
    const reservation = await reserve(latchkey, key, 4_000)
    for (const name of ['credit', 'pages']) {
      const refused = await refusalOf(latchkey.settle(reservation, { [name]: 3 }))
      expect(refused.errors).toEqual([
        { path: `cost.${name}`, message: 'Must be a limit of the reservation, which has credits.' },
      ])
    }
    expect(await left(latchkey, id)).toBe(6_000)
    expect((await latchkey.settle(reservation, { credits: 3 })).settled).toMatchObject([{ cost: 3 }])
    // The name of a limit that is gone is not known any more.
    const late = await reserve(latchkey, key, 4_000)
    await latchkey.keys.update(id, { limits: [pages] })
    expect((await latchkey.settle(late, { credits: 3 })).settled).toEqual([])
  })

  test('a revoked key settles all the same, and a limit that is gone is nothing', async () => {
    await using latchkey = await open(await makeDatabase())
    const revoked = await makeKey(latchkey, [credits])
    const first = await reserve(latchkey, revoked.key, 100)
    await latchkey.keys.revoke(revoked.id)
    expect((await latchkey.settle(first, { credits: 10 })).limits).toMatchObject([{ remaining: 9_990 }])
    const changed = await makeKey(latchkey, [credits])
    const second = await reserve(latchkey, changed.key, 100)
    await latchkey.keys.update(changed.id, { limits: [] })
    expect(await latchkey.settle(second, { credits: 10 })).toEqual({ settled: [], limits: [] })
    // Of an epoch that has ended.
    await latchkey.keys.update(changed.id, { limits: [credits] })
    const third = await reserve(latchkey, changed.key, 100)
    await latchkey.keys.update(changed.id, { limits: [] })
    await latchkey.keys.update(changed.id, { limits: [credits] })
    const before = await left(latchkey, changed.id)
    expect((await latchkey.settle(third, 0)).settled).toEqual([])
    expect(await left(latchkey, changed.id)).toBe(before)
  })

  test('a reservation that is not settled in time is spent', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key, id } = await makeKey(latchkey, [credits])
    const reservation = await reserve(latchkey, key, 4_000, 1)
    await setTimeout(1_100)
    expect((await refusalOf(latchkey.settle(reservation, 0))).code).toBe('reservation_ended')
    expect(await left(latchkey, id)).toBe(6_000)
  })
})

onOneDatabase('SQLite', 'settlements', (makeDatabase) => {
  test('what is forged, foreign or cut is refused, and draws nothing', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const { key, id } = await makeKey(latchkey, [credits])
    const reservation = await reserve(latchkey, key, 4_000)
    const wrong = [
      '',
      'r1',
      reservation.slice(0, -1),
      reservation.replace('r1', 'r2'),
      reservation.replace(/\*|~/, '~1'),
      `${reservation}A`,
      `${reservation}=`,
      `${reservation} `,
      'r'.repeat(1_025),
    ]
    for (const text of wrong) {
      const error = await refusalOf(latchkey.settle(text, 0))
      expect([error.code, error.errors?.[0]?.path], text).toEqual(['invalid_input', 'reservation'])
    }
    // Another organization's is as unknown as a forged one.
    const stranger = await latchkey.keys.create({
      organizationId: (await latchkey.organizations.create({ id: 'globex', name: 'Globex' })).id,
      name: 'Stranger',
      permissions: ['latchkey:keys:verify'],
    })
    const actor = await latchkey.authenticate(stranger.key)
    if (actor === undefined) throw new Error('The key is not valid.')
    const foreign = await refusalOf(latchkey.settle(reservation, 0, { actor }))
    expect(foreign.errors?.[0]?.path).toBe('reservation')
    // Another instance has other keys; one that took over has both.
    await using otherKeys = await open(database, [`${'B'.repeat(43)}=`])
    expect((await refusalOf(otherKeys.settle(reservation, 0))).errors?.[0]?.path).toBe('reservation')
    await using bothKeys = await open(database, [`${'B'.repeat(43)}=`, ...sealingKeys])
    for (const cost of [-1, 0.5, { credits: -1 }])
      expect((await refusalOf(latchkey.settle(reservation, cost))).errors?.[0]?.path).toMatch(/^cost/)
    expect((await bothKeys.settle(reservation, 0)).settled).toHaveLength(1)
    expect(await left(latchkey, id)).toBe(10_000)
  })

  test('a call that costs nothing reserves nothing, and draws nothing', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key } = await makeKey(latchkey, [credits])
    for (const cost of [0, undefined, { credits: 0 }]) {
      const error = await refusalOf(
        latchkey.verify(key, { ...(cost !== undefined && { cost }), reserveSeconds: 60 }),
      )
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', 'reserveSeconds'])
    }
    for (const reserveSeconds of [0, 86_401, 1.5])
      expect((await refusalOf(latchkey.verify(key, { cost: 1, reserveSeconds }))).errors?.[0]?.path).toBe(
        'reserveSeconds',
      )
    const unlimited = await makeKey(latchkey, [])
    expect(await latchkey.verify(unlimited.key, { cost: 1, reserveSeconds: 60 })).not.toHaveProperty(
      'reservation',
    )
  })

  test('SQLite has its keys in a file beside the database, for its owner alone', async () => {
    const database = await makeDatabase()
    const file = `${database.slice('sqlite:'.length)}.keyring`
    await using one = await openLatchkey({ database })
    await using other = await openLatchkey({ database })
    const { key } = await makeKey(one, [credits])
    expect(existsSync(file)).toBe(false)
    const reservation = await reserve(one, key, 5)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await other.settle(reservation, 0)).settled).toHaveLength(1)
  })
})

onOneDatabase('PostgreSQL', 'settlements', (makeDatabase) => {
  test('PostgreSQL without keys says what to set, and all else goes on', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    const { key } = await makeKey(latchkey, [credits])
    const error = await refusalOf(latchkey.verify(key, { cost: 5, reserveSeconds: 60 }))
    expect([error.code, error.message]).toEqual([
      'keyring_missing',
      expect.stringContaining('LATCHKEY_SEALING_KEYS'),
    ])
    expect(await latchkey.verify(key, { cost: 5 })).toMatchObject({
      valid: true,
      limits: [{ remaining: 9_995 }],
    })
  })
})
