// Usage of a million keys: how long its figures take to read, also of a history that is ten times as long, how many bytes a row
// takes, and how long the roll-up of a day takes, with what verification notices of it.
import { setTimeout } from 'node:timers/promises'
import { rootToken, tokenOf } from '../dataset.ts'
import { startLatchkey } from '../processes.ts'
import { askRaw } from '../raw-client.ts'
import { type Bar, type Figure, type Findings, medianOf, ratiosOf, say } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds, storedDatabase } from '../stored.ts'
import {
  dayOf,
  hourOf,
  openRows,
  writeDays,
  writeHours,
  writeMarks,
  writeNames,
  writeSums,
} from '../usage-rows.ts'
import { verifyRequest } from './http.ts'

const historyDays = 30
const times = 10
const organization = 'organization-3'
const dayMs = 86_400_000
const [organizationMs, deploymentMs, rollUpMs] = [50, 300, 60_000]
const pacePerSecond = 2_000
const maxRollUpMs = 600_000

export async function measureUsageFigures(settings: Settings): Promise<Findings> {
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const found = await measureKind(settings, kind)
    figures.push(...found.figures)
    bars.push(...found.bars)
  }
  return {
    title: 'Usage of very many keys',
    figures,
    bars,
    notes: [
      `A twentieth of the keys is active in each hour; the rows are written past Latchkey. Each question is asked ten times, one after the other, after one that does not count. At first there are ${historyDays} days and the hours of the last ones, then ${historyDays * times} days. The overview is what the console's first page asks for: calls by hour, and the busiest keys and organizations.`,
      `The roll-up is of the 24 hours of one day, in pages, by the server's own job, while ${pacePerSecond.toLocaleString('en')} verifications a second are asked for on 64 connections; each is timed from when it was due. Alone: the same load without a roll-up.`,
      'The bytes of a row of an hour: on PostgreSQL of its table and index, on SQLite what the file grew by.',
    ],
  }
}

async function measureKind(settings: Settings, kind: DatabaseKind) {
  const { storedKeys, quick, large, rounds } = settings
  const keys = quick ? 10_000 : 1_000_000
  const hourDays = quick ? 2 : large ? 35 : 7
  const database = await storedDatabase(settings, kind, quick ? Math.max(...storedKeys) : keys)
  const [now, title] = [hourOf(Date.now()), `${kind}, ${keys.toLocaleString('en')} keys`]
  const [today, end] = [dayOf(now), now - 1]
  await using rows = await openRows(database)
  await writeNames(rows, keys)
  const before = await rows.bytesOf('usage_hours')
  const written = await writeHours(rows, keys, (today - hourDays) * 24, now + 1)
  const bytes = ((await rows.bytesOf('usage_hours')) - before) / written
  say(`${title}: ${written} rows of hours, ${bytes.toFixed(1)} bytes each`)
  await writeSums(rows, 'usage_hours', keys, (today - hourDays) * 24, end)
  await writeDays(rows, keys, today - historyDays, today)
  await writeMarks(rows, { closed: end, hours: end, days: today })
  await rows.settle()

  const asked = questions()
  const short = await askAll(database, asked)
  await writeDays(rows, keys, today - historyDays * times, today - historyDays)
  await rows.settle()
  const long = await askAll(database, asked)
  const figures = Object.keys(asked).flatMap((name): Figure[] => [
    { what: `${title}: ${name}`, unit: 'ms', values: short[name] as number[] },
    {
      what: `${title}: ${name}, ${historyDays * times} days stored`,
      unit: 'ms',
      values: long[name] as number[],
      beside: {
        what: `${historyDays} days`,
        ratios: [medianOf(long[name] as number[]) / medianOf(short[name] as number[])],
      },
    },
  ])
  const bar = (what: string, name: keyof typeof asked, bound: number): Bar => ({
    what: `${what} on ${kind}`,
    promised: `at most ${bound} ms`,
    beside: 'no floor',
    sense: 'at most',
    bound,
    unit: 'ms',
    values: short[name] as number[],
  })
  const bars = [
    bar('Usage of 30 days of an organization with 1,000 keys', ofOrganization, organizationMs),
    bar(`Usage of 30 days of ${keys.toLocaleString('en')} keys`, ofAll, deploymentMs),
    {
      ...bar(`The same when the history is ${times} times as long`, ofAll, 4),
      promised: 'at most 4 times',
      beside: `${historyDays} days`,
      unit: '×',
      values: ratiosOf([medianOf(long[ofAll] as number[])], [medianOf(short[ofAll] as number[])]),
    },
  ]

  // A day whose hours are rolled up anew: that it is in the sums already changes nothing of the work.
  const firstHour = (today - 1) * 24
  const rollUps: number[] = []
  const p99: { alone: number[]; amid: number[] } = { alone: [], amid: [] }
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    p99.alone.push((await verifyFor(database, settings)).p99Ms)
    await writeMarks(rows, { closed: firstHour + 24, hours: firstHour, days: today })
    const rolled = await rollUpUnderLoad(database, settings, {
      hasBegun: async () =>
        (await rows.read("select until + key from usage_marks where name = 'hours'")) > firstHour,
      isDone: async () =>
        (await rows.read("select until from usage_marks where name = 'hours'")) >= firstHour + 24,
    })
    rollUps.push(rolled.ms)
    p99.amid.push(rolled.p99Ms)
    say(`${title}: rolled up in ${Math.round(rolled.ms)} ms`)
  }
  const ratios = ratiosOf(p99.amid, p99.alone)
  figures.push(
    { what: `${title}: a row of an hour`, unit: 'bytes', values: [bytes] },
    { what: `${title}: roll-up of a day`, unit: 'ms', values: rollUps },
    { what: `${title}: p99 of POST verify at a pace`, unit: 'ms', values: p99.alone },
    {
      what: `${title}: p99 of POST verify at a pace, amid a roll-up`,
      unit: 'ms',
      values: p99.amid,
      beside: { what: 'alone', ratios },
    },
  )
  bars.push({
    what: `Roll-up of a day of ${keys.toLocaleString('en')} keys on ${kind}`,
    promised: 'at most a minute',
    beside: 'no floor',
    sense: 'at most',
    bound: rollUpMs,
    unit: 'ms',
    values: rollUps,
  })
  return { figures, bars }
}

