// Quotas that are used up are told of at 80 % and at 100 % of what is spent: each once a period, whoever spends.
import { expect, test } from 'vitest'
import type { Deed } from '../src/commit/audit-trail.ts'
import { ReachedLimits } from '../src/domain/limits/reached.ts'
import { type Latchkey, type LimitInput, openLatchkey } from '../src/index.ts'
import { openStore } from '../src/store/store.ts'
import { newCounter } from '../src/verdict/counter.ts'
import { countLimits } from '../src/verdict/owners.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { day, inShort, listTold } from './setup/notices.ts'

const [reached80, reached100] = ['limit.reached 80', 'limit.reached 100']
const sealingKeys = [`${'A'.repeat(43)}=`]

async function openReachedStage(database: string) {
  const direct = await connectDirectly(database)
  /** A process: what it held it has given back when it ends, so that all is known that is spent. */
  const during = async <T>(work: (latchkey: Latchkey) => Promise<T>): Promise<T> => {
    await using latchkey = await openLatchkey({ database, sealingKeys })
    return await work(latchkey)
  }
  await during(createAcme)
  return {
    direct,
    during,
    makeKey: (...limits: LimitInput[]) =>
      during(({ keys }) => keys.create({ organizationId: 'acme', name: 'CI', limits })),
    /** Spends so many units, one a call; gives the codes of the verdicts. */
    spend: (key: string, calls: number) =>
      during(async (latchkey) => {
        const codes: string[] = []
        for (let i = 0; i < calls; i++) codes.push((await latchkey.verify(key)).code)
        return codes
      }),
    told: async () => (await listTold(direct)).filter(({ action }) => action === 'limit.reached'),
    short: async () => inShort(await listTold(direct)).filter((text) => text.startsWith('limit.reached')),
    /** Until when it is known that each was told of; null for ever. */
    keptUntil: async () => {
      const causes = await direct.run('select kept_until from event_causes')
      return causes.map(({ kept_until }) => kept_until && Number(kept_until))
    },
    [Symbol.asyncDispose]: () => direct[Symbol.asyncDispose](),
  }
}

