// Webhooks that are measured: a server that may send to this machine, and a receiver in a process of its own.
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { rootToken } from './dataset.ts'
import { clientCore, type ServerProcess, type StartOptions, startLatchkey, startOther } from './processes.ts'
import type { ReceivedMessages } from './servers/receiver.ts'

/** How long a receiver takes that is slow. */
const slowMs = 10_000
const lookEveryMs = 20
const patienceMs = 120_000

/** Starts a server with a keyring, whose webhooks may go to this machine. */
export function startSending(database: string, options: StartOptions = {}): Promise<ServerProcess> {
  const env = {
    LATCHKEY_SEALING_KEYS: randomBytes(32).toString('base64'),
    LATCHKEY_WEBHOOK_NETWORKS: '127.0.0.0/8',
    ...options.env,
  }
  return startLatchkey(database, { ...options, env })
}

/** A receiver, and what has come to it. */
export interface Receiver extends AsyncDisposable {
  url: string
  received(): Promise<ReceivedMessages>
  forget(): Promise<void>
  /** Waits until so many messages have come to each of some paths; throws where they do not. */
  has(count: number, paths: readonly string[]): Promise<void>
}

export async function startReceiver(): Promise<Receiver> {
  const server = await startOther('receiver', [String(slowMs)], { core: clientCore })
  const received = async () => (await fetch(`${server.url}/received`)).json() as Promise<ReceivedMessages>
  return {
    url: server.url,
    received,
    forget: async () => {
      await fetch(`${server.url}/forget`, { method: 'POST' })
    },
    has: async (count, paths) => {
      for (const endsAt = Date.now() + patienceMs; Date.now() < endsAt; await setTimeout(lookEveryMs)) {
        const { counts } = await received()
        if (paths.every((path) => (counts[path] ?? 0) >= count)) return
      }
      throw new Error(`Not all messages came: ${JSON.stringify((await received()).counts)}.`)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Calls the management API as the root key; returns what it answers. Throws where that is no success. */
export async function call<Answer>(
  { url }: Pick<ServerProcess, 'url'>,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Answer
}

/** Makes a webhook of created keys; returns its id. */
export async function createWebhook(server: ServerProcess, url: string): Promise<string> {
  const { id } = await call<{ id: string }>(server, 'POST', '/v1/webhooks', { url, events: ['key.created'] })
  return id
}
