// A TCP proxy before a server that can swallow, hold back or cut what goes through it, as a broken network does.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface ServerProxy extends AsyncDisposable {
  /** The server's address through the proxy. */
  url: string
  /** Drops every byte both ways without a word, on the connections that are open and on those to come. */
  swallow(): void
  /** Keeps what the server sends; {@link release} delivers all of it at once. */
  hold(): void
  release(): void
  /** Delivers what the server sends later by so much. */
  delay(milliseconds: number): void
  /** Closes every connection; refuses new ones until {@link heal}. */
  cut(): void
  /** Ends all faults. A connection that lost bytes stays dead. */
  heal(): void
  /** How many open connections have asked for something that begins with these words, such as `GET /v1/changes HTTP`. */
  countOpen(request: string): number
}

type Fault = 'swallow' | 'hold' | 'cut' | { delayMs: number } | undefined

/** Starts a proxy before a server. */
export async function startServerProxy(serverUrl: string): Promise<ServerProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const dead = new WeakSet<Socket>()
  let held: (() => void)[] = []
  let fault: Fault
  const asked = new Map<Socket, string>()

  const pass = (from: Socket, to: Socket, isAnswer: boolean) => {
    from.on('data', (bytes) => {
      if (fault === 'swallow') dead.add(to)
      const write = () => to.destroyed || dead.has(to) || to.write(bytes as Buffer)
      if (dead.has(to)) return
      if (isAnswer && fault === 'hold') held.push(write)
      else if (isAnswer && typeof fault === 'object') setTimeout(write, fault.delayMs)
      else write()
    })
  }
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    if (fault === 'cut') return client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    const pair = [client, upstream]
    client.on('data', (bytes) => {
      const line = /^[A-Z]+ \S+ HTTP/.exec(bytes.toString('latin1'))?.[0]
      if (line !== undefined) asked.set(client, line)
    })
    client.once('close', () => asked.delete(client))
    pass(client, upstream, false)
    pass(upstream, client, true)
    for (const socket of pair) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        // Where bytes are swallowed, so is the word of the other side's end.
        if (fault !== 'swallow') for (const each of pair) each.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const set = (next: Fault) => {
    fault = next
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallow: () => set('swallow'),
    hold: () => set('hold'),
    release: () => {
      set(undefined)
      for (const write of held) write()
      held = []
    },
    delay: (delayMs) => set({ delayMs }),
    cut: () => {
      set('cut')
      cutAll()
    },
    heal: () => set(undefined),
    countOpen: (request) => [...asked.values()].filter((line) => line.startsWith(request)).length,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      cutAll()
      await closed
    },
  }
}
