// What hostile callers do to a server, each in a loop until its process is ended: `neighbours.ts` starts it with the
// names of attacks, and the stage as JSON on standard input. It prints each code by which it is
// refused, once.
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { assembleToken } from '../../src/core/token.ts'

/** What the attackers know and hold. */
export interface Stage {
  url: string
  /** Keys of the hostile organization: one that may do all in it, one that only reads, and one with 127 patterns. */
  owner: string
  reader: string
  patterns: string
  /** Tokens whose keys have as much metadata as there may be. */
  heavy: string[]
  /** A key with very many old secrets. */
  oldId: string
}

interface Ask {
  method?: string
  path: string
  token?: string
  body?: string
}

export const attacks: Record<string, (stage: Stage) => Promise<unknown>> = {
  'unknown tokens': (stage) => flood(stage, 200, () => ({ path: '/v1/auth', token: madeUp() })),
  searches: async ({ url, reader }) => {
    for (;;) {
      const path = '/v1/keys?q=zzzz&status=all&sort=name'
      const sockets = Array.from({ length: 200 }, () => send(url, { path, token: reader }))
      await setTimeout(100)
      for (const socket of sockets) socket.destroy()
      await setTimeout(400)
    }
  },
  'unread lists': ({ url, reader }) => {
    const path = '/v1/audit-log?limit=1000'
    return keepOpen(60, () => send(url, { path, token: reader }).pause())
  },
  'heavy metadata': (stage) =>
    flood(stage, 8, (i) => ask('/v1/keys/verify', stage.owner, { key: stage.heavy[i % stage.heavy.length] })),
  'pattern batches': (stage) => {
    const permissions = Array.from({ length: 128 }, (_, i) => `a:b:${i}`)
    const one = { key: stage.patterns, permissions }
    const count = Math.floor((255 * 1024) / (JSON.stringify(one).length + 1))
    const batch = Array.from({ length: count }, () => one)
    return flood(stage, 4, () => ask('/v1/keys/verify/batch', stage.owner, batch))
  },
  'wide questions': (stage) => {
    const query = Array.from({ length: 128 }, (_, i) => `permission=a:b:${i}`).join('&')
    return flood(stage, 8, () => ({ path: `/v1/auth?${query}`, token: stage.patterns }))
  },
  'old secrets': (stage) =>
    flood(stage, 4, (i) =>
      i % 4 === 0
        ? ask(`/v1/keys/${stage.oldId}/rotate`, stage.owner, {})
        : { path: `/v1/keys/${stage.oldId}`, token: stage.reader },
    ),
  'whole lists': (stage) =>
    flood(stage, 4, (i) => ({
      path: i % 2 === 0 ? '/v1/audit-log?limit=1000' : '/v1/keys?limit=1000&status=all',
      token: stage.reader,
    })),
  'sign-ins': (stage) => flood(stage, 8, () => ask('/v1/sessions', stage.reader, {})),
  'reference page': (stage) => flood(stage, 16, () => ({ path: '/docs' })),
  verifiers: (stage) => {
    const streams = keepOpen(300, () => send(stage.url, { path: '/v1/changes', token: stage.owner }))
    const asks = flood(stage, 64, () => ask('/v1/keys/facts', stage.owner, { key: madeUp() }))
    return Promise.all([streams, asks])
  },
  'stalled uploads': ({ url, owner }) => {
    const head = { method: 'POST', path: '/v1/keys', token: owner, body: '{"name":"' }
    return keepOpen(200, () => send(url, head, 1_000))
  },
  'crowded changes': (stage) =>
    flood(stage, 700, (i) =>
      i % 2 === 0
        ? ask('/v1/keys', stage.owner, { name: 'K' })
        : { ...ask(`/v1/keys/${stage.oldId}`, stage.owner, { name: `K ${i}` }), method: 'PATCH' },
    ),
  'idle connections': ({ url }) => keepOpen(1_000, () => connect({ ...origin, port: portOf(url) })),
}

/** Attackers have an address of their own: who shares one with others is a stranger among them until its key is known. */
const origin = { host: '127.0.0.1', localAddress: '127.0.0.2' }

/** Sends the next request as soon as one is answered, so many at a time. */
async function flood({ url }: Stage, atOnce: number, next: (i: number) => Ask): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  let sent = 0
  const client = async () => {
    for (;;) await askOnce(url, agent, next(sent++))
  }
  await Promise.all(Array.from({ length: atOnce }, client))
}

function askOnce(url: string, agent: Agent, { method = 'GET', path, token, body }: Ask): Promise<void> {
  return new Promise((resolve) => {
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    }
    const outgoing = request(url + path, { method, agent, headers, localAddress: origin.localAddress })
    outgoing.on('response', (incoming) => {
      if (incoming.headers['content-type'] === 'application/problem+json') incoming.on('data', noteRefusal)
      incoming.resume().once('close', resolve)
    })
    outgoing.on('error', () => void setTimeout(20).then(() => resolve()))
    outgoing.end(body)
  })
}

function ask(path: string, token: string, body: unknown): Ask {
  return { method: 'POST', path, token, body: JSON.stringify(body) }
}

/** Sends one request on a connection of its own, whose body may be announced longer than it is. */
function send(url: string, { method = 'GET', path, token, body = '' }: Ask, length = body.length) {
  const socket = connect({ ...origin, port: portOf(url) })
  socket.on('error', () => {})
  socket.once('data', noteRefusal)
  const content = body === '' ? '' : `content-type: application/json\r\ncontent-length: ${length}\r\n`
  socket.write(
    `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${content}\r\n${body}`,
  )
  return socket
}

/** Keeps so many connections open: another one for each that the server ends. */
async function keepOpen(count: number, open: () => ReturnType<typeof connect>): Promise<void> {
  const one = async () => {
    for (;;) {
      const socket = open()
      socket.on('error', () => {})
      await new Promise((resolve) => socket.once('close', resolve))
      await setTimeout(50)
    }
  }
  await Promise.all(Array.from({ length: count }, one))
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

const refusals = new Set<string>()

function noteRefusal(answer: Buffer): void {
  const text = answer.toString('latin1')
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  if (code === undefined || refusals.has(code) || !text.includes('"status":')) return
  refusals.add(code)
  process.stdout.write(`${code}\n`)
}

let made = 0

/** A token in its form that nobody ever made. */
function madeUp(): string {
  const secret = new Uint8Array(32)
  new DataView(secret.buffer).setUint32(0, ++made)
  return assembleToken('re', `unknown${String(made).padStart(9, '0')}`, secret)
}

if (import.meta.main) {
  const stage: Stage = JSON.parse(await text(process.stdin))
  // Sockets that nobody reads keep no process alive.
  setInterval(() => {}, 60_000)
  await Promise.all(process.argv.slice(2).map((name) => attacks[name]?.(stage)))
}
