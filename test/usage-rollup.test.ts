// Closed hours are rolled up into sums, days and months, and old ones are deleted: the figures stay what they were.
import { expect, test } from 'vitest'
import type { UsageCount } from '../src/core/usage-counts.ts'
import { retentionJob } from '../src/jobs/retention.ts'
import { usageJob } from '../src/jobs/usage.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { instantsOf } from '../src/store/instants.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { saveUsage } from '../src/store/usage.ts'
import { closeHours, monthOf, rollUp } from '../src/store/usage-rollup.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { mulberry32 } from './setup/chance.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { runAll } from './setup/jobs.ts'
import { hourMs, readAmounts } from './setup/usage.ts'

const dayMs = 24 * hourMs
/** A month ends two days later. */
const begun = Date.UTC(2026, 3, 29, 6)
const first = begun / hourMs
const hours = 4 * 24

onEachDatabase('usage that is rolled up', (makeDatabase) => {
  test('has sums that are those of its hours, however often the work is cut off', async () => {
    await using stage = await openStage(await makeDatabase())
    const { store, clock, counts } = stage
    // Two processes do it at once, a few rows at a time, and every third transaction is undone.
    let n = 0
    const roll = async (table: 'hours' | 'days') => {
      for (;;) {
        try {
          const hasMore = await store.write(async (tx) => {
            const more = await rollUp(tx, store.dialect, table, 7)
            if (++n % 3 === 0) throw new TypeError('Cut off.')
            return more
          })
          if (!hasMore) return
        } catch (error) {
          if (!(error instanceof TypeError)) throw error
        }
      }
    }
    for (let day = 0; day < 5; day++) {
      clock.advance(dayMs + 7 * hourMs)
      await store.write((tx) => closeHours(tx, instantsOf(store.dialect, clock.now)()))
      await Promise.all([roll('hours'), roll('hours')])
      await Promise.all([roll('days'), roll('days')])
    }
    const sum = (placeOf: (count: UsageCount) => string) => {
      const sums: Record<string, number> = {}
      for (const count of counts) {
        const place = placeOf(count)
        sums[place] = (sums[place] ?? 0) + count.amount
      }
      return sums
    }
    const day = ({ hour }: UsageCount) => Math.floor(hour / 24)
    const rest = ({ keyId, measure }: UsageCount) => `${keyId} ${measure}`
    expect(await readAmounts(stage.database, 'hours')).toEqual(sum((count) => `${count.hour} ${rest(count)}`))
    expect(await readAmounts(stage.database, 'days')).toEqual(sum((count) => `${day(count)} ${rest(count)}`))
    expect(await readAmounts(stage.database, 'months')).toEqual(
      sum((count) => `${monthOf(day(count))} ${rest(count)}`),
    )
    for (const [table, period] of [
      ['hours', ({ hour }: UsageCount) => hour],
      ['days', day],
      ['months', (count: UsageCount) => monthOf(day(count))],
    ] as const) {
      expect(await readSums(stage.database, table)).toEqual({
        ...sum((count) => `${period(count)} ${count.organizationId} ${count.measure}`),
        ...sum((count) => `${period(count)} all ${count.measure}`),
      })
    }
  })

  test('is told alike from hours, from days and from months, before and after hours are deleted', async () => {
    await using stage = await openStage(await makeDatabase())
    const { store, clock, database } = stage
    const latchkey = await openLatchkey({ database, now: clock.now })
    const ask = async () => {
      const range = { since: new Date(begun - 6 * hourMs), until: new Date(begun + 5 * dayMs - 6 * hourMs) }
      const [days, months] = [
        await latchkey.usage.read({ ...range, by: 'day' }),
        await latchkey.usage.read({ ...range, by: 'month' }),
      ]
      const organizations = await latchkey.usage.read({ ...range, by: 'day', group: 'organization' })
      const keys = await latchkey.usage.read({ ...range, by: 'total', group: 'key' })
      return [days, months, organizations, keys].map(({ rows }) => rows)
    }
    clock.advance(5 * dayMs)
    const before = await ask()
    const total = stage.counts.reduce(
      (sum, { amount, measure }) => (measure.includes('/') ? sum : sum + amount),
      0,
    )
    const sumOf = (rows: readonly { calls: number }[] = []) => rows.reduce((sum, { calls }) => sum + calls, 0)
    expect(before.map(sumOf)).toEqual([total, total, total, total])
    const roll = () => runAll(usageJob(store, systemClock, clock.now))
    await roll()
    expect(await ask()).toEqual(before)
    clock.advance(40 * dayMs)
    const delete_ = (keptDays: number) =>
      runAll(retentionJob(store, systemClock, clock.now, { hours: 35, days: keptDays, places: 30 }))
    await roll()
    await delete_(800)
    expect(await readAmounts(database, 'hours')).toEqual({})
    expect(await ask()).toEqual(before)
    const [, months, , keys] = before
    await delete_(36)
    expect(await readAmounts(database, 'days')).toEqual({})
    const asked = await latchkey.usage.read({ since: new Date(begun), until: clock.in(0), by: 'month' })
    expect(sumOf(asked.rows)).toBe(sumOf(months))
    expect(sumOf(keys)).toBe(total)
    await latchkey.close()
  })

  test('is deleted in no hour that is not in its day yet', async () => {
    await using stage = await openStage(await makeDatabase())
    const { store, clock, database } = stage
    clock.advance(100 * dayMs)
    const before = await readAmounts(database)
    await runAll(retentionJob(store, systemClock, clock.now))
    expect(await readAmounts(database)).toEqual(before)
    await runAll(usageJob(store, systemClock, clock.now))
    await runAll(retentionJob(store, systemClock, clock.now))
    expect(await readAmounts(database)).toEqual({})
  })
})

/** Runs a job until nothing is left to do: on a busy machine a run may end before. */
async function readSums(url: string, table: string): Promise<Record<string, number>> {
  await using direct = await connectDirectly(url)
  const rows = await direct.run(`select period, owners.name as owner, measures.name as measure, amount
    from usage_${table} as written left join usage_names as owners on owners.number = written.key
    join usage_names as measures on measures.number = written.measure where organization = 0`)
  return Object.fromEntries(
    rows.map(({ period, owner, measure, amount }) => [
      `${period} ${owner === null ? 'all' : owner} ${measure}`,
      Number(amount),
    ]),
  )
}

/** Counts of a few days, of several organizations, in the database. */
async function openStage(database: string) {
  const clock = makeClock(begun)
  const chance = mulberry32(11)
  const store = await openStore(database)
  const counts: UsageCount[] = []
  for (let i = 0; i < 400; i++) {
    const owner = Math.floor(chance() * 4)
    counts.push({
      keyId: owner === 0 ? '' : `key ${owner}-${Math.floor(chance() * 3)}`,
      organizationId: owner === 0 ? '' : `organization ${owner}`,
      hour: first + Math.floor(chance() * hours),
      measure:
        owner === 0 ? 'not_found' : ((['valid', 'expired', 'key/requests'] as const)[i % 3] ?? 'valid'),
      amount: 1 + Math.floor(chance() * 1_000),
    })
  }
  await write(store, counts, begun + hours * hourMs)
  return { database, clock, store, counts, [Symbol.asyncDispose]: () => store.close() }
}

async function write(store: Store, counts: readonly UsageCount[], now: number): Promise<void> {
  const batch = { source: 'process', owner: '', number: 1, counts, profiles: [], uses: [] }
  await saveUsage(store, batch, instantsOf(store.dialect, () => now)())
}
