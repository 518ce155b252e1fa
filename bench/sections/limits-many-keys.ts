// Many keys with a limit each, called through two processes at a pace: what that costs the database, and who waits.
import { join } from 'node:path'
import { createDatabase, fillDatabase, tokenOf } from '../dataset.ts'
import { hundredAMinute } from '../limits.ts'
import { type Bar, type Figure, type Findings, say } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds } from '../stored.ts'
import { type Called, type Counts, type Pair, perSecond, readCounts, startPair } from '../two-processes.ts'

/** What one load came to, a second. */
interface Loaded {
  transactions: number
  rows: number
  /** Of all tables and all work; on SQLite nobody counts these. */
  total: Counts | undefined
  p99FromDueMs: number
  p99FromCallMs: number
  waitedPercent: number
  refusedPercent: number
  failedPercent: number
}

interface Sizes {
  keys: number
  callsPerSecond: number
  seconds: number
}

export async function measureLimitsManyKeys(settings: Settings): Promise<Findings> {
  const sizes = settings.quick
    ? { keys: 500, callsPerSecond: 500, seconds: settings.manySeconds }
    : { keys: 10_000, callsPerSecond: 10_000, seconds: settings.manySeconds }
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const plain = await measureKind(settings, kind, sizes, false)
    const limited = await measureKind(settings, kind, sizes, true)
    figures.push(...figuresOf(kind, plain, limited))
    bars.push(...barsOf(kind, sizes, plain, limited))
  }
  return {
    title: 'Many keys with limits, on two processes',
    figures,
    bars,
    notes: [
      `Two processes hold the library open on one database (over HTTP, so many requests and their clients would not fit on these processors), and call ${sizes.callsPerSecond.toLocaleString('en')} times a second together, at random instants, random ones of ${sizes.keys.toLocaleString('en')} keys that have a rate of 100 a minute each. As long as what is measured, ${sizes.seconds} s, they were called before.`,
      'Transactions and rows written for limits: draws, and rows of the table of counters. The processes count both themselves, since SQLite does not; PostgreSQL counted what the figures say of it, for all that the processes do, the last uses of keys included.',
      'The 99th percentile is of the time from when a call was due, so that it includes what the process was busy with; beside it, from when the call began.',
    ],
  }
}

async function measureKind(
  { folder, postgresUrl }: Settings,
  kind: DatabaseKind,
  { keys, callsPerSecond, seconds }: Sizes,
  isLimited: boolean,
): Promise<Loaded> {
  const name = isLimited ? 'many_limits' : 'many_no_limits'
  const database =
    kind === 'SQLite' ? `sqlite:${join(folder, `${name}.db`)}` : await createDatabase(postgresUrl, name)
  await fillDatabase(database, keys, isLimited ? hundredAMinute : [])
  await using pair = await startPair(database, keys)
  const tokens = Array.from({ length: keys }, (_, number) => tokenOf(number))
  const call = (pair: Pair) =>
    pair.call({ seconds, perSecond: callsPerSecond, isRandom: true, tokens, tellsCalls: false })
  // Each token once first, evenly: a cold process would have to read most of them at once.
  await pair.call({
    seconds: (2 * keys) / (callsPerSecond / 2),
    perSecond: callsPerSecond / 2,
    isRandom: false,
    tokens,
    tellsCalls: false,
  })
  await call(pair)
  const before = kind === 'PostgreSQL' ? await readCounts(database) : undefined
  const called = await call(pair)
  const total = before && perSecond(before, await readCounts(database), seconds)
  const loaded = toLoaded(called, seconds, total)
  say(`${kind}, ${isLimited ? 'with' : 'without'} limits: ${JSON.stringify(loaded)}`)
  return loaded
}

function toLoaded(called: readonly Called[], seconds: number, total: Counts | undefined): Loaded {
  const sum = (name: 'calls' | 'draws' | 'rows' | 'waited' | 'refused' | 'failed') =>
    called.reduce((total, one) => total + one[name], 0)
  const worst = (name: 'p99FromDueMs' | 'p99FromCallMs') => Math.max(...called.map((one) => one[name]))
  return {
    transactions: sum('draws') / seconds,
    rows: sum('rows') / seconds,
    total,
    p99FromDueMs: worst('p99FromDueMs'),
    p99FromCallMs: worst('p99FromCallMs'),
    waitedPercent: (100 * sum('waited')) / sum('calls'),
    refusedPercent: (100 * sum('refused')) / sum('calls'),
    failedPercent: (100 * sum('failed')) / sum('calls'),
  }
}

function figuresOf(kind: DatabaseKind, plain: Loaded, limited: Loaded): Figure[] {
  const beside = (name: 'p99FromDueMs' | 'p99FromCallMs') => ({
    beside: { what: 'the same without limits', ratios: [limited[name] / plain[name]] },
  })
  const figure = (what: string, unit: string, value: number): Figure => ({
    what: `${kind}: ${what}`,
    unit,
    values: [value],
  })
  return [
    figure('draws', 'transactions a second', limited.transactions),
    figure('draws, rows of counters written', 'a second', limited.rows),
    ...[limited, plain].flatMap(({ total }, i) =>
      total
        ? [
            figure(
              `all transactions, ${i === 0 ? 'with' : 'without'} limits`,
              'a second',
              total.transactions,
            ),
            figure(`all rows written, ${i === 0 ? 'with' : 'without'} limits`, 'a second', total.rows),
            figure(
              `rows of counters written, as PostgreSQL counts, ${i === 0 ? 'with' : 'without'} limits`,
              'a second',
              total.counterRows,
            ),
          ]
        : [],
    ),
    figure('calls that memory could not answer', '%', limited.waitedPercent),
    figure('calls that were refused', '%', limited.refusedPercent),
    figure('calls that failed, the database busy for too long', '%', limited.failedPercent),
    figure('99th percentile from due, without limits', 'ms', plain.p99FromDueMs),
    {
      ...figure('99th percentile from due, with limits', 'ms', limited.p99FromDueMs),
      ...beside('p99FromDueMs'),
    },
    figure('99th percentile of a call, without limits', 'ms', plain.p99FromCallMs),
    {
      ...figure('99th percentile of a call, with limits', 'ms', limited.p99FromCallMs),
      ...beside('p99FromCallMs'),
    },
  ]
}

function barsOf(kind: DatabaseKind, { keys, callsPerSecond }: Sizes, plain: Loaded, limited: Loaded): Bar[] {
  const what = `${keys.toLocaleString('en')} keys at 100 a minute, ${callsPerSecond.toLocaleString('en')} calls a second, two processes on ${kind}`
  const atMost = { sense: 'at most' as const, beside: 'no floor', unit: 'a second' }
  // On PostgreSQL, what limits add to all that it counts; on SQLite, what the processes count.
  const transactions =
    limited.total && plain.total
      ? limited.total.transactions - plain.total.transactions
      : limited.transactions
  return [
    {
      ...atMost,
      what: `${what}: transactions for limits`,
      promised: 'at most 200 a second',
      bound: 200,
      values: [transactions],
    },
    {
      ...atMost,
      what: `${what}: rows written for limits`,
      promised: 'at most 5,000 a second',
      bound: 5_000,
      values: [limited.total?.counterRows ?? limited.rows],
    },
    {
      what: `${what}: p99 from due`,
      promised: 'at most 3 times that without limits',
      beside: 'the same without limits',
      sense: 'at most',
      bound: 3,
      unit: '×',
      values: [limited.p99FromDueMs / plain.p99FromDueMs],
    },
  ]
}