onEachDatabase('a quota that is used up', (makeDatabase) => {
  const openStage = async () => openReachedStage(await makeDatabase())

  test('is told of at 80 % and at 100 %, once each, and anew in the next period', async () => {
    await using stage = await openStage()
    const { key, id } = await stage.makeKey({ name: 'credits', limit: 10, resets: 'monthly' })
    await stage.spend(key, 7)
    expect(await stage.short()).toEqual([])
    await stage.spend(key, 1)
    expect(await stage.short()).toEqual([reached80])
    expect(await stage.spend(key, 4)).toEqual(['valid', 'valid', 'quota_exceeded', 'quota_exceeded'])
    await stage.spend(key, 1)
    expect(await stage.short()).toEqual([reached80, reached100])
    const [first, second] = await stage.told()
    const at = new Date()
    expect(first).toEqual({
      action: 'limit.reached',
      keyId: id,
      changes: {
        name: 'credits',
        scope: 'key',
        threshold_percent: 80,
        limit: 10,
        added: 0,
        spent: 8,
        period_started_at: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth())).toISOString(),
        resets_at: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1)).toISOString(),
      },
    })
    expect(second?.changes).toMatchObject({ threshold_percent: 100, spent: 10 })
    const forgotten = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1) + 100 * day
    expect(await stage.keptUntil()).toEqual([forgotten, forgotten])
    // As if all of this had been in a period before.
    const ago = 40 * day
    await stage.direct.run(`update counters set period = period - ${ago}, as_of = as_of - ${ago}`)
    const period = Date.UTC(at.getUTCFullYear(), at.getUTCMonth())
    await stage.direct.run(
      `update event_causes set cause = replace(cause, ' ${period} ', ' ${period - ago} ')`,
    )
    await stage.spend(key, 7)
    expect(await stage.short()).toEqual([reached80, reached100])
    await stage.spend(key, 3)
    expect(await stage.short()).toEqual([reached80, reached100, reached80, reached100])
  })

  test('is told of whether it is of a key or of an organization, and a rate is not', async () => {
    await using stage = await openStage()
    await stage.during(({ organizations }) =>
      organizations.update('acme', { limits: [{ name: 'shared', limit: 5, resets: 'daily' }] }),
    )
    const { key, id } = await stage.makeKey(
      { name: 'own', limit: 6, resets: 'hourly' },
      { name: 'requests', limit: 4, windowSeconds: 2_592_000 },
    )
    await stage.spend(key, 4)
    const told = await stage.told()
    expect(told.map(({ keyId, changes }) => [keyId, changes.scope, changes.name])).toEqual([
      ['null', 'organization', 'shared'],
    ])
    await stage.during(({ keys }) =>
      keys.update(id, { limits: [{ name: 'own', limit: 6, resets: 'hourly' }] }),
    )
    await stage.spend(key, 1)
    const names = (await stage.told()).map(({ changes }) => [changes.name, changes.threshold_percent])
    expect(names).toEqual(
      expect.arrayContaining([
        ['shared', 80],
        ['shared', 100],
        ['own', 80],
      ]),
    )
    expect(names).toHaveLength(3)
    const none = await stage.makeKey({ name: 'none', limit: 0, resets: 'daily' })
    expect(await stage.spend(none.key, 1)).toEqual(['quota_exceeded'])
    expect(await stage.told()).toHaveLength(3)
  })

  test('is told of once by two processes that spend it at once, by grants of each', async () => {
    await using stage = await openStage()
    const { key } = await stage.makeKey({ name: 'credits', limit: 400, resets: 'monthly' })
    await Promise.all([stage.spend(key, 150), stage.spend(key, 150)])
    expect(await stage.short()).toEqual([])
    const codes = (await Promise.all([stage.spend(key, 60), stage.spend(key, 60)])).flat()
    // What one holds the other is refused.
    await stage.spend(key, 100 - codes.filter((code) => code === 'valid').length)
    expect(await stage.short()).toEqual([reached80, reached100])
  })

  test('is told of by what is spent, not by what is out', async () => {
    await using stage = await openStage()
    const { key } = await stage.makeKey({ name: 'credits', limit: 100, resets: 'monthly' })
    await stage.during(async (latchkey) => {
      await latchkey.verify(key, { cost: 70 })
      // It holds some more each time.
      for (let i = 0; i < 7; i++) await latchkey.verify(key)
    })
    expect(await stage.short()).toEqual([])
  })

  test('is told of by a settlement, and not again when what it gave back is spent', async () => {
    await using stage = await openStage()
    const { key } = await stage.makeKey({ name: 'credits', limit: 100, resets: 'monthly', defaultCost: 0 })
    const settle = (reserved: number, cost: number) =>
      stage.during(async (latchkey) => {
        const verdict = await latchkey.verify(key, { cost: { credits: reserved }, reserveSeconds: 60 })
        if (verdict.valid) await latchkey.settle(verdict.reservation ?? '', { credits: cost })
      })
    await settle(50, 85)
    expect(await stage.short()).toEqual([reached80])
    await settle(15, 0)
    await settle(15, 0)
    expect(await stage.short()).toEqual([reached80, reached100])
  })

  test('is told of at the next call if it was lowered below what is spent', async () => {
    await using stage = await openStage()
    const { key, id } = await stage.makeKey({ name: 'credits', limit: 100, resets: 'monthly' })
    await stage.spend(key, 5)
    await stage.during(({ keys }) =>
      keys.update(id, { limits: [{ name: 'credits', limit: 5, resets: 'monthly' }] }),
    )
    expect(await stage.spend(key, 1)).toEqual(['quota_exceeded'])
    expect(await stage.short()).toEqual([reached80, reached100])
  })

  test('and has no periods is told of again once there were more units', async () => {
    await using stage = await openStage()
    const { key, id } = await stage.makeKey({ name: 'prepaid', limit: 5, resets: null })
    await stage.spend(key, 5)
    await stage.during(({ keys }) => keys.addUnits(id, 'prepaid', { add: 5 }))
    await stage.spend(key, 2)
    expect(await stage.short()).toEqual([reached80, reached100])
    await stage.spend(key, 3)
    expect(await stage.short()).toEqual([reached80, reached100, reached80, reached100])
    expect((await stage.told())[2]?.changes).toMatchObject({ period_started_at: null, resets_at: null })
    expect(await stage.keptUntil()).toEqual([null, null, null, null])
  })

  test('is not told of by the process that first knows how, as far as it was used up before', async () => {
    await using stage = await openStage()
    const { key } = await stage.makeKey({ name: 'credits', limit: 10, resets: 'monthly' })
    await stage.spend(key, 8)
    // As a program leaves it that knows of none of this.
    for (const table of ['event_causes', 'event_marks']) await stage.direct.run(`delete from ${table}`)
    await stage.spend(key, 1)
    expect(await stage.short()).toEqual([reached80])
    await stage.spend(key, 1)
    expect(await stage.short()).toEqual([reached80, reached100])
  })

  test('is told of by that process if the period is another one than that in which it was used up', async () => {
    await using stage = await openStage()
    const { key } = await stage.makeKey({ name: 'credits', limit: 10, resets: 'monthly' })
    await stage.spend(key, 9)
    for (const table of ['event_causes', 'event_marks']) await stage.direct.run(`delete from ${table}`)
    const ago = 40 * day
    await stage.direct.run(`update counters set period = period - ${ago}, as_of = as_of - ${ago}`)
    await stage.during((latchkey) => latchkey.verify(key, { cost: 9 }))
    expect(await stage.short()).toEqual([reached80, reached80])
  })

  test('is one of very many at once, which a transaction tells of a hundred at a time, and one that fails of none', async () => {
    const database = await makeDatabase()
    await (await openLatchkey({ database })).close()
    const store = await openStore(database)
    const reached = new ReachedLimits(store.dialect)
    const allowance = { kind: 'quota', limit: 10, resets: 'monthly', anchor: null, overdraft: null } as const
    const stored = { name: 'credits', allowance, defaultCost: 1, epoch: 0, isSet: true }
    const before = newCounter(allowance, 0, Date.now())
    const spendings = Array.from({ length: 150 }, (_, i) => {
      const [claim] = countLimits(i % 2 ? 'key' : 'ancestor', `key-${i}`, 'acme', [stored])
      return {
        limit: claim?.limit ?? expect.unreachable(),
        allowance,
        before,
        after: { ...before, spent: 10 },
      }
    })
    const tell = (told: string[], isFailing = false) => {
      const record = ({ keyId, changes }: Deed) =>
        told.push(`${changes?.scope} ${keyId} ${changes?.thresholdPercent}`)
      return store.write(async (tx) => {
        await reached.record({ tx, record }, spendings)
        if (isFailing) throw new Error('It comes to nothing.')
      })
    }
    await expect(tell([], true)).rejects.toThrow()
    const told: string[][] = [[], [], [], [], [], [], []]
    for (const some of told) await tell(some)
    // Those that were told of are found as such by the next one, which then passes over them.
    expect(told.map(({ length }) => length)).toEqual([100, 0, 100, 0, 100, 0, 0])
    const keys = Array.from({ length: 150 }, (_, i) => [`key key-${i} 80`, `key key-${i} 100`])
    expect(new Set(told.flat())).toEqual(new Set(keys.flat()))
    await store.close()
  })
})
