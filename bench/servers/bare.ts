// The floor of `POST /v1/keys/verify` and `GET /v1/auth`: the work that no implementation over node:http can leave out,
// and nothing else. It digests and looks up the caller's token, reads and parses the body, digests and looks up the
// judged token, sends the headers and the bytes that Latchkey sent, and sends the answers of one turn of the event loop
// together. It has no errors, no metrics, no log, no expiry and no cache that is ever invalidated.
//
// Its first argument is a `BareOrder` as JSON. With `workers`, so many processes serve the port through node:cluster.
import cluster from 'node:cluster'
import { hash, randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BareOrder } from './bare-order.ts'

const order: BareOrder = JSON.parse(process.argv[2] ?? '{}')
process.once('SIGTERM', () => process.exit())

if (order.workers !== undefined && cluster.isPrimary) {
  let ready = 0
  for (let i = 0; i < order.workers; i++) {
    cluster.fork().on('listening', ({ port }) => {
      if (++ready === order.workers) console.log(`http://127.0.0.1:${port}`)
    })
  }
  process.once('exit', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL')
  })
} else serve()

function serve(): void {
  const digest = (token: string) => hash('sha256', token, 'latin1')
  const { verdict, permissions } = order
  const known = new Map(order.tokens.map((token) => [digest(token), { verdict, permissions }]))
  known.set(digest(order.caller), { verdict: '', permissions: ['*'] })
  const headers = Object.entries(order.headers).flat()

  let finished: { outgoing: ServerResponse; head: string[]; body: string }[] = []
  const sendFinished = () => {
    const answers = finished
    finished = []
    for (const { outgoing, head, body } of answers) {
      outgoing.writeHead(200, head)
      outgoing.end(body)
    }
  }
  const answer = (outgoing: ServerResponse, requestId: string, body: string) => {
    const length = String(Buffer.byteLength(body))
    finished.push({
      outgoing,
      head: [...headers, 'x-request-id', requestId, 'content-length', length],
      body,
    })
    if (finished.length === 1) setImmediate(sendFinished)
  }

  const server = createServer((incoming, outgoing) => {
    const requestId = randomUUID()
    const { authorization } = incoming.headers
    if (!authorization || !known.has(digest(authorization.slice('Bearer '.length)))) {
      outgoing.writeHead(401).end()
    } else if (incoming.method === 'GET') {
      answer(outgoing, requestId, '')
    } else {
      let body: Buffer | undefined
      incoming.on('data', (chunk: Buffer) => {
        body = body ? Buffer.concat([body, chunk]) : chunk
      })
      incoming.on('end', () => {
        const { key, permissions }: { key: string; permissions: string[] } = JSON.parse(String(body))
        const facts = known.get(digest(key))
        const isValid = facts !== undefined && permissions.every((one) => facts.permissions.includes(one))
        answer(outgoing, requestId, isValid ? facts.verdict : '{"valid":false,"code":"not_found"}')
      })
    }
  })
  server.listen(0, '127.0.0.1', () => {
    if (cluster.isPrimary) console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}
