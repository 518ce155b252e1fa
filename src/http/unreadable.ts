// Answers where nothing came that can be read as a request.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../core/errors.ts'
import type { ConnectionBounds } from './connections.ts'
import { endAndDrain } from './lingering.ts'
import type { Reply } from './reply.ts'

export const notHttp = 'The request is not valid HTTP.'

/** What is wrong with a request that could not be read, by the code of Node's error; `isReceiving` says that its headers could. */
export function clientFault(
  code: string | undefined,
  isReceiving: boolean,
  { headersMs, requestMs }: ConnectionBounds,
): [code: ErrorCode, detail: string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['headers_too_large', 'The headers must have at most 16 KiB in all.']
  if (code !== 'ERR_HTTP_REQUEST_TIMEOUT') return ['malformed_request', notHttp]
  const [what, ms] = isReceiving ? ['The request was', requestMs] : ['The headers were', headersMs]
  return ['request_timeout', `${what} not complete within ${ms / 1000} seconds. Send faster.`]
}

/** Answers on a connection whose request could not be read, and ends it. */
export function writeRaw(socket: Socket, { status, headers, body }: Reply): void {
  const fields = Object.entries({ ...headers, date: new Date().toUTCString() })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  endAndDrain(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body ?? ''}`)
}
