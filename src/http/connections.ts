// The connections of a server: bounds how many there are and how long an answer may stay unread, and ends them in order.
//
// A connection is *idle* while no answer is under way on it, *receiving* while its last request is still coming, and
// *busy* from the last byte of a request to the last byte of its answer. Idle and receiving ones may be closed to
// make room. A busy one is closed only if its reader stops reading, if more requests wait on it than there may be, or,
// for a request that changes nothing, if its client goes.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { breakOff, endAndDrain, isDraining } from './lingering.ts'

/** How many connections there may be, and how long they may last. */
export interface ConnectionBounds {
  /** Connections at once, in all. */
  maxConnections: number
  /** How long the headers of a request may take, and all of it. */
  headersMs: number
  requestMs: number
  /** An idle connection is closed after so long. */
  keepAliveMs: number
  /** An answer of whose bytes the reader takes none for so long is broken off. */
  maxStallMs: number
  /** An answer that has been written as a whole is broken off if its reader has not taken it all by then. */
  maxUnreadMs: number
  /** How often the server looks for those. */
  sweepEveryMs: number
}

export const defaultBounds: ConnectionBounds = {
  maxConnections: 8_192,
  headersMs: 10_000,
  requestMs: 30_000,
  // Longer than proxies keep an idle connection (Google's 600 s, Envoy's hour): they must be the ones to close it.
  keepAliveMs: 3_660_000,
  maxStallMs: 30_000,
  maxUnreadMs: 60_000,
  sweepEveryMs: 1_000,
}

/** How many requests of one connection may wait for their answers; few clients send a second one (RFC 9112, section 9.3.2). */
const maxPipelined = 100
/** A client may close its half and still read: a read is answered if it is done so soon after. */
const goneAfterMs = 100
/** How long a refused newcomer has to take its refusal. */
const refusalMs = 1_000

interface Connection {
  socket: Socket
  address: string
  /** When it was opened, or its last request came; by the monotonic clock. */
  usedAt: number
  /** The answers of which one may still be under way, in the order of their requests. */
  answers: ServerResponse[]
  /** It sent too many requests without waiting, of which the last ones are dropped. */
  isTurnedAway: boolean
  /** How many bytes the reader had taken when it last took any, and when that was noticed. */
  taken: number
  takenAt: number
  /** When the answer under way was first seen to be written as a whole. */
  wholeAt: number | undefined
  /** This end has said all that it will; noticed by the last sweep. */
  isEnded: boolean
}

/** Every open connection of a server. */
export class Connections {
  readonly #bounds: ConnectionBounds
  readonly #refuse: (socket: Socket) => void
  readonly #bySocket = new Map<Socket, Connection>()
  readonly #byAddress = new Map<string, Set<Connection>>()
  readonly #sweeping: NodeJS.Timeout
  #isClosing = false
  #lastRequestAt = 0

