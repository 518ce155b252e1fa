// A receiver of webhooks, which checks each message as its makers say, by their own library.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook as Verifier } from 'standardwebhooks'
import { onTestFinished } from 'vitest'

/** What is sent of an event. */
interface Message {
  type: string
  timestamp: string
  data: {
    event: Record<string, unknown> & { at: string; sequence: number }
    key: Record<string, unknown> & { name: string; hint: string }
  }
}

/** A message that was received. */
export interface Received {
  id: string
  path: string
  headers: Record<string, string>
  body: string
  message: Message
  at: number
}

export interface Receiver {
  url: string
  received: Received[]
  /** Waits until so many messages have come. */
  has(count: number): Promise<Received[]>
}

type Answer = (received: Received, response: ServerResponse) => void

/** Starts one. It answers 200 unless a test says otherwise. */
export async function startReceiver(
  answer: Answer = (_, response) => response.writeHead(200).end(),
): Promise<Receiver> {
  const received: Received[] = []
  let wake = () => {}
  const server = createServer(async (request, response) => {
    const one = await read(request)
    received.push(one)
    wake()
    answer(one, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    has: async (count) => {
      while (received.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return received
    },
  }
}

/** Checks a message by its makers' own library. Throws if it is not signed by the secret. */
export function verifyMessage(
  { body, headers }: Pick<Received, 'body' | 'headers'>,
  secret: string,
): unknown {
  return new Verifier(secret).verify(body, headers)
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  const headers = request.headers as Record<string, string>
  return {
    id: headers['webhook-id'] ?? '',
    path: request.url ?? '',
    headers,
    body,
    message: JSON.parse(body),
    at: Date.now(),
  }
}
