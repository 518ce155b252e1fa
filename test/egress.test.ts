// To where messages of a target that others name may go: real name servers, real connections, and none to a forbidden one.
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { AddressPolicy } from '../src/egress/addresses.ts'
import { Egress, type EgressFailure, type EgressOptions } from '../src/egress/requests.ts'
import { type CertificateFiles, makeAuthority, makeCertificate } from './setup/certificates.ts'
import { startNameServer } from './setup/name-server.ts'

const nothingAllowed: AddressPolicy = { allowed: [], forbidden: [] }
const loopbackAllowed: AddressPolicy = { allowed: ['127.0.0.0/8'], forbidden: [] }

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function startReceiver(answer: RequestListener): Promise<{ port: number; connections: () => number }> {
  let connections = 0
  const server = createServer(answer)
  server.on('connection', () => connections++)
  const port = await listen(server)
  onTestFinished(() => server.closeAllConnections())
  return { port, connections: () => connections }
}

function useEgress(options: Omit<EgressOptions, 'policy'> & { policy: AddressPolicy }): Egress {
  const { policy, ...rest } = options
  const egress = new Egress({ ...rest, policy: async () => policy })
  onTestFinished(() => egress.close())
  return egress
}

const post = (egress: Egress, url: string, signal?: AbortSignal) =>
  egress.post(new URL(url), { 'content-type': 'application/json' }, Buffer.from('{}'), signal)
const failure = async (work: Promise<unknown>): Promise<EgressFailure> =>
  work.then(
    () => expect.unreachable('It was answered.'),
    (error) => error,
  )

test('a name is judged when a connection is made, and one forbidden address among many is enough', async () => {
  const receiver = await startReceiver((_, response) => response.end('ok'))
  const zones: Record<string, readonly string[]> = {
    'good.example': ['127.0.0.1'],
    'mixed.example': ['127.0.0.1', '10.0.0.1'],
    'mapped.example': ['::ffff:10.0.0.1'],
    'metadata.example': ['169.254.169.254'],
    // Anybody can reach it, and without TLS nobody is to.
    'public.example': ['8.8.8.8'],
    'many.example': Array.from({ length: 64 }, (_, i) => `127.0.0.${i + 1}`),
    'countless.example': Array.from({ length: 65 }, (_, i) => `127.0.0.${i + 1}`),
  }
  const { server, asked } = await startNameServer((name, family) =>
    zones[name]?.filter((address) => address.includes(':') === (family === 6)),
  )
  const names = { servers: [server] }
  const allowed = useEgress({ policy: loopbackAllowed, names })
  const answer = await post(allowed, `http://good.example:${receiver.port}/`)
  expect(answer).toMatchObject({ status: 200, isProxied: false, body: Buffer.from('ok') })
  expect(asked).toContain('good.example')
  for (const name of ['mixed', 'mapped', 'metadata', 'public']) {
    const { kind, message } = await failure(post(allowed, `http://${name}.example:${receiver.port}/`))
    expect(kind, name).toBe('forbidden_address')
    // A name that only this network knows would give away where it leads.
    expect(message, name).not.toMatch(/\d+\.\d+\.\d+/)
  }
  // A name of many addresses costs a look at each: so many, and not one more.
  expect((await post(allowed, `http://many.example:${receiver.port}/`)).status).toBe(200)
  expect(await failure(post(allowed, `http://countless.example:${receiver.port}/`))).toMatchObject({
    kind: 'name_not_resolved',
    message: 'It has 65 addresses.',
  })
  // Who may not go there has no share in the connections of who may, though one is open.
  const customers = useEgress({ policy: nothingAllowed, names })
  for (const host of ['good.example', '127.0.0.1'])
    expect((await failure(post(customers, `http://${host}:${receiver.port}/`))).kind).toBe(
      'forbidden_address',
    )
  expect(receiver.connections()).toBe(2)
})

