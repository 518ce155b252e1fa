// Speaks to a server over a bare socket: bytes as they are written, and what came back as text.
import { connect, type Socket } from 'node:net'

/** A connection and what came by it. */
export interface RawConnection {
  socket: Socket
  /** What has come so far. */
  received(): string
  /** Resolves with all that came once the connection is closed. */
  closed: Promise<string>
  /** Resolves once what came fits. */
  until(pattern: RegExp): Promise<string>
}

/** Opens a connection to a server's URL. It never closes its own half unasked. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
  let text = ''
  const watching = new Set<() => void>()
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    for (const look of watching) look()
  })
  socket.on('error', () => {})
  // The server has said all: so has this end.
  socket.on('end', () => socket.end())
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    socket,
    received: () => text,
    closed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(text)) return
          watching.delete(look)
          resolve(text)
        }
        watching.add(look)
        void closed.then(() => reject(new Error(`The connection was closed after: ${text}`)))
        look()
      }),
  }
}

/** Sends bytes on a connection of their own, and gives all that came until the server closed it. */
export async function exchangeRaw(url: string, bytes: string, { half = false } = {}): Promise<string> {
  const { socket, closed } = await openRaw(url)
  if (half) socket.end(bytes, 'latin1')
  else socket.write(bytes, 'latin1')
  return closed
}

/** A request's bytes. Its connection ends after it unless the headers say otherwise. */
export function requestBytes(
  method: string,
  target: string,
  { token, body, headers = {} }: { token?: string; body?: string; headers?: Record<string, string> } = {},
): string {
  const fields: Record<string, string> = {
    host: 'latchkey.test',
    connection: 'close',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}
