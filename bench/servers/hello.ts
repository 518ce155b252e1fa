// The least that node:http can do: `hello world` to everything.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((_, outgoing) => {
  outgoing.writeHead(200, { 'content-type': 'text/plain', 'content-length': '11' })
  outgoing.end('hello world')
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => process.exit())
