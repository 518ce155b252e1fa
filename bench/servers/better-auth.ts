// better-auth over HTTP: its own handler, which judges an `x-api-key` where a session is asked for, and, since it has
// no route that judges a token for somebody else, one of ours at /verify that calls its server-side verification.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openBetterAuth } from '../better-auth.ts'

const [database = '', count] = process.argv.slice(2)
const auth = await openBetterAuth(database, Number(count))
const name: string = 'better-auth/node'
const { toNodeHandler } = await import(name)
const handle: (incoming: IncomingMessage, outgoing: ServerResponse) => void = toNodeHandler(auth.handler)

const server = createServer((incoming, outgoing) => {
  if (incoming.url !== '/verify') {
    handle(incoming, outgoing)
    return
  }
  let text = ''
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  incoming.on('end', async () => {
    const valid = await auth.verify(JSON.parse(text).key)
    outgoing.writeHead(valid ? 200 : 401, { 'content-type': 'application/json' })
    outgoing.end(JSON.stringify({ valid }))
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.once('SIGTERM', () => process.exit())
