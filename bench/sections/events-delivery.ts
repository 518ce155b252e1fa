// How soon a webhook hears of a change, and what a dead and a slow receiver cost the others.
import { join } from 'node:path'
import { createDatabase } from '../dataset.ts'
import { type ServerProcess, serverCore } from '../processes.ts'
import { askRaw } from '../raw-client.ts'
import { type Bar, type Figure, type Findings, quantileOf, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds } from '../stored.ts'
import { call, createWebhook, type Receiver, startReceiver, startSending } from '../webhooks.ts'
import { createRequest, prepareCreation } from './creation.ts'

const clients = 16
const healthy = 18
const [quietPace, busyPace] = [10, 500]

export async function measureEventsDelivery(settings: Settings): Promise<Findings> {
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const database =
      kind === 'SQLite'
        ? `sqlite:${join(settings.folder, 'delivery.db')}`
        : await createDatabase(settings.postgresUrl, 'delivery')
    await prepareCreation(database)
    await using receiver = await startReceiver()
    await using server = await startSending(database, {
      core: serverCore,
      log: join(settings.folder, 'delivery.log'),
    })
    for (const found of [
      await measureDelays(settings, kind, server, receiver),
      await measureMany(settings, kind, server, receiver),
    ]) {
      figures.push(...found.figures)
      bars.push(...found.bars)
    }
  }
  return {
    title: 'Delivering events to webhooks',
    figures,
    bars,
    notes: [
      'From the time that an event tells, which is when its change was made, to the arrival of the first attempt; receiver and clients are on one processor, the server on the other.',
      `Many: as many keys are made while all webhooks are disabled; then they are enabled, and the time counts until the last message has come to each of the ${healthy}. The dead receiver refuses connections, the slow one takes 10 s for each answer.`,
    ],
  }
}

async function measureDelays(
  { quick, rounds }: Settings,
  kind: DatabaseKind,
  server: ServerProcess,
  receiver: Receiver,
) {
  const hook = '/delays'
  const id = await createWebhook(server, `${receiver.url}${hook}`)
  const p99 = (perSecond: number, seconds: number) => async () => {
    await receiver.forget()
    const { answered } = await askRaw({
      ...{ url: server.url, requests: [createRequest], connections: clients, perSecond, seconds },
    })
    await receiver.has(answered, [hook])
    return quantileOf((await receiver.received()).delaysMs, 0.99)
  }
  const values = await takeTurns(rounds, {
    quiet: p99(quietPace, quick ? 2 : 15),
    busy: p99(busyPace, quick ? 2 : 10),
  })
  await call(server, 'DELETE', `/v1/webhooks/${id}`)
  const load = (pace: number) => `${pace} changes a second`
  const figures: Figure[] = [
    { what: `${kind}: p99 from change to attempt, ${load(quietPace)}`, unit: 'ms', values: values.quiet },
    { what: `${kind}: p99 from change to attempt, ${load(busyPace)}`, unit: 'ms', values: values.busy },
  ]
  const barOf = (pace: number, bound: number, values: number[]): Bar => ({
    ...{ what: `From change to first attempt, p99, ${load(pace)}, ${kind}`, promised: `at most ${bound} ms` },
    ...{ beside: 'no floor', sense: 'at most', bound, unit: 'ms', values },
  })
  return { figures, bars: [barOf(quietPace, 1_000, values.quiet), barOf(busyPace, 5_000, values.busy)] }
}

async function measureMany(
  { quick, rounds }: Settings,
  kind: DatabaseKind,
  server: ServerProcess,
  receiver: Receiver,
) {
  const count = quick ? 100 : 5_000
  const paths = Array.from({ length: healthy }, (_, i) => `/healthy-${i}`)
  const ids = await Promise.all(paths.map((path) => createWebhook(server, `${receiver.url}${path}`)))
  const ill = [
    // Nobody listens there.
    await createWebhook(server, 'http://127.0.0.1:9/'),
    await createWebhook(server, `${receiver.url}/slow`),
  ]
  const enable = (some: readonly string[], change: object) =>
    Promise.all(some.map((id) => call(server, 'PATCH', `/v1/webhooks/${id}`, change)))
  await enable([...ids, ...ill], { enabled: false })
  const seconds = (some: readonly string[]) => async () => {
    await receiver.forget()
    await enable(some, { enabled: true, resume_from: 'now' })
    await enable(some, { enabled: false })
    await askRaw({ url: server.url, requests: [createRequest], connections: clients, count })
    const begunAt = performance.now()
    await enable(some, { enabled: true, resume_from: 'stopped' })
    await receiver.has(count, paths)
    const took = (performance.now() - begunAt) / 1000
    await enable(some, { enabled: false })
    return took
  }
  const values = await takeTurns(rounds, { alone: seconds(ids), beside: seconds([...ids, ...ill]) })
  const ratios = ratiosOf(values.beside, values.alone)
  const what = `${kind}: ${(count * healthy).toLocaleString('en')} messages to ${healthy} receivers`
  const figures: Figure[] = [
    { what, unit: 's', values: values.alone },
    {
      what: `${what}, beside a dead and a slow one`,
      unit: 's',
      values: values.beside,
      beside: { what: 'without these', ratios },
    },
  ]
  const bars: Bar[] = [
    {
      what: `${healthy} receivers beside a dead and a slow one, ${kind}`,
      promised: 'at most 1.2 times',
      beside: 'the time without these two',
      sense: 'at most',
      bound: 1.2,
      unit: '×',
      values: ratios,
    },
  ]
  return { figures, bars }
}
