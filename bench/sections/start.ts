// How soon a server gives its first verdict, with many keys stored.
import { Agent, request } from 'node:http'
import { tokenOf } from '../dataset.ts'
import { startLatchkey } from '../processes.ts'
import { type Bar, type Figure, type Findings, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { databaseKinds, storedDatabase } from '../stored.ts'
import { verifyRequest } from './http.ts'

export async function measureStart(settings: Settings): Promise<Findings> {
  const count = settings.storedKeys[1] as number
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const database = await storedDatabase(settings, kind, count)
    const fromStart: number[] = []
    let asked = 0
    const { first: values } = await takeTurns(settings.rounds, {
      first: async () => {
        const begun = performance.now()
        await using server = await startLatchkey(database, {})
        await askFirst(server.url, tokenOf(asked++))
        fromStart.push(performance.now() - begun)
        return performance.now() - server.servesAt
      },
    })
    const of = `${kind}, ${count.toLocaleString('en')} keys`
    figures.push(
      { what: `${of}: from serving to the first verdict`, unit: 'ms', values },
      {
        what: `${of}: from the start of the process to the first verdict`,
        unit: 'ms',
        values: fromStart.slice(1),
      },
    )
    bars.push({
      what: `Start to first verdict, ${count.toLocaleString('en')} keys on ${kind}`,
      promised: 'at most 500 ms after the process serves',
      beside: 'no floor',
      sense: 'at most',
      bound: 500,
      unit: 'ms',
      values,
    })
  }
  return {
    title: 'Start',
    figures,
    bars,
    notes: [
      'Until the answer to a POST verify over HTTP has come, of a key that the process has never seen. Nothing is read ahead.',
    ],
  }
}

/** Asks for one verdict on a connection of its own; resolves when the answer is there, and throws unless it is valid. */
function askFirst(url: string, token: string): Promise<void> {
  const { method, path, headers = {}, body } = verifyRequest(token)
  return new Promise((resolve, reject) => {
    const outgoing = request(url + path, { method, headers, agent: new Agent() }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      incoming.on('end', () => (JSON.parse(text).valid ? resolve() : reject(new Error(text))))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
