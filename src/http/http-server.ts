// Serves requests on a port, with bounds on how long a client may take, and stops without failing anyone.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { type ErrorCode, LatchkeyError } from '../core/errors.ts'
import { noteNewcomer } from '../fairness/work-turns.ts'
import { Admission, createTurnNames, type Handler } from './admission.ts'
import { parseProxies } from './client-address.ts'
import { type ConnectionBounds, Connections, defaultBounds } from './connections.ts'
import { noteWaitingClient } from './continue.ts'
import { answer } from './direct-routes.ts'
import { openExchange } from './exchange.ts'
import { acceptWaiting, type Listening, listen } from './listening.ts'
import { connectionsWithin } from './open-files.ts'
import type { Pipeline } from './pipeline.ts'
import { dress, problem, type Reply } from './reply.ts'
import { allMethods, readHead } from './request-head.ts'
import type { Kit } from './route.ts'
import { clientFault, notHttp, type ReadingError, writeRaw } from './unreadable.ts'

/** Where and how a server listens. */
export interface ListenSettings {
  host: string
  /** 0 for any that is free. */
  port: number
  log: Logger
  /** Called with the address once the port is taken; requests wait until it resolves. Where it throws, none is served. */
  beforeServing?: (url: string) => Promise<void>
  /** Other bounds on connections than those that a server has. */
  connections?: Partial<ConnectionBounds>
}

/** What a server serves, and what it does about its end. */
export interface Serving<Parts extends Kit> {
  pipeline: Pipeline<Parts>
  /** Serves a request without the framework if it can, and tells whether it does. */
  take(incoming: IncomingMessage, outgoing: ServerResponse): boolean
  /** Serves every other request. */
  fetch: Parameters<typeof getRequestListener>[0]
  /** Ends what would not end by itself; new requests still come. */
  beginClose(): Promise<void>
  /** Ends what is left once the last request is answered. */
  endClose(): Promise<void>
}

export interface RunningServer {
  url: string
  /** Takes no new connection once those are in that wait for it, and goes on serving all there are; resolves then. */
  stopAccepting(): Promise<void>
  /** Stops accepting and ends what is in flight, within 10 s. What it serves from stays open. */
  close(): Promise<void>
}

/** Idle connections end once nobody has sent anything for so long after {@link RunningServer.close} began. */
const quietMs = 100
const longestCloseMs = 9_000