test('a name that leads elsewhere at the second question meets the answer to the first', async () => {
  const receiver = await startReceiver((_, response) => response.end())
  let questions = 0
  const { server } = await startNameServer((_, family) => {
    if (family === 6) return []
    // Allowed at each odd question, forbidden at each even one.
    return [questions++ % 2 === 0 ? '8.8.8.8' : '127.0.0.1']
  })
  const egress = useEgress({ policy: nothingAllowed, names: { servers: [server] }, timeoutMs: 500 })
  for (let i = 0; i < 6; i++) {
    const { kind } = await failure(post(egress, `https://rebinding.example:${receiver.port}/`))
    expect(['forbidden_address', 'timeout', 'connection']).toContain(kind)
  }
  expect(questions).toBe(6)
  expect(receiver.connections()).toBe(0)
})

test('a name that nobody knows, and name servers that are silent or away, are told apart, in bounded time', async () => {
  const { server } = await startNameServer((name) => (name === 'silent.example' ? 'silence' : undefined))
  const egress = useEgress({ policy: nothingAllowed, names: { servers: [server], timeoutMs: 200 } })
  expect(await failure(post(egress, 'https://unknown.example/'))).toMatchObject({
    kind: 'name_not_resolved',
    message: 'There is no such name.',
  })
  expect(await failure(post(egress, 'https://silent.example/'))).toMatchObject({
    kind: 'name_not_resolved',
    message: 'The name servers did not answer.',
  })
})

test('a redirect is an answer, and nobody follows it', async () => {
  const inside = await startReceiver((_, response) => response.end())
  const receiver = await startReceiver((_, response) =>
    response.writeHead(307, { location: `http://127.0.0.1:${inside.port}/` }).end(),
  )
  const egress = useEgress({ policy: loopbackAllowed })
  expect((await post(egress, `http://127.0.0.1:${receiver.port}/`)).status).toBe(307)
  expect(inside.connections()).toBe(0)
})

test('an endless, an enormous and a cut answer count by their status, and cost a bounded time and memory', async () => {
  const received: number[] = []
  const receiver = await startReceiver((request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'retry-after': '7' })
    response.write('x'.repeat(2_000))
    // What was said is on its way by then.
    if (request.url === '/cut') setTimeout(() => response.socket?.resetAndDestroy(), 100)
    if (request.url !== '/enormous') return
    const chunk = Buffer.alloc(65_536)
    const send = () => {
      while (!response.destroyed && response.write(chunk)) received.push(chunk.length)
      if (!response.destroyed) response.once('drain', send)
    }
    send()
  })
  const egress = useEgress({ policy: loopbackAllowed })
  for (const path of ['endless', 'enormous', 'cut']) {
    const answer = await post(egress, `http://127.0.0.1:${receiver.port}/${path}`)
    expect(answer, path).toMatchObject({ status: 200, retryAfter: '7', contentType: 'text/plain' })
    expect(answer.body.length, path).toBe(1_024)
  }
  // No more than what the connection holds was sent.
  expect(received.reduce((sum, length) => sum + length, 0)).toBeLessThan(64 * 2 ** 20)
})

test('a receiver that never answers, speaks no HTTP or is not there fails in bounded time, and says how', async () => {
  const silent = await listen(createTcpServer(() => {}))
  const rude = await listen(
    createTcpServer((socket) => void socket.on('error', () => {}).end('rubbish\r\n\r\n')),
  )
  const endlessHead = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.write(`HTTP/1.1 200 OK\r\n`)
      for (let i = 0; i < 2_000; i++) socket.write(`x-${i}: ${'a'.repeat(100)}\r\n`)
    }),
  )
  const interim = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    }),
  )
  const upgrading = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: any\r\n\r\nmore'),
      )
    }),
  )
  const egress = useEgress({ policy: loopbackAllowed, timeoutMs: 300 })
  const kindOf = async (port: number) => (await failure(post(egress, `http://127.0.0.1:${port}/`))).kind
  expect(await kindOf(silent)).toBe('timeout')
  expect(await kindOf(interim)).toBe('timeout')
  expect(await kindOf(rude)).toBe('connection')
  // Nobody asked for another protocol.
  expect(await kindOf(upgrading)).toBe('connection')
  expect(await kindOf(endlessHead)).toBe('connection')
  expect(await kindOf(1)).toBe('connection')
  const stopping = new AbortController()
  const stopped = post(egress, `http://127.0.0.1:${silent}/`, stopping.signal)
  stopping.abort(new Error('The process is stopping.'))
  await expect(stopped).rejects.toThrow('The process is stopping.')
})

