// Stands before a server and calls it with a key that always works. What Schemathesis does to keys at random, it does to the
// key that it calls with, too, and everything after that would be refused.
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestServer } from '../setup/server.ts'

/** The token to call with, for which that of a live root key is put in. */
export const callerToken = 'caller'

/** Begins to forward requests; gives the address, and what ends it. */
export async function startCaller({
  url,
  rootKey,
  latchkey,
}: TestServer): Promise<{ url: string; close(): void }> {
  let token = rootKey
  // What is too large is for the server itself to refuse.
  const forwarder = createServer({ maxHeaderSize: 1024 * 1024 }, async (incoming, outgoing) => {
    if (!(await latchkey.verify(token)).valid) token = (await latchkey.createRootKey()).key
    const headers = incoming.rawHeaders.map((value) =>
      value === `Bearer ${callerToken}` ? `Bearer ${token}` : value,
    )
    const { method, url: path } = incoming
    const forwarded = request(url, { method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode as number, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => forwarder.listen(0, '127.0.0.1', resolve))
  const { port } = forwarder.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      forwarder.close()
      forwarder.closeAllConnections()
    },
  }
}
