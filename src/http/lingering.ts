// Ends a connection so that its client can read the last answer on it (RFC 9112, section 9.6). To close it while bytes of the
// client's are unread, or on their way, resets it, and the reset overtakes the answer.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How long the client may go on sending, and how long it may pause meanwhile. */
const maxLingerMs = 30_000
const maxPauseMs = 2_000

const draining = new WeakSet<Socket>()

/** Tells whether a connection has been ended by {@link endAndDrain}, which closes it by itself. */
export function isDraining(socket: Socket): boolean {
  return draining.has(socket)
}

/**
 * Ends this half of a connection after the given bytes, and discards what still comes until the client ends its own half, or
 * has no more to send. Nothing that comes is read as a request.
 */
export function endAndDrain(socket: Socket, lastBytes = ''): void {
  draining.add(socket)
  const close = () => socket.destroy()
  const pause = setTimeout(close, maxPauseMs).unref()
  const whole = setTimeout(close, maxLingerMs).unref()
  socket.once('close', () => {
    clearTimeout(pause)
    clearTimeout(whole)
  })
  const discard = () => {
    // With a reader of our own, that of HTTP gets nothing more.
    socket.removeAllListeners('data')
    socket.on('data', () => pause.refresh())
  }
  socket.end(lastBytes)
  if (socket.isPaused()) {
    // HTTP's reader has stopped what is below the stream as well, and starts it at this event if it is still there.
    socket.once('resume', discard)
    socket.resume()
  } else discard()
}

/** Ends an answer before its end, so that no reader takes what came for the whole: one without chunks (HTTP/1.0) ends with its connection. */
export function breakOff(outgoing: ServerResponse): void {
  if (!outgoing.chunkedEncoding) outgoing.socket?.resetAndDestroy()
  outgoing.destroy()
}
