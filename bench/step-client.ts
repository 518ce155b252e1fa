// Clients whose second request needs the answer to the first: they reserve units and settle them, or change a key. Started by
// `askInSteps` in a process of its own, with its order as JSON on standard input.
import { execFile } from 'node:child_process'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { idOf, rootToken, tokenOf } from './dataset.ts'
import { clientCore, onCore } from './processes.ts'

export interface StepOrder {
  url: string
  /** A change of a key; or a reservation, and its settlement. */
  steps: 'update' | 'pair'
  /** Each on a connection of its own. */
  clients: number
  /** How often all of them together take the steps. */
  count: number
  /** How many keys there are. */
  keys: number
}

export interface StepsDone {
  done: number
  seconds: number
}

/** Takes the steps so often, and throws if a request is refused. */
export async function askInSteps(order: StepOrder): Promise<StepsDone> {
  const asking = promisify(execFile)(...onCore(clientCore, [process.execPath, import.meta.filename]))
  asking.child.stdin?.end(JSON.stringify(order))
  return JSON.parse((await asking).stdout)
}

async function run({ url, steps, clients, count, keys }: StepOrder): Promise<StepsDone> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  let next = 0
  const ask = (method: string, path: string, body: object) =>
    send(agent, url + path, method, JSON.stringify(body))
  const take = {
    update: (number: number) => ask('PATCH', `/v1/keys/${idOf(number % keys)}`, { name: `Key ${number}` }),
    pair: async (number: number) => {
      const key = tokenOf(number % keys)
      const verdict = await ask('POST', '/v1/keys/verify', {
        key,
        cost: { credits: 10 },
        reserve_seconds: 60,
      })
      const { reservation } = JSON.parse(verdict)
      await ask('POST', '/v1/settlements', { reservation, cost: { credits: 7 } })
    },
  }[steps]
  const start = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < count) await take(next++)
    }),
  )
  const seconds = (performance.now() - start) / 1000
  agent.destroy()
  return { done: count, seconds }
}

/** Sends a request, and resolves with the body of its answer. */
function send(agent: Agent, url: string, method: string, body: string): Promise<string> {
  const headers = {
    authorization: `Bearer ${rootToken}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((done, fail) => {
    const outgoing = request(url, { method, agent, headers }, (incoming) => {
      let answer = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk
      })
      incoming.on('end', () =>
        incoming.statusCode === 200 ? done(answer) : fail(new Error(`${method} ${url}: ${answer}`)),
      )
    })
    outgoing.on('error', fail)
    outgoing.end(body)
  })
}

if (process.argv[1] === import.meta.filename)
  console.log(JSON.stringify(await run(JSON.parse(await text(process.stdin)))))
