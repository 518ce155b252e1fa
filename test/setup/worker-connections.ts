// Speaks to chosen workers of a service: a kept connection stays with the worker that it came to.
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { type ServeProcess, tokensIn } from './command.ts'

export interface WorkerAnswer<Json = Record<string, unknown>> {
  /** The HTTP status, or the code of what went wrong on the way. */
  status: number | string
  json: Json
  text: string
  requestId: string
}

/** A connection of one's own to a service, as its first root key. */
export interface Connection {
  send<Json>(method: string, path: string, body?: object): Promise<WorkerAnswer<Json>>
  /** The process id of the worker that it leads to. */
  worker(): Promise<number>
  close(): void
}

export function connectTo(server: ServeProcess, token = tokensIn(server.stdout())[0] as string): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = <Json>(method: string, path: string, body?: object) =>
    new Promise<WorkerAnswer<Json>>((done) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const fail = (error: NodeJS.ErrnoException) =>
        done({ status: error.code ?? error.message, json: null as Json, text: '', requestId: '' })
      const outgoing = request(server.url + path, { agent, method, headers }, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        incoming.once('error', fail)
        incoming.once('end', () => {
          const isJson = incoming.headers['content-type']?.includes('json')
          const json = (isJson ? JSON.parse(text) : null) as Json
          const requestId = String(incoming.headers['x-request-id'])
          done({ status: incoming.statusCode ?? 0, json, text, requestId })
        })
      })
      outgoing.once('error', fail)
      outgoing.end(body && JSON.stringify(body))
    })
  return {
    send,
    worker: async () => {
      const { requestId } = await send('GET', '/healthz')
      return (await logged(server, ({ request_id }) => request_id === requestId)).worker as number
    },
    close: () => agent.destroy(),
  }
}

/** Connects to two different workers. */
export async function connectToTwo(server: ServeProcess): Promise<[Connection, Connection]> {
  const first = connectTo(server)
  const worker = await first.worker()
  for (;;) {
    const second = connectTo(server)
    if ((await second.worker()) !== worker) return [first, second]
    second.close()
  }
}

/** Waits until a line of the log is like this. */
export async function logged(
  server: ServeProcess,
  isIt: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  for (;;) {
    const line = logOf(server).find(isIt)
    if (line) return line
    await setTimeout(20)
  }
}

/** The whole lines of the log so far. */
export function logOf(server: ServeProcess): Record<string, unknown>[] {
  const lines = server.stderr().split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
