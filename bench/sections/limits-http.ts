// Over HTTP, with limits: verification with a rate beside the same without; and what a call costs that reserves units and
// settles them, beside plain changes of keys.
import { join } from 'node:path'
import { createDatabase, fillDatabase, inRandomOrder } from '../dataset.ts'
import { ampleLimits } from '../limits.ts'
import { loader, loadMeasured } from '../load.ts'
import { processorTimeOf, type ServerProcess, serverCore, startLatchkey } from '../processes.ts'
import { type Bar, type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { askInSteps } from '../step-client.ts'
import { databaseKinds } from '../stored.ts'
import { verifyRequest } from './http.ts'

/** Different tokens that are asked about, in turn. */
const askedAbout = 1_000
/** Clients that reserve and settle, or change keys. */
const clients = 16
const sealingKey = Buffer.alloc(32, 'latchkey bench').toString('base64')

export async function measureLimitsHttp(settings: Settings): Promise<Findings> {
  const verifying = await measureVerify(settings)
  const figures = [...verifying.figures]
  const bars = [...verifying.bars]
  for (const kind of databaseKinds) {
    const settling = await measureSettle(settings, kind)
    figures.push(...settling.figures)
    bars.push(...settling.bars)
  }
  return {
    title: 'Over HTTP, with limits',
    figures,
    bars,
    notes: [
      `Verification: one process on one processor, \`${loader}\` with 64 connections on the other, ${askedAbout} keys in turn, on SQLite, whose rate of 10^9 a minute refuses nothing. Processor time is what the process used, user and system, by /proc.`,
      `Reserve and settle: a client asks POST verify for a reservation of 10 units of a quota, and then settles it by POST /v1/settlements at 7; a pair is two requests, one after the other. ${clients} clients, on as many connections, beside as many that change the name of a key by PATCH, by the same client program. A settlement is a durable transaction, and so is a change of a key; a reservation writes nothing.`,
    ],
  }
}

async function measureVerify({ folder, warmKeys, loadSeconds, rounds }: Settings) {
  const requests = inRandomOrder(warmKeys).slice(0, askedAbout).map(verifyRequest)
  const log = join(folder, 'limits-http.log')
  const start = async (name: string, limits: typeof ampleLimits) => {
    const database = `sqlite:${join(folder, `${name}.db`)}`
    await fillDatabase(database, warmKeys, limits)
    return startLatchkey(database, { core: serverCore, log })
  }
  await using plain = await start('http-no-limits', [])
  await using limited = await start('http-limits', ampleLimits.slice(0, 1))
  const spent = { plain: [] as number[], limited: [] as number[] }
  const load = (name: keyof typeof spent, server: ServerProcess) => async () => {
    const { microseconds, requestsPerSecond } = await loadMeasured(server, requests, loadSeconds)
    spent[name].push(microseconds)
    return requestsPerSecond
  }
  const values = await takeTurns(rounds, { plain: load('plain', plain), limited: load('limited', limited) })
  for (const name of ['plain', 'limited'] as const) spent[name].shift()
  const what = { plain: 'POST verify, no limits', limited: 'POST verify, a rate' }
  const ratios = ratiosOf(values.limited, values.plain)
  const figures: Figure[] = [
    { what: what.plain, unit: 'requests a second', values: values.plain },
    {
      what: what.limited,
      unit: 'requests a second',
      values: values.limited,
      beside: { what: what.plain, ratios },
    },
    { what: `${what.plain}, processor time`, unit: 'µs a request', values: spent.plain },
    {
      what: `${what.limited}, processor time`,
      unit: 'µs a request',
      values: spent.limited,
      beside: { what: what.plain, ratios: ratiosOf(spent.limited, spent.plain) },
    },
  ]
  const bars: Bar[] = [
    {
      what: 'POST verify over HTTP with a rate, requests a second',
      promised: 'at least 0.9 of the same without',
      beside: 'keys without limits, another process',
      sense: 'at least',
      bound: 0.9,
      unit: '',
      values: ratios,
    },
  ]
  return { figures, bars }
}

async function measureSettle({ folder, postgresUrl, rounds, settlements }: Settings, kind: string) {
  const database =
    kind === 'SQLite' ? `sqlite:${join(folder, 'settle.db')}` : await createDatabase(postgresUrl, 'settle')
  await fillDatabase(database, askedAbout, ampleLimits)
  const env = { LATCHKEY_SEALING_KEYS: sealingKey }
  await using server = await startLatchkey(database, { env, log: join(folder, 'settle.log') })
  const spent = { update: [] as number[], pair: [] as number[] }
  const turn = (steps: keyof typeof spent) => async () => {
    const before = processorTimeOf(server.pid) ?? Number.NaN
    const { done, seconds } = await askInSteps({
      url: server.url,
      steps,
      clients,
      count: settlements,
      keys: askedAbout,
    })
    spent[steps].push(((processorTimeOf(server.pid) ?? Number.NaN) - before) / done)
    return done / seconds
  }
  const values = await takeTurns(rounds, { updates: turn('update'), pairs: turn('pair') })
  for (const steps of ['update', 'pair'] as const) spent[steps].shift()
  const ratios = ratiosOf(values.pairs, values.updates)
  const [update, pair] = [`${kind}: PATCH of a key`, `${kind}: reserved and settled`]
  const figures: Figure[] = [
    { what: update, unit: 'a second', values: values.updates },
    { what: pair, unit: 'pairs a second', values: values.pairs, beside: { what: 'PATCH of a key', ratios } },
    { what: `${update}, processor time`, unit: 'µs a request', values: spent.update },
    {
      what: `${pair}, processor time`,
      unit: 'µs a pair',
      values: spent.pair,
      beside: { what: 'PATCH of a key', ratios: ratiosOf(spent.pair, spent.update) },
    },
  ]
  const bars: Bar[] = [
    {
      what: `Reserve and settle over HTTP by ${clients} clients on ${kind}, pairs`,
      promised: 'at least 0.5 of plain key updates',
      beside: 'PATCH of a key, a request each; a pair is two requests',
      sense: 'at least',
      bound: 0.5,
      unit: '',
      values: ratios,
    },
  ]
  return { figures, bars }
}