const ofOrganization = '30 days of an organization, by day'
const ofAll = '30 days of all, by day'

function questions(): Record<string, string> {
  const ago = (days: number) =>
    new Date(Math.ceil((Date.now() - days * dayMs) / 3_600_000) * 3_600_000).toISOString()
  const [day, week, month] = [ago(1), ago(7), ago(30)]
  return {
    [ofOrganization]: `/v1/usage?organization_id=${organization}`,
    '30 days of an organization, its keys': `/v1/usage?organization_id=${organization}&by=total&group=key`,
    [ofAll]: '/v1/usage',
    'overview, calls of 24 hours': `/v1/usage?by=hour&since=${day}`,
    'overview, calls of 30 days': `/v1/usage?by=hour&since=${month}`,
    'overview, busiest keys of 24 hours': `/v1/usage?by=total&group=key&limit=5&since=${day}`,
    'overview, busiest keys of 7 days': `/v1/usage?by=total&group=key&limit=5&since=${week}`,
    'overview, busiest organizations of 24 hours': `/v1/usage?by=total&group=organization&limit=5&since=${day}`,
    'overview, busiest organizations of 30 days': `/v1/usage?by=total&group=organization&limit=5&since=${month}`,
  }
}

/** How many milliseconds the answers to each question took. */
async function askAll(database: string, asked: Record<string, string>): Promise<Record<string, number[]>> {
  await using server = await startLatchkey(database, {})
  const found: Record<string, number[]> = {}
  for (const [name, path] of Object.entries(asked)) {
    const values: number[] = []
    for (let i = 0; i <= 10; i++) {
      const startedAt = performance.now()
      const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${rootToken}` } })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${path} was answered with ${text}`)
      values.push(performance.now() - startedAt)
    }
    found[name] = values.slice(1)
    say(`${name}: ${medianOf(found[name]).toFixed(1)} ms`)
  }
  return found
}

const verifies = Array.from({ length: 1_000 }, (_, i) => verifyRequest(tokenOf(i)))

function verifyAt(url: string, seconds: number) {
  return askRaw({ url, requests: verifies, connections: 64, perSecond: pacePerSecond, seconds })
}

async function verifyFor(database: string, { loadSeconds }: Settings) {
  await using server = await startLatchkey(database, {})
  await verifyAt(server.url, 1)
  return await verifyAt(server.url, loadSeconds * 2)
}

interface RollUp {
  hasBegun(): Promise<boolean>
  isDone(): Promise<boolean>
}

/** Has a server roll up what its marks say, while it verifies: the job begins within a minute of the start. */
async function rollUpUnderLoad(database: string, { loadSeconds }: Settings, { hasBegun, isDone }: RollUp) {
  await using server = await startLatchkey(database, {})
  await verifyAt(server.url, 1)
  while (!(await hasBegun())) await setTimeout(20)
  const startedAt = performance.now()
  const ended = waitFor(isDone, startedAt)
  const { p99Ms } = await verifyAt(server.url, loadSeconds * 2)
  return { ms: await ended, p99Ms }
}

async function waitFor(isDone: () => Promise<boolean>, startedAt: number): Promise<number> {
  while (!(await isDone())) {
    if (performance.now() - startedAt > maxRollUpMs) throw new Error('The roll-up does not end.')
    await setTimeout(50)
  }
  return performance.now() - startedAt
}
