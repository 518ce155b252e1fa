// Creates many keys over HTTP by many clients at once, on a server in a process of its own.
import { spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { resolve } from 'node:path'
import { generateToken } from '../../src/core/token.ts'

export interface Created {
  id: string
  key: string
  name: string
}

export interface Listed {
  id: string
  name: string
  hint: string
}

export interface ServerProcess extends AsyncDisposable {
  url: string
  rootKey: string
  pid: number
}

const main = resolve(import.meta.dirname, '../../src/cli/main.ts')

/** Starts `latchkey serve` on an empty database. `nodeFlags` are for a profiler. */
export async function startServerProcess(
  database: string,
  nodeFlags: readonly string[] = [],
): Promise<ServerProcess> {
  const rootKey = generateToken('re', (bytes) =>
    crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
  ).token
  const child = spawn(
    process.execPath,
    [...nodeFlags, main, 'serve', '--port', '0', '--database', database],
    {
      env: { PATH: process.env.PATH, LATCHKEY_ROOT_KEY: rootKey },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  let printed = ''
  const url = await new Promise<string>((ready, fail) => {
    ended.then(() => fail(new Error(`serve ended: ${printed}`)))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      const url = /^Latchkey serves (http:\S+)/m.exec(printed)?.[1]
      if (url) ready(url)
    })
  })
  return {
    url,
    rootKey,
    pid: child.pid as number,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/**
 * Creates an organization and `count` keys of it, each client on a connection of its own, and each key under an Idempotency-Key if
 * `isOnce`. Returns what was answered.
 */
export async function createManyKeys(
  server: ServerProcess,
  clients: number,
  count: number,
  isOnce = false,
): Promise<Created[]> {
  await post(server, new Agent(), '/v1/organizations', { id: 'acme', name: 'Acme' })
  const created: Created[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      while (next < count) {
        const body = { organization_id: 'acme', name: `key ${next++}`, permissions: ['emails:send'] }
        const idempotencyKey = isOnce ? `creation-${next}` : undefined
        created.push((await post(server, agent, '/v1/keys', body, idempotencyKey)) as Created)
      }
      agent.destroy()
    }),
  )
  return created
}

/** Lists every key of the organization, page by page, by the links that the server gives. */
export async function listAllKeys(server: ServerProcess): Promise<Listed[]> {
  const keys: Listed[] = []
  let path: string | undefined = '/v1/keys?organization_id=acme&status=all&limit=1000'
  let address = server.url
  while (path !== undefined) {
    const response: Response = await fetch(new URL(path, address), {
      headers: { authorization: `Bearer ${server.rootKey}` },
    })
    keys.push(...((await response.json()) as Listed[]))
    address = response.url
    path = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
  }
  return keys
}

function post(
  server: ServerProcess,
  agent: Agent,
  path: string,
  body: unknown,
  idempotencyKey?: string,
): Promise<unknown> {
  return new Promise((answer, fail) => {
    const headers = {
      authorization: `Bearer ${server.rootKey}`,
      'content-type': 'application/json',
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    }
    const outgoing = request(new URL(path, server.url), { method: 'POST', agent, headers }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      incoming.on('end', () =>
        incoming.statusCode === 200
          ? answer(JSON.parse(text))
          : fail(new Error(`${incoming.statusCode}: ${text}`)),
      )
      incoming.on('error', fail)
    })
    outgoing.on('error', fail)
    outgoing.end(JSON.stringify(body))
  })
}
