// What warm verification over HTTP notices of others' work on SQLite: keys being created, and a long list being read.
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { fillDatabase, inRandomOrder, rootToken } from '../dataset.ts'
import { loadServer } from '../load.ts'
import { startLatchkey } from '../processes.ts'
import { askRaw } from '../raw-client.ts'
import { type Bar, type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { createRequest } from './creation.ts'
import { verifyRequest } from './http.ts'

const createdPerSecond = 200
const pacePerSecond = 2_000
const connections = 64
const loads = { full: 'at full load', pace: `at ${pacePerSecond.toLocaleString('en')} a second` }
const works = {
  quiet: 'alone',
  creating: `${createdPerSecond} keys a second created`,
  listing: 'a list of 100,000 read page by page',
}
type Load = keyof typeof loads
type Work = keyof typeof works

export async function measureCalm(settings: Settings): Promise<Findings> {
  const { folder, warmKeys, loadSeconds, rounds } = settings
  const database = `sqlite:${join(folder, 'calm.db')}`
  await fillDatabase(database, warmKeys)
  await using server = await startLatchkey(database, { log: join(folder, 'calm.log') })
  const { url } = server
  const requests = inRandomOrder(warmKeys).slice(0, 1_000).map(verifyRequest)

  const p99: Record<Load, () => Promise<number>> = {
    full: async () => (await loadServer(url, requests, loadSeconds, connections)).p99Ms,
    pace: async () =>
      (await askRaw({ url, requests, connections, perSecond: pacePerSecond, seconds: loadSeconds })).p99Ms,
  }
  const meanwhile: Record<Work, (measure: () => Promise<number>) => Promise<number>> = {
    quiet: (measure) => measure(),
    creating: async (measure) => {
      // Longer than what it is to disturb.
      const order = { connections: 16, perSecond: createdPerSecond, seconds: loadSeconds + 1 }
      const creating = askRaw({ url, requests: [createRequest], ...order })
      const value = await measure()
      await creating
      return value
    },
    listing: async (measure) => {
      const reader = readLists(url)
      const value = await measure()
      await reader.stop()
      return value
    },
  }
  const turns = Object.fromEntries(
    (Object.keys(loads) as Load[]).flatMap((load) =>
      (Object.keys(works) as Work[]).map((work) => [`${load} ${work}`, () => meanwhile[work](p99[load])]),
    ),
  ) as Record<`${Load} ${Work}`, () => Promise<number>>
  const values = await takeTurns(rounds, turns)

  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const load of Object.keys(loads) as Load[]) {
    const quiet = values[`${load} quiet`]
    for (const work of Object.keys(works) as Work[]) {
      const ratios = ratiosOf(values[`${load} ${work}`], quiet)
      const what = `p99 of POST verify ${loads[load]}: ${works[work]}`
      const figure = { what, unit: 'ms', values: values[`${load} ${work}`] }
      figures.push(work === 'quiet' ? figure : { ...figure, beside: { what: 'alone', ratios } })
      if (work === 'quiet') continue
      bars.push({
        what: `p99 of warm verification over HTTP ${loads[load]}, ${works[work]}`,
        promised: 'at most 3 times',
        beside: 'the p99 alone',
        sense: 'at most',
        bound: 3,
        unit: '×',
        values: ratios,
      })
    }
  }
  return {
    title: 'Calm under others’ work, on SQLite',
    figures,
    bars,
    notes: [
      `${connections} connections. At full load they ask as fast as they are answered, so that requests wait for each other and little more is noticed; at a pace each request is timed from when it was due. The list is read a hundred keys a page, each page as soon as the last one has come. All of it shares two processors.`,
    ],
  }
}

/** Reads a list from its first page to its last, again and again. */
function readLists(url: string): { stop: () => Promise<void> } {
  let stopped = false
  const first = '/v1/keys?status=all&limit=100'
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const reading = (async () => {
    let path = first
    while (!stopped) path = (await readPage(url + path, agent)) ?? first
    agent.destroy()
  })()
  return {
    stop: () => {
      stopped = true
      return reading
    },
  }
}

/** Reads a page; resolves with the next one's path, if there is one. */
function readPage(url: string, agent: Agent): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${rootToken}` } }, (incoming) => {
      if (incoming.statusCode !== 200) reject(new Error(`A page was answered with ${incoming.statusCode}.`))
      incoming.resume()
      incoming.on('end', () => resolve(/<([^>]+)>; rel="next"/.exec(String(incoming.headers.link))?.[1]))
    }).on('error', reject)
  })
}
