// How a server listens: by several sockets on one port, each of which accepts a connection in a turn of the event loop.
//
// Node accepts one connection a turn for each listening socket, however many wait, and first come is first served. So a
// crowd that connects over and over would keep everybody's new connections waiting for as many turns as there are
// connections before them. The kernel spreads connections over the sockets (`SO_REUSEPORT`, socket(7)).
import cluster from 'node:cluster'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer as createPlainServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** How many connections a turn accepts. */
const sockets = 16
/** How often a port is tried, or its name. */
const mostAttempts = 50
const keepEveryMs = 20
/** How long a stop accepts those that wait, if others keep coming. */
const longestAcceptMs = 400

/** What makes a server listen, and stop. */
export interface Listening {
  /** Stops all sockets but the server's own; resolves when the connections that came by them have ended. */
  stop(): Promise<void>
}

/** Listens on an address. Throws if it is taken: also by a process that would share it. */
export async function listen(server: Server, options: ListenOptions): Promise<Listening> {
  const { port, backlog } = options
  // The primary process accepts for its workers.
  const isAlone = cluster.isPrimary && process.platform === 'linux'
  if (!isAlone) {
    await begin(server, options)
    return { stop: async () => {} }
  }
  // Once for all sockets: a name may have several addresses, the first of which is another one each time.
  const host = options.host && (await lookup(options.host)).address
  const others = Array.from({ length: sockets - 1 }, () =>
    createPlainServer(
      { allowHalfOpen: true, noDelay: true },
      (socket: Socket) => void server.emit('connection', socket),
    ),
  )
  await withPort({ host, port }, async (found) => {
    const options = { host, port: found, backlog, reusePort: true }
    try {
      await begin(server, options)
      await Promise.all(others.map((other) => begin(other, options)))
    } catch (error) {
      await Promise.all([server, ...others].map(end))
      throw error
    }
  })
  return {
    stop: async () => {
      await Promise.all(others.map(end))
    },
  }
}

/**
 * Accepts connections until a turn of the event loop finds none, for so long at the most: a socket that is closed resets
 * those that wait to be accepted, whose clients believe to be connected and may have asked.
 */
export async function acceptWaiting(server: Server): Promise<void> {
  // The primary gives another worker what one did not take.
  if (cluster.isWorker) return
  const endsAt = performance.now() + longestAcceptMs
  let hasAccepted = true
  const note = () => {
    hasAccepted = true
  }
  server.on('connection', note)
  while (hasAccepted && performance.now() < endsAt) {
    hasAccepted = false
    // Between two of these, all sockets are looked at.
    await setImmediate()
    await setImmediate()
  }
  server.off('connection', note)
}

/**
 * Calls back with a port that nobody listens on, and that nobody else finds free before the callback is done.
 *
 * Sockets that share a port share it with those of any process of the same user, so a plain socket has to find it free
 * first. Between the two steps the port is kept by a name that one process alone can take (unix(7), abstract sockets).
 */
async function withPort(options: ListenOptions, use: (port: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const [keeper, probe] = [createClosedServer(), createClosedServer()]
    try {
      const port = options.port || (await findFreePort(options))
      await keep(keeper, port)
      await begin(probe, { ...options, port })
      await end(probe)
      await use(port)
      return
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      // A port of the system's choice can be taken by anybody meanwhile.
      if (options.port || !isTaken || attempt === mostAttempts) throw error
    } finally {
      await end(keeper)
    }
  }
}

async function findFreePort(options: ListenOptions): Promise<number> {
  const probe = createClosedServer()
  await begin(probe, options)
  const { port } = probe.address() as { port: number }
  await end(probe)
  return port
}

/**
 * Waits for as long as another process takes to begin on this port, and no longer: then the port shows whose it is. Where
 * there are no such names, there is nothing to wait for.
 */
async function keep(keeper: Server, port: number): Promise<void> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    try {
      await begin(keeper, { path: `\0latchkey-port-${port}` })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return
      await setTimeout(keepEveryMs)
    }
  }
}

/** A server that takes nobody in: it could not end as long as anybody stays. */
function createClosedServer(): Server {
  return createPlainServer((socket) => socket.destroy())
}

async function begin(server: Server, options: ListenOptions): Promise<void> {
  const begun = once(server, 'listening')
  server.listen(options)
  await begun
}

async function end(server: Server): Promise<void> {
  if (!server.listening) return
  const ended = once(server, 'close')
  server.close()
  await ended
}
