// What counting costs a verification: in the process and over HTTP, beside the same without it.
import { join } from 'node:path'
import { costRatios, startContestant, turnsOf } from '../contestants.ts'
import { fillDatabase, inRandomOrder, placeOf } from '../dataset.ts'
import { type LoadRequest, loader, loadMeasured } from '../load.ts'
import { type ServerProcess, serverCore, startLatchkey } from '../processes.ts'
import { type Bar, type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { verifyRequest } from './http.ts'

/** Different tokens that are asked about over HTTP, in turn. */
const askedAbout = 1_000
const withoutCounting = 'the same without counting, in another process'

export async function measureUsageVerify(settings: Settings): Promise<Findings> {
  const inProcess = await measureInProcess(settings)
  const overHttp = await measureOverHttp(settings)
  return {
    title: 'Counting, on the way of a verification',
    figures: [...inProcess.figures, ...overHttp.figures],
    bars: [...inProcess.bars, ...overHttp.bars],
    notes: [
      'Counted: the calls by key, hour and code, and by what they have in common (permissions, address, user agent, operation). The same without counting: `bench/uncounted.ts` takes it out of the way of a verification; last uses are noted and written by both. With a place, each call gives a context of its own object, and each key is used from one address. Every ten seconds what was counted is written, by the process itself, within the time that is measured.',
      `Over HTTP: one process on one processor, \`${loader}\` with 64 connections on the other, ${askedAbout} keys in turn, on SQLite. Processor time is what the process used, user and system, by /proc.`,
    ],
  }
}

async function measureInProcess({ folder, warmKeys, rounds, turnMs }: Settings) {
  const path = (name: string) => join(folder, `usage-${name}.db`)
  const keys = String(warmKeys)
  const start = async (name: string, ...mode: string[]) => {
    await fillDatabase(`sqlite:${path(name)}`, warmKeys)
    return startContestant('latchkey', `sqlite:${path(name)}`, keys, ...mode)
  }
  await using bare = await start('uncounted', 'uncounted')
  await using counted = await start('counted')
  await using bareWithPlace = await start('uncounted-placed', 'uncounted,placed')
  await using placed = await start('placed', 'placed')
  const contestants = { bare, counted, bareWithPlace, placed }
  const names = {
    bare: 'verifyCached, a permission, without counting',
    counted: 'verifyCached, a permission',
    bareWithPlace: 'verifyCached, a permission and a place, without counting',
    placed: 'verifyCached, a permission and a place',
  }
  type Name = keyof typeof names
  const taking = Object.fromEntries(
    Object.entries(contestants).map(([name, contestant]) => [name, turnsOf(contestant, turnMs)]),
  ) as Record<Name, ReturnType<typeof turnsOf>>
  const values = await takeTurns(
    rounds,
    Object.fromEntries(Object.entries(taking).map(([name, { turn }]) => [name, turn])) as Record<
      Name,
      () => Promise<number>
    >,
  )
  const besideOf = { counted: 'bare', placed: 'bareWithPlace' } as const
  const figures = (Object.keys(names) as Name[]).flatMap((name): Figure[] => {
    const beside = name in besideOf ? besideOf[name as keyof typeof besideOf] : undefined
    const rate: Figure = { what: names[name], unit: 'a second', values: values[name] }
    const cost: Figure = {
      what: `${names[name]}, processor time`,
      unit: 'µs a call',
      values: taking[name].shown.microseconds,
    }
    if (beside === undefined) return [rate, cost]
    return [
      { ...rate, beside: { what: names[beside], ratios: ratiosOf(values[name], values[beside]) } },
      {
        ...cost,
        beside: { what: names[beside], ratios: costRatios(taking[name].shown, taking[beside].shown) },
      },
    ]
  })
  const bars: Bar[] = [
    {
      what: `In process, warm, with counting, a permission and a place, ${warmKeys.toLocaleString('en')} keys in random order`,
      promised: 'at least 0.85 of the same without counting',
      beside: withoutCounting,
      sense: 'at least',
      bound: 0.85,
      unit: '',
      values: ratiosOf(values.placed, values.bareWithPlace),
    },
  ]
  return { figures, bars }
}

async function measureOverHttp({ folder, warmKeys, loadSeconds, rounds }: Settings) {
  const database = `sqlite:${join(folder, 'usage-http.db')}`
  await fillDatabase(database, warmKeys)
  const tokens = inRandomOrder(warmKeys).slice(0, askedAbout)
  const plain = tokens.map(verifyRequest)
  const placed = tokens.map(placedRequest)
  const log = join(folder, 'usage-http.log')
  const uncounted = `--import=${join(import.meta.dirname, '../preloads/uncounted.ts')}`
  await using counting = await startLatchkey(database, { core: serverCore, log })
  await using bare = await startLatchkey(database, {
    core: serverCore,
    log,
    env: { NODE_OPTIONS: uncounted },
  })
  const names = {
    bare: 'POST verify, without counting',
    counted: 'POST verify',
    bareWithPlace: 'POST verify with a context, without counting',
    placed: 'POST verify with a context',
  }
  type Name = keyof typeof names
  const spent: Record<Name, number[]> = { bare: [], counted: [], bareWithPlace: [], placed: [] }
  const load = (name: Name, server: ServerProcess, requests: readonly LoadRequest[]) => async () => {
    const { microseconds, requestsPerSecond } = await loadMeasured(server, requests, loadSeconds)
    spent[name].push(microseconds)
    return requestsPerSecond
  }
  const values = await takeTurns(rounds, {
    bare: load('bare', bare, plain),
    counted: load('counted', counting, plain),
    bareWithPlace: load('bareWithPlace', bare, placed),
    placed: load('placed', counting, placed),
  })
  for (const turns of Object.values(spent)) turns.shift()
  const besideOf = { counted: 'bare', bareWithPlace: 'bare', placed: 'counted' } as const
  const figures = (Object.keys(names) as Name[]).flatMap((name): Figure[] => {
    const beside = name in besideOf ? besideOf[name as keyof typeof besideOf] : undefined
    const rate: Figure = { what: names[name], unit: 'requests a second', values: values[name] }
    const cost: Figure = {
      what: `${names[name]}, processor time`,
      unit: 'µs a request',
      values: spent[name],
    }
    if (beside === undefined) return [rate, cost]
    return [
      { ...rate, beside: { what: names[beside], ratios: ratiosOf(values[name], values[beside]) } },
      { ...cost, beside: { what: names[beside], ratios: ratiosOf(spent[name], spent[beside]) } },
    ]
  })
  const bars: Bar[] = [
    {
      what: 'POST verify over HTTP with counting, processor time a request',
      promised: 'at most 1 / 0.95 of the same without counting',
      beside: withoutCounting,
      sense: 'at most',
      bound: 1 / 0.95,
      unit: '×',
      values: ratiosOf(spent.counted, spent.bare),
    },
  ]
  return { figures, bars }
}

/** A request for a verdict, with the place of the key of a number. */
export function placedRequest(token: string, number: number): LoadRequest {
  const request = verifyRequest(token)
  const { ip, userAgent, operation } = placeOf(number)
  const context = { ip, user_agent: userAgent, operation }
  return { ...request, body: JSON.stringify({ ...JSON.parse(request.body ?? ''), context }) }
}
