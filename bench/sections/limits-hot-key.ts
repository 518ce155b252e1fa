// One hot key whose limit two processes share: how near they come to one exact bucket, and what that costs the database.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/index.ts'
import { createDatabase } from '../dataset.ts'
import { admittedBy } from '../exact-bucket.ts'
import type { Bar, Figure, Findings } from '../rounds.ts'
import { say } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds } from '../stored.ts'
import { type Counts, type Pair, perSecond, readCounts, startPair } from '../two-processes.ts'

const buckets = {
  '100 a second': { limit: 100, windowSeconds: 1, burst: 100 },
  '100 a minute': { limit: 100, windowSeconds: 60, burst: 100 },
}
type Rate = keyof typeof buckets

const loads = {
  'ten times its limit, evenly': { times: 10, isRandom: false },
  'ten times its limit, at random': { times: 10, isRandom: true },
  '0.9 of its limit, evenly': { times: 0.9, isRandom: false },
  '0.9 of its limit, at random': { times: 0.9, isRandom: true },
}
type Load = keyof typeof loads

/** What one load on one key came to. */
interface Hot {
  kind: DatabaseKind
  load: Load
  rate: Rate
  /** Admitted, here and by the exact bucket. */
  admitted: number
  exact: number
  /** Units admitted beyond what the contract allows in the whole time: burst + limit × time ÷ window. */
  beyond: number
  /** Refused beyond what the exact bucket refuses, in percent of the calls. */
  refused: number
  /** Transactions of the database a second and process. */
  transactions: number
  /** Draws a second of the process that made more of them. */
  draws: number
}

export async function measureLimitsHotKey(settings: Settings): Promise<Findings> {
  // Side by side: each pair of processes has a database of its own, and waits most of the time.
  const found = await Promise.all(
    databaseKinds.flatMap((kind) =>
      (Object.keys(buckets) as Rate[]).map((rate) => measurePair(settings, kind, rate)),
    ),
  )
  const all = found.flat()
  const figures = all.flatMap(({ kind, load, rate, admitted, exact, beyond, refused, draws }): Figure[] => {
    const of = `${kind}, ${rate}, ${load}`
    return [
      {
        what: `${of}: admitted`,
        unit: 'calls',
        values: [admitted],
        beside: { what: `the ${exact} of the exact bucket`, ratios: [admitted / exact] },
      },
      { what: `${of}: admitted beyond burst + limit × time ÷ window`, unit: 'calls', values: [beyond] },
      { what: `${of}: refused beyond the exact bucket`, unit: '% of the calls', values: [refused] },
      { what: `${of}: draws`, unit: 'a second and process', values: [draws] },
    ]
  })
  return {
    title: 'One hot key on two processes',
    figures,
    bars: all.flatMap(barsOf),
    notes: [
      `Two processes that hold the library open on one database, ${settings.hotSeconds} s for each load, each on a key of its own whose bucket is full at the start. All calls, at the instants at which they began, are judged once more by one exact bucket with the same burst. The contract bounds what is admitted from the first call to the last answer; the exact bucket knows no answers that take a while, so that one call or two may be admitted here that it would have refused some milliseconds before. A call that fails, since the database was locked for too long, is not admitted. Evenly: the calls come at equal intervals, to the processes in turn; at random: at exponential intervals, to either.`,
      'Transactions: on PostgreSQL all that `pg_stat_database` counts, commits and rollbacks, less what the same two processes make without calls, divided by two; on SQLite, which counts none, the draws that the process with more of them counted itself.',
    ],
  }
}

function barsOf({ kind, load, rate, admitted, exact, refused, transactions }: Hot): Bar[] {
  const what = `One hot key, ${rate}, two processes on ${kind}, ${load}`
  const short = 100 * (1 - admitted / exact)
  const bucket = 'one exact bucket, on the same calls'
  if (loads[load].times < 1)
    return [
      {
        ...{ what: `${what}: refused beyond the exact bucket`, beside: bucket, unit: '%' },
        ...{ promised: 'at most 1 % of the calls', sense: 'at most', bound: 1, values: [refused] },
      },
    ]
  return [
    {
      ...{ what: `${what}: short of the exact bucket`, beside: bucket, unit: '%' },
      ...{ promised: 'at most 2 %', sense: 'at most', bound: 2, values: [Math.max(0, short)] },
    },
    {
      ...{ what: `${what}: above the exact bucket`, beside: bucket, unit: '%' },
      ...{ promised: 'never', sense: 'at most', bound: 0, values: [Math.max(0, -short)] },
    },
    {
      ...{ what: `${what}: transactions`, beside: 'no floor', unit: 'a second and process' },
      ...{ promised: 'at most 20', sense: 'at most', bound: 20, values: [transactions] },
    },
  ]
}