/** Starts to serve. Throws if the address is taken. */
export async function startHttpServer<Parts extends Kit>(
  serving: Serving<Parts>,
  { host, port, log, beforeServing, connections: connectionBounds }: ListenSettings,
): Promise<RunningServer> {
  const { pipeline, take: takeDirectly, fetch } = serving
  const { parts, recorder } = pipeline
  const listener = getRequestListener(fetch, {
    // A request of HTTP/1.0 may have no Host: nothing here depends on it.
    hostname: 'localhost',
    // What is left of a refused request is discarded alike, whatever served it.
    autoCleanupIncoming: false,
    errorHandler: () => toResponse(refuse('malformed_request')),
  })
  // Requires no Host header, so that the refusal of a bad one is ours to word.
  const wanted = { ...defaultBounds, ...connectionBounds }
  const bounds = { ...wanted, maxConnections: connectionsWithin(wanted.maxConnections) }
  if (bounds.maxConnections < wanted.maxConnections)
    log.warn(
      `The system lets this process open few files, so the server keeps at most ${bounds.maxConnections} connections, not ${wanted.maxConnections}. Raise the limit (ulimit -n, LimitNOFILE).`,
    )
  const server = createServer({
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    connectionsCheckingInterval: bounds.sweepEveryMs,
    keepAliveTimeout: bounds.keepAliveMs,
    requireHostHeader: false,
  })
  const connections = new Connections(server, bounds, (socket) =>
    writeRaw(socket, refuse('too_many_connections', 'All connections are in use. Try again.')),
  )
  const admission = new Admission((incoming, outgoing) => {
    const reply = readHead(incoming)
    if (reply) void answer(pipeline, reply, incoming, outgoing)
    else if (!takeDirectly(incoming, outgoing)) {
      // The framework has rules of its own for this name, and needs none.
      incoming.headers.host = 'localhost'
      void listener(incoming, outgoing)
    }
  }, createTurnNames(parts))
  server.on('connection', noteNewcomer)
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const begunAt = connections.begin(incoming, outgoing)
    if (begunAt !== undefined) admission.admit(incoming, outgoing, begunAt)
  }
  const held: [IncomingMessage, ServerResponse][] = []
  let take: Handler = (incoming, outgoing) => void held.push([incoming, outgoing])
  server.on('request', (incoming, outgoing) => take(incoming, outgoing))
  server.on('checkExpectation', (incoming, outgoing) => take(incoming, outgoing))
  server.on('checkContinue', (incoming, outgoing) => {
    noteWaitingClient(incoming, outgoing)
    take(incoming, outgoing)
  })
  server.on('connect', (_, socket) => {
    if (connections.mayAnswerError(socket as Socket))
      writeRaw(
        socket as Socket,
        refuse('method_not_allowed', 'CONNECT is for proxies.', { allow: allMethods }),
      )
  })
  server.on('clientError', (error: NodeJS.ErrnoException & ReadingError, socket: Socket) => {
    // A client that went away is no request.
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    // Nothing was asked: a connection kept in store (RFC 9110, section 15.5.9). It may still be used.
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) return
    else if (connections.mayAnswerError(socket))
      writeRaw(socket, refuse(...clientFault(error, connections.isReceiving(socket), bounds)))
  })

  function refuse(code: ErrorCode, detail = notHttp, headers: Record<string, string> = {}): Reply {
    const exchange = openExchange('-', () => undefined, undefined, parseProxies([]))
    exchange.error = new LatchkeyError(code, detail)
    const closing = { connection: 'close', ...headers }
    const reply = dress(problem(exchange.error, exchange.requestId, closing), exchange)
    recorder.record(exchange, reply.status)
    return reply
  }

  const listening = await listen(server, { port, host, backlog: bounds.maxConnections })
  const { stopAccepting, drain } = createStop(server, connections, listening)
  const url = urlOf(server.address() as AddressInfo)
  try {
    await beforeServing?.(url)
  } catch (error) {
    void listening.stop()
    server.close()
    server.closeAllConnections()
    throw error
  }
  take = serve
  for (const exchange of held) serve(...exchange)
  let closing: Promise<void> | undefined
  const end = async () => {
    await serving.beginClose()
    recorder.flush()
    await drain()
    await serving.endClose()
  }
  return {
    url,
    stopAccepting,
    close: () => {
      closing ??= end()
      return closing
    },
  }
}

function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers })
}

/** Makes the functions that end a server in order. */
function createStop(
  server: Server,
  connections: Connections,
  listening: Listening,
): { stopAccepting: () => Promise<void>; drain: () => Promise<void> } {
  let othersClosed: Promise<void> | undefined
  let accepted: Promise<void> | undefined
  const closed = new Promise((resolve) => server.once('close', resolve))
  const stopAccepting = () => {
    accepted ??= acceptWaiting(server).then(() => {
      othersClosed = listening.stop()
      // Not http's own close: it ends idle connections at once, under the feet of clients just about to send.
      NetServer.prototype.close.call(server)
    })
    return accepted
  }
  const drain = async () => {
    // First: a client that loses a connection opens another one, as long as the server still accepts it.
    await stopAccepting()
    connections.startClosing()
    const acceptedAt = performance.now()
    const endIdle = () => {
      if (performance.now() - Math.max(acceptedAt, connections.lastRequestAt) >= quietMs) server.close()
    }
    // Once what has come meanwhile has been read: this process may have been slow, and not its clients.
    const linger = setInterval(() => setImmediate(endIdle), quietMs / 4)
    const force = setTimeout(() => {
      connections.endAll()
      server.closeAllConnections()
    }, longestCloseMs)
    await closed
    await othersClosed
    clearInterval(linger)
    clearTimeout(force)
    // Ends http's own timer too, if the connections were gone before the linger was over.
    server.close()
  }
  return { stopAccepting, drain }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
