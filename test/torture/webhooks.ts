// Kills processes with SIGKILL while they make keys and deliver what happens: `node test/torture/webhooks.ts [kills] [SQLite|PostgreSQL]`,
// on both if neither is named; PostgreSQL is one of its own. Each key that was acknowledged must be heard of; a message that
// comes twice must have the same id and the same bytes, and be signed; no key may have two messages.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Webhook as Verifier } from 'standardwebhooks'
import { openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { killOnEachDatabase } from '../setup/kills.ts'

const atOnce = 2
const longestLifeMs = 4_000
/** A receiver fails so often, so that events wait and are tried again. */
const failureShare = 0.05
const patienceMs = 120_000

interface Toll {
  kills: number
  /** Keys whose creation was acknowledged, and messages that came, doubled ones counted each time. */
  acknowledged: number
  messages: number
  doubled: number
  refused: number
}

/** Kills so many processes. Throws for the first message that must not be, and for each that is missing at the end. */
async function killDeliverers(database: string, kills: number): Promise<Toll> {
  const sealingKeys = [randomBytes(32).toString('base64')]
  const toll: Toll = { kills: 0, acknowledged: 0, messages: 0, doubled: 0, refused: 0 }
  const acknowledged = new Set<string>()
  const heard = new Map<string, { id: string; body: string }>()
  let secret = ''
  const faults: string[] = []
  const server = createServer(async (request, response) => {
    const { id, keyId, body } = await read(request, secret, faults)
    if (Math.random() < failureShare) {
      toll.refused++
      return response.writeHead(500).end()
    }
    toll.messages++
    const before = heard.get(keyId)
    if (before !== undefined) {
      toll.doubled++
      if (before.id !== id || before.body !== body) faults.push(`Two messages of ${keyId} differ.`)
    }
    heard.set(keyId, { id, body })
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const options = { database, sealingKeys, webhookNetworks: ['127.0.0.0/8'] }
  {
    await using latchkey = await openLatchkey(options)
    await createAcme(latchkey)
    const webhook = await latchkey.webhooks.create({
      url,
      events: ['key.created'],
      sourceOrganizationId: 'acme',
    })
    secret = webhook.secret
  }
  const live = async () => {
    while (toll.kills < kills) {
      const child = await startChild(options, acknowledged)
      await setTimeout(Math.random() * longestLifeMs)
      child.kill('SIGKILL')
      await once(child, 'exit')
      toll.kills++
      if (faults[0] !== undefined) throw new Error(faults[0])
    }
  }
  await Promise.all(Array.from({ length: atOnce }, live))
  toll.acknowledged = acknowledged.size
  // One that lives delivers the rest: what waits for its turn is sent at once.
  await using latchkey = await openLatchkey(options)
  const [webhook] = (await latchkey.webhooks.list()).items
  const missing = () => [...acknowledged].filter((id) => !heard.has(id))
  for (const endsAt = Date.now() + patienceMs; missing().length > 0 && Date.now() < endsAt; ) {
    const { items } = await latchkey.webhooks.listDeliveries(webhook?.id ?? '', { state: 'pending' })
    for (const { id } of items) await latchkey.webhooks.retryDelivery(webhook?.id ?? '', id)
    await setTimeout(500)
  }
  server.close()
  server.closeAllConnections()
  if (faults[0] !== undefined) throw new Error(faults[0])
  if (missing().length > 0)
    throw new Error(`${missing().length} keys were not heard of, such as ${missing()[0]}.`)
  return toll
}

async function read(
  request: IncomingMessage,
  secret: string,
  faults: string[],
): Promise<{ id: string; keyId: string; body: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  const headers = request.headers as Record<string, string>
  try {
    new Verifier(secret).verify(body, headers)
  } catch {
    faults.push('A message is not signed.')
  }
  const keyId: string = JSON.parse(body).data.key.id
  return { id: headers['webhook-id'] ?? '', keyId, body }
}

async function startChild(options: object, acknowledged: Set<string>): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const { promise: isOpen, resolve } = Promise.withResolvers<void>()
  child.on('message', (id: string) => {
    if (id === 'open') resolve()
    else acknowledged.add(id)
  })
  child.send(options)
  await Promise.race([isOpen, once(child, 'exit')])
  return child
}

/** Makes keys as long as it lives, and says of each that it was acknowledged. */
async function makeKeys(options: Parameters<typeof openLatchkey>[0]): Promise<void> {
  const latchkey = await openLatchkey(options)
  process.send?.('open')
  for (;;) {
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'Made' })
    process.send?.(id)
    await setTimeout(20)
  }
}

if (process.argv[2] === 'child') process.once('message', (options) => void makeKeys(options as never))
else if (import.meta.main) await killOnEachDatabase(killDeliverers, 100)
