// The floor of POST /v1/keys/verify: node:http that reads and parses the body and answers what Latchkey answered
// once, to the byte, headers included, to everything. The answer comes as JSON in the first argument.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const { headers, body }: { headers: Record<string, string>; body: string } = JSON.parse(
  process.argv[2] ?? '{}',
)

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    const text = chunks.length === 1 ? String(chunks[0]) : String(Buffer.concat(chunks))
    const { key, permissions } = JSON.parse(text)
    const isRequest = typeof key === 'string' && Array.isArray(permissions)
    outgoing.writeHead(isRequest ? 200 : 422, headers)
    outgoing.end(body)
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => process.exit())
