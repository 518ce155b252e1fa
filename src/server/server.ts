// Serves the app on a port, with bounds on how long a client may take, and stops without failing anyone.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { type ErrorCode, LatchkeyError } from '../core/errors.ts'
import type { LogVerdicts } from '../core/log-verdicts.ts'
import type { StandardsSettings } from '../core/standards-settings.ts'
import type { TelemetrySettings } from '../core/telemetry-settings.ts'
import { noteNewcomer } from '../fairness/work-turns.ts'
import { Admission, createTurnNames, type Handler } from '../http/admission.ts'
import { parseProxies } from '../http/client-address.ts'
import { type ConnectionBounds, Connections, defaultBounds } from '../http/connections.ts'
import { noteWaitingClient } from '../http/continue.ts'
import { openExchange } from '../http/exchange.ts'
import { acceptWaiting, type Listening, listen } from '../http/listening.ts'
import type { Metrics } from '../http/metrics.ts'
import { connectionsWithin } from '../http/open-files.ts'
import { dress, problem, type Reply } from '../http/reply.ts'
import { allMethods, readHead } from '../http/request-head.ts'
import type { Telemetry } from '../http/telemetry/telemetry.ts'
import { clientFault, notHttp, type ReadingError, writeRaw } from '../http/unreadable.ts'
import type { Latchkey } from '../latchkey.ts'
import { createApp, createPipeline } from './app.ts'
import { answer, createHotDoor } from './direct-routes.ts'
import { createFastPath } from './fast-path.ts'
import { packageVersion } from './version.ts'

export interface ServerSettings extends Partial<StandardsSettings> {
  host: string
  /** 0 for any that is free. */
  port: number
  log: Logger
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is believed; none if absent. */
  trustedProxies?: readonly string[]
  /** Metrics of its own if absent. */
  metrics?: Metrics
  /** Which verdicts get a line in the log; the refused ones if absent. */
  logVerdicts?: LogVerdicts
  /** Which collector is told of requests and verdicts; none if absent. */
  telemetry?: TelemetrySettings | undefined
  /** Called with the address once the port is taken; requests wait until it resolves. Where it throws, none is served. */
  beforeServing?: (url: string) => Promise<void>
  /** Other bounds on connections than those that a server has. */
  connections?: Partial<ConnectionBounds>
}

export interface RunningServer {
  url: string
  /** Takes no new connection once those are in that wait for it, and goes on serving all there are; resolves then. */
  stopAccepting(): Promise<void>
  /** Stops accepting and ends what is in flight, within 10 s. The latchkey stays open. */
  close(): Promise<void>
}

/** Idle connections end once nobody has sent anything for so long after {@link RunningServer.close} began. */
const quietMs = 100
const longestCloseMs = 9_000

/** Starts to serve. Throws if the address is taken, and RangeError for a proxy that is no address. */
export async function startServer(latchkey: Latchkey, settings: ServerSettings): Promise<RunningServer> {
  const { host, port, beforeServing, telemetry: told, ...appSettings } = settings
  const telemetry = told && (await beginTelemetry(told, settings.log))
  const pipeline = createPipeline(latchkey, { ...appSettings, telemetry })
  const app = createApp(pipeline)
  const takeFast = createFastPath(pipeline)
  const takeHot = createHotDoor(pipeline)
  const listener = getRequestListener(app.fetch, {
    // A request of HTTP/1.0 may have no Host: nothing here depends on it.
    hostname: 'localhost',
    // What is left of a refused request is discarded alike, whatever served it.
    autoCleanupIncoming: false,
    errorHandler: () => toResponse(refuse('malformed_request')),
  })
  // Requires no Host header, so that the refusal of a bad one is ours to word.
  const wanted = { ...defaultBounds, ...settings.connections }
  const bounds = { ...wanted, maxConnections: connectionsWithin(wanted.maxConnections) }
  if (bounds.maxConnections < wanted.maxConnections)
    settings.log.warn(
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
    else if (!takeFast(incoming, outgoing) && !takeHot(incoming, outgoing)) {
      // The framework has rules of its own for this name, and needs none.
      incoming.headers.host = 'localhost'
      void listener(incoming, outgoing)
    }
  }, createTurnNames(pipeline.parts))
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
    pipeline.recorder.record(exchange, reply.status)
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
    const { changes, stopping, latchkey } = pipeline.parts
    // Of units that verifiers hold, only this process knows: once it has ended, they count as spent.
    const lent = latchkey.verifiers.recall()
    if (lent.length > 0) await changes.recall(lent)
    changes.close()
    stopping.abort()
    latchkey.endWaits()
    pipeline.recorder.flush()
    await drain()
    await telemetry?.close()
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

/** Loaded only here: others need neither the code nor its timers. */
async function beginTelemetry(settings: TelemetrySettings, log: Logger): Promise<Telemetry> {
  const { startTelemetry } = await import('../http/telemetry/telemetry.ts')
  return startTelemetry(settings, packageVersion(), (message) => log.warn(message))
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
