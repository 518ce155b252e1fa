// Keys created over HTTP, each told to a webhook, beside keys whose events are neither sealed nor told.
import { join } from 'node:path'
import { createDatabase } from '../dataset.ts'
import { processorTimeOf, type ServerProcess, serverCore } from '../processes.ts'
import { askRaw } from '../raw-client.ts'
import { type Bar, type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { databaseKinds } from '../stored.ts'
import { createWebhook, startReceiver, startSending } from '../webhooks.ts'
import { createRequest, prepareCreation } from './creation.ts'

const clients = 16
const hook = '/hook'
/** So many times as long as a turn of creations alone: a sealer that falls behind shows. */
const longer = 4

export async function measureEventsCreation(settings: Settings): Promise<Findings> {
  const { folder, postgresUrl, rounds } = settings
  const creations = settings.creations * longer
  const unsealed = `--import=${join(import.meta.dirname, '../preloads/unsealed.ts')}`
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const prepare = async (name: string) => {
      const database =
        kind === 'SQLite'
          ? `sqlite:${join(folder, `events-${name}.db`)}`
          : await createDatabase(postgresUrl, `events_${name}`)
      await prepareCreation(database)
      return database
    }
    await using receiver = await startReceiver()
    const start = { core: serverCore, log: join(folder, 'events.log') }
    await using bare = await startSending(await prepare('bare'), {
      ...start,
      env: { NODE_OPTIONS: unsealed },
    })
    await using sealing = await startSending(await prepare('sealed'), start)
    await createWebhook(sealing, `${receiver.url}${hook}`)
    const spent = { bare: [] as number[], sealed: [] as number[] }
    const behind: number[] = []
    const create = async ({ url }: ServerProcess) => {
      const { answered, seconds } = await askRaw({
        ...{ url, requests: [createRequest], connections: clients, count: creations },
      })
      return answered / seconds
    }
    const measured = async (name: keyof typeof spent, server: ServerProcess, settle: () => Promise<void>) => {
      const before = processorTimeOf(server.pid) ?? Number.NaN
      const rate = await create(server)
      await settle()
      spent[name].push(((processorTimeOf(server.pid) ?? Number.NaN) - before) / creations)
      return rate
    }
    const values = await takeTurns(rounds, {
      bare: () => measured('bare', bare, async () => {}),
      sealed: async () => {
        await receiver.forget()
        return measured('sealed', sealing, async () => {
          behind.push(creations - ((await receiver.received()).counts[hook] ?? 0))
          await receiver.has(creations, [hook])
        })
      },
    })
    for (const turns of [spent.bare, spent.sealed, behind]) turns.shift()
    const ratios = ratiosOf(values.sealed, values.bare)
    const beside = 'neither sealed nor told'
    figures.push(
      { what: `${kind}: keys created, ${beside}`, unit: 'a second', values: values.bare },
      {
        what: `${kind}: keys created, sealed and told to a webhook`,
        unit: 'a second',
        values: values.sealed,
        beside: { what: beside, ratios },
      },
      { what: `${kind}: processor time, ${beside}`, unit: 'µs a key', values: spent.bare },
      {
        what: `${kind}: processor time with sealing and delivery`,
        unit: 'µs a key',
        values: spent.sealed,
        beside: { what: beside, ratios: ratiosOf(spent.sealed, spent.bare) },
      },
      { what: `${kind}: not delivered when the last key was made`, unit: 'messages', values: behind },
    )
    bars.push({
      what: `Keys created over HTTP with sealing and a webhook, ${kind}`,
      promised: 'at least 0.8 of the same without',
      beside: 'the same keys, whose events are neither sealed nor told',
      sense: 'at least',
      bound: 0.8,
      unit: '',
      values: ratios,
    })
  }
  return {
    title: 'Creating keys, with the sealed log and a webhook',
    figures,
    bars,
    notes: [
      `${creations.toLocaleString('en')} keys a turn, by ${clients} clients on one processor, where the receiver is too; the server has the other. Processor time is counted until the last message is delivered. Without: \`bench/preloads/unsealed.ts\` queues no event, so nothing is sealed and no webhook hears of it.`,
    ],
  }
}
