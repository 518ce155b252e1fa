// An HTTP proxy before a server that loses answers: the server has done what it was asked, and its client never hears.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LosingProxy extends AsyncDisposable {
  url: string
  /** How many answers were lost. */
  lost(): number
}

/** Starts one that loses the first answers of a path, so many of them. */
export async function startLosingProxy(serverUrl: string, path: string, most: number): Promise<LosingProxy> {
  let lost = 0
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = []
    for await (const part of incoming) parts.push(part as Buffer)
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).filter(
        ([name]) => !['host', 'connection', 'content-length'].includes(name),
      ),
    ) as Record<string, string>
    const body = parts.length === 0 ? {} : { body: Buffer.concat(parts) }
    const gone = new AbortController()
    outgoing.once('close', () => gone.abort())
    try {
      const method = incoming.method as string
      const answer = await fetch(serverUrl + incoming.url, { method, headers, signal: gone.signal, ...body })
      if (incoming.url === path && lost < most) {
        await answer.text()
        lost++
        outgoing.destroy()
        return
      }
      outgoing.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      for await (const part of answer.body ?? []) outgoing.write(part)
      outgoing.end()
    } catch {
      outgoing.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