test('a connection that the other side closed meanwhile is no failure', async () => {
  let count = 0
  const server = createServer({ keepAliveTimeout: 0 }, (_, response) => response.end(String(++count)))
  // It takes the second message of a connection, and says nothing.
  server.on('connection', (socket) => {
    let requests = 0
    socket.on('data', () => {
      if (++requests === 2) socket.resetAndDestroy()
    })
  })
  const port = await listen(server)
  onTestFinished(() => server.closeAllConnections())
  const egress = useEgress({ policy: loopbackAllowed })
  for (let i = 0; i < 4; i++) expect((await post(egress, `http://127.0.0.1:${port}/`)).status).toBe(200)
})

test('a certificate of nobody, of another name or of yesterday is refused, and one of its name is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-egress-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const authority = makeAuthority(folder, 'authority')
  const { server: nameServer } = await startNameServer((_, family) => (family === 4 ? ['127.0.0.1'] : []))
  const serve = async (files: CertificateFiles) => {
    const [cert, key] = [files.certificate, files.key].map((file) => readFileSync(file))
    const server = createTlsServer({ cert, key }, (_, response) => response.end())
    const port = await listen(server)
    onTestFinished(() => server.closeAllConnections())
    return port
  }
  const good = await serve(makeCertificate(folder, 'good', authority, 'DNS:receiver.example'))
  const other = await serve(makeCertificate(folder, 'other', authority, 'DNS:other.example'))
  const expired = await serve(makeCertificate(folder, 'expired', authority, 'DNS:receiver.example', -1))
  const own = await serve(makeAuthority(folder, 'own'))
  const names = { servers: [nameServer] }
  const ca = readFileSync(authority.certificate, 'utf8')
  const egress = useEgress({ policy: loopbackAllowed, names, ca })
  const url = (port: number) => `https://receiver.example:${port}/`
  expect((await post(egress, url(good))).status).toBe(200)
  for (const port of [other, expired, own])
    expect((await failure(post(egress, url(port)))).kind, String(port)).toBe('tls')
  // Nobody has signed it for who does not know the authority.
  const plain = useEgress({ policy: loopbackAllowed, names })
  expect((await failure(post(plain, url(good)))).kind).toBe('tls')
})

test('through a proxy, names are its own to resolve and to refuse, and the receiver is still known by its certificate', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-egress-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const authority = makeAuthority(folder, 'authority')
  const files = makeCertificate(folder, 'good', authority, 'DNS:receiver.example')
  const [cert, key] = [files.certificate, files.key].map((file) => readFileSync(file))
  const receiver = createTlsServer({ cert, key }, (_, response) => response.end('taken'))
  const port = await listen(receiver)
  onTestFinished(() => receiver.closeAllConnections())
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const proxy = createServer()
  proxy.on('connect', ({ url = '' }, client: Socket) => {
    asked.push(url)
    if (!/^(receiver|impostor)\.example:/.test(url)) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const upstream = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.pipe(to)
    }
  })
  const proxyPort = await listen(proxy)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  const egress = useEgress({
    policy: nothingAllowed,
    // Nobody is asked there.
    names: { servers: ['127.0.0.1:1'] },
    ca: readFileSync(authority.certificate, 'utf8'),
    proxy: `http://127.0.0.1:${proxyPort}`,
  })
  const answer = await post(egress, 'https://receiver.example/hooks')
  expect(answer).toMatchObject({ status: 200, body: Buffer.from('taken'), isProxied: true })
  expect(await failure(post(egress, 'https://forbidden.example/'))).toMatchObject({
    kind: 'connection',
    message: 'The proxy refused with 403.',
  })
  expect((await failure(post(egress, 'https://impostor.example/'))).kind).toBe('tls')
  // What a URL says outright is refused all the same.
  expect((await failure(post(egress, 'https://127.0.0.1/'))).kind).toBe('forbidden_address')
  expect(asked).toEqual(['receiver.example:443', 'forbidden.example:443', 'impostor.example:443'])
})
