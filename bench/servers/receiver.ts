// A receiver of webhooks in a process of its own. It answers 204 at once; under `/slow` after so many milliseconds as its
// argument says. `GET /received` tells what has come since `POST /forget`: how many messages each path has, and how many
// milliseconds after its event each of them came.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What has come to a receiver. */
export interface ReceivedMessages {
  counts: Record<string, number>
  delaysMs: number[]
}

let received: ReceivedMessages = { counts: {}, delaysMs: [] }
const slowMs = Number(process.argv[2])
const timestamp = /"timestamp":"([^"]+)"/

const server = createServer((request, response) => {
  const path = request.url ?? '/'
  if (request.method === 'GET') return response.end(JSON.stringify(received))
  if (path === '/forget') {
    received = { counts: {}, delaysMs: [] }
    return response.end()
  }
  const arrivedAt = Date.now()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const happenedAt = Date.parse(timestamp.exec(Buffer.concat(chunks).toString())?.[1] ?? '')
    received.counts[path] = (received.counts[path] ?? 0) + 1
    received.delaysMs.push(arrivedAt - happenedAt)
    if (path.startsWith('/slow')) setTimeout(() => response.writeHead(204).end(), slowMs)
    else response.writeHead(204).end()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => process.exit())