  /** Watches a server's connections; `refuse` answers a newcomer for whom there is no room, and ends its half. */
  constructor(server: Server, bounds: ConnectionBounds, refuse: (socket: Socket) => void) {
    this.#bounds = bounds
    this.#refuse = refuse
    // Without this, Node takes a client that closes its half for one that is gone: what it changed was done, and
    // the answer lost. It is a property of every server of Node's, and not yet documented.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on('connection', (socket: Socket) => this.#open(socket))
    this.#sweeping = setInterval(() => this.#sweep(), bounds.sweepEveryMs).unref()
    server.once('close', () => clearInterval(this.#sweeping))
  }

  /** When the last request came, by the monotonic clock. */
  get lastRequestAt(): number {
    return this.#lastRequestAt
  }

  /**
   * Notes a request that came. Returns when, by the monotonic clock; undefined if it is not to be served: too many before
   * it on its connection wait for their answers. These are finished, and then the connection is closed.
   */
  begin(incoming: IncomingMessage, outgoing: ServerResponse): number | undefined {
    const now = performance.now()
    this.#lastRequestAt = now
    if (this.#isClosing) outgoing.setHeader('connection', 'close')
    const connection = this.#bySocket.get(incoming.socket)
    if (connection === undefined) return now
    if (connection.isTurnedAway) return undefined
    // Most connections have one answer at a time: the one before is done.
    if (connection.answers.at(-1)?.writableFinished) connection.answers.length = 0
    if (connection.answers.length >= maxPipelined) connection.answers = underWay(connection)
    const last = connection.answers.at(-1)
    if (last !== undefined && connection.answers.length >= maxPipelined) {
      connection.isTurnedAway = true
      endAfter(last, connection.socket)
      return undefined
    }
    connection.answers.push(outgoing)
    connection.usedAt = now
    connection.wholeAt = undefined
    return now
  }

  /** Lets each connection end with the answer that is under way on it. */
  startClosing(): void {
    this.#isClosing = true
    for (const connection of this.#bySocket.values()) {
      for (const answer of underWay(connection))
        if (!answer.headersSent) answer.setHeader('connection', 'close')
    }
  }

  /** Ends all connections, whatever is under way on them. */
  endAll(): void {
    for (const connection of this.#bySocket.values()) end(connection)
  }

  /**
   * Decides what becomes of a connection on which no further request can be read. Returns true if an error may be
   * written to it now; otherwise the answers to the requests that were read are finished first, and then it closes.
   */
  mayAnswerError(socket: Socket): boolean {
    const connection = this.#bySocket.get(socket)
    if (connection === undefined) return true
    const last = underWay(connection)
      .filter(({ req }) => req.complete)
      .at(-1)
    if (last) {
      socket.pause()
      if (!last.headersSent) last.setHeader('connection', 'close')
      last.once('finish', () => endAndDrain(socket))
      return false
    }
    // A request that was refused before all of it had come has its answer.
    const isAnswered = isReceiving(connection) && connection.answers.at(-1)?.headersSent === true
    if (isAnswered) endAndDrain(socket)
    return !isAnswered
  }

  /** Tells whether the body of a request is still coming on a connection. */
  isReceiving(socket: Socket): boolean {
    const connection = this.#bySocket.get(socket)
    return connection !== undefined && isReceiving(connection)
  }

  #open(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const now = performance.now()
    const connection: Connection = {
      socket,
      address,
      usedAt: now,
      answers: [],
      isTurnedAway: false,
      taken: 0,
      takenAt: now,
      wholeAt: undefined,
      isEnded: false,
    }
    if (this.#bySocket.size >= this.#bounds.maxConnections && !this.#makeRoom(address)) {
      this.#refuse(socket)
      socket.resume()
      setTimeout(() => socket.destroy(), refusalMs).unref()
      return
    }
    this.#bySocket.set(socket, connection)
    const neighbours = this.#byAddress.get(address) ?? new Set()
    this.#byAddress.set(address, neighbours.add(connection))
    // Node closes a connection at once after its last answer, though the request may still be coming.
    socket.destroySoon = () => {
      if (isReceiving(connection)) endAndDrain(socket)
      else Socket.prototype.destroySoon.call(socket)
    }
    socket.once('end', () => this.#hearEnd(connection))
    socket.once('close', () => this.#forget(connection))
  }

  #forget(connection: Connection): void {
    this.#bySocket.delete(connection.socket)
    const neighbours = this.#byAddress.get(connection.address)
    neighbours?.delete(connection)
    if (neighbours?.size === 0) this.#byAddress.delete(connection.address)
  }

  /** A change goes on and is answered; what only reads is dropped with a client that may be gone. */
  #hearEnd(connection: Connection): void {
    setTimeout(() => {
      const isRead = ({ req }: ServerResponse) => req.method === 'GET' || req.method === 'HEAD'
      const answers = underWay(connection)
      if (answers.length > 0 && answers.every(isRead)) connection.socket.destroy()
    }, goneAfterMs).unref()
  }

  /**
   * Closes connections that are not busy, those longest unused first, of the address that has the most; if it has
   * none to spare, of any, for a newcomer from elsewhere. Some at once, so that a flood of newcomers does not look
   * through all of them each time.
   */
  #makeRoom(newcomer: string): boolean {
    let crowd: [string, Set<Connection>] | undefined
    for (const entry of this.#byAddress) if (entry[1].size > (crowd?.[1].size ?? 0)) crowd = entry
    if (crowd === undefined) return true
    let spare = [...crowd[1]].filter(isSpare)
    if (spare.length === 0 && crowd[0] !== newcomer) spare = [...this.#bySocket.values()].filter(isSpare)
    spare.sort((a, b) => a.usedAt - b.usedAt)
    const count = Math.max(1, Math.floor(this.#bounds.maxConnections / 256))
    for (const connection of spare.slice(0, count)) {
      this.#forget(connection)
      connection.socket.destroy()
    }
    return spare.length > 0
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#bySocket.values()) {
      if (this.#hasOverstayed(connection, now)) end(connection)
    }
  }

  #hasOverstayed(connection: Connection, now: number): boolean {
    const { socket } = connection
    const { keepAliveMs, maxStallMs, maxUnreadMs } = this.#bounds
    const [answer] = underWay(connection)
    if (answer === undefined) {
      if (isDraining(socket)) return false
      // Its client keeps a connection open to which nothing more can come.
      if (connection.isEnded) return true
      connection.isEnded = socket.writableFinished
      // Node counts the time between requests itself, but not that before the first.
      return socket.bytesRead === 0 && now - connection.usedAt >= keepAliveMs
    }
    const queued = socket.writableLength
    const taken = socket.bytesWritten - queued
    if (queued === 0 || taken !== connection.taken) {
      connection.taken = taken
      connection.takenAt = now
    }
    if (answer.writableEnded) connection.wholeAt ??= now
    return now - connection.takenAt >= maxStallMs || now - (connection.wholeAt ?? now) >= maxUnreadMs
  }
}

/**
 * Reads nothing more on a connection, and ends this half of it once an answer, the last one, has been sent. To close it
 * then would throw away what its client has not read yet, because bytes of its own are left (RFC 9112, section 9.6).
 */
function endAfter(last: ServerResponse, socket: Socket): void {
  // Node resumes it after each answer, to read what is left of the body.
  socket.on('resume', () => socket.pause()).pause()
  last.once('finish', () => socket.end())
}

function end(connection: Connection): void {
  const [answer] = underWay(connection)
  if (answer?.headersSent) breakOff(answer)
  connection.socket.destroy()
}

function underWay({ answers }: Connection): ServerResponse[] {
  return answers.filter((answer) => !answer.writableFinished)
}

function isReceiving({ answers }: Connection): boolean {
  return answers.at(-1)?.req.complete === false
}

/** Whether closing a connection loses nothing that was asked as a whole. */
function isSpare(connection: Connection): boolean {
  return underWay(connection).every(({ req, headersSent }) => !req.complete && !headersSent)
}