async function measurePair(settings: Settings, kind: DatabaseKind, rate: Rate): Promise<Hot[]> {
  const name = `hot_${rate.replaceAll(' ', '_')}`
  const database =
    kind === 'SQLite'
      ? `sqlite:${join(settings.folder, `${name}.db`)}`
      : await createDatabase(settings.postgresUrl, name)
  const tokens = await createKeys(database, rate)
  await using pair = await startPair(database, 1_000)
  const count = kind === 'PostgreSQL' ? () => readCounts(database) : undefined
  const quiet = count && (await countQuiet(pair, count, tokens[0] as string, settings.quick))
  const found: Hot[] = []
  for (const [i, load] of (Object.keys(loads) as Load[]).entries()) {
    const before = await count?.()
    const called = await call(pair, buckets[rate], load, settings.hotSeconds, tokens[i + 1] as string)
    const after = await count?.()
    // Two seconds of quiet before each reading, and what the reading itself makes, are in the baseline as well.
    const counted = before && after && quiet && perSecond(before, after, settings.hotSeconds)
    const transactions =
      counted &&
      (counted.transactions - (quiet.transactions * (settings.hotSeconds + 2)) / settings.hotSeconds) / 2
    const hot = { kind, load, rate, ...called, transactions: transactions ?? called.draws }
    say(
      `${kind}, ${rate}, ${load}: ${(hot.admitted / hot.exact).toFixed(4)} of the exact bucket, ${hot.refused.toFixed(2)} % more refused, ${hot.transactions.toFixed(1)} transactions a second and process`,
    )
    found.push(hot)
  }
  return found
}

async function call(pair: Pair, bucket: (typeof buckets)[Rate], load: Load, seconds: number, token: string) {
  const { times, isRandom } = loads[load]
  const callsPerSecond = (bucket.limit / bucket.windowSeconds) * times
  const called = await pair.call({
    seconds,
    perSecond: callsPerSecond,
    isRandom,
    tokens: [token],
    tellsCalls: true,
  })
  const calls = called[0].calls + called[1].calls
  const admitted = called.reduce((sum, { calls, refused, failed }) => sum + calls - refused - failed, 0)
  const instants = called.flatMap(({ instants = [] }) => instants)
  const exact = admittedBy(bucket, instants)
  const lastAnswerAt = Math.max(...called.map(({ lastAnswerAt = 0 }) => lastAnswerAt))
  const spanMs = lastAnswerAt - instants.reduce((first, instant) => Math.min(first, instant), Infinity)
  const allowed = Math.floor(bucket.burst + (bucket.limit * spanMs) / (bucket.windowSeconds * 1000))
  return {
    admitted,
    exact,
    beyond: Math.max(0, admitted - allowed),
    refused: (100 * (exact - admitted)) / calls,
    draws: Math.max(called[0].draws, called[1].draws) / seconds,
  }
}

/** What both processes do to the database when nobody calls: each has seen one key, and follows changes. */
async function countQuiet(
  pair: Pair,
  count: () => Promise<Counts>,
  token: string,
  quick: boolean,
): Promise<Counts> {
  const seconds = quick ? 2 : 8
  await pair.call({ seconds: 0.5, perSecond: 20, isRandom: false, tokens: [token], tellsCalls: false })
  // Its units go back after ten seconds.
  if (!quick) await setTimeout(12_000)
  const before = await count()
  await setTimeout(seconds * 1000)
  return perSecond(before, await count(), seconds + 2)
}

/** Makes one key for each load, and one to begin with, each with the rate. */
async function createKeys(database: string, rate: Rate): Promise<string[]> {
  await using latchkey = await openLatchkey({ database })
  await latchkey.organizations.create({ id: 'organization-0', name: 'Acme' })
  const limits = [{ name: 'requests', ...buckets[rate] }]
  const tokens: string[] = []
  for (const name of ['First', ...Object.keys(loads)])
    tokens.push((await latchkey.keys.create({ organizationId: 'organization-0', name, limits })).key)
  return tokens
}
