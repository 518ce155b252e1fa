// Answers where nothing came that can be read as a request.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../core/errors.ts'
import type { ConnectionBounds } from './connections.ts'
import { endAndDrain } from './lingering.ts'
import type { Reply } from './reply.ts'

export const notHttp = 'The request is not valid HTTP.'

/** What Node.js tells of a request that it cannot read: a code, what came last, and how far it read in that. */
export interface ReadingError {
  code?: string
  rawPacket?: Uint8Array
  bytesParsed?: number
}

/** What is wrong with a request that could not be read, by Node's error; `isReceiving` says that its headers could. */
export function clientFault(
  error: ReadingError,
  isReceiving: boolean,
  { headersMs, requestMs }: ConnectionBounds,
): [code: ErrorCode, detail: string] {
  const { code } = error
  if (code === 'HPE_HEADER_OVERFLOW') {
    // The line of a header has a colon behind its name, and no blank before that.
    return /^[\w!#$%&'*+.^`|~-]+ \S*$/.test(lineAt(error).read)
      ? ['target_too_long', 'The target and the headers must have at most 16 KiB in all.']
      : ['headers_too_large', 'The headers must have at most 16 KiB in all.']
  }
  if (code === 'HPE_INVALID_METHOD' && /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]\r?$/.test(lineAt(error).whole))
    return ['unsupported_method', 'The method is unknown. Names of methods are in capitals, such as GET.']
  if (code !== 'ERR_HTTP_REQUEST_TIMEOUT') return ['malformed_request', notHttp]
  const [what, ms] = isReceiving ? ['The request was', requestMs] : ['The headers were', headersMs]
  return ['request_timeout', `${what} not complete within ${ms / 1000} seconds. Send faster.`]
}

/** The line in which reading ended, as far as it came with the last bytes: what of it was read, and all of it. */
function lineAt({ rawPacket = new Uint8Array(), bytesParsed = 0 }: ReadingError): {
  read: string
  whole: string
} {
  const bytes = Buffer.from(rawPacket.buffer, rawPacket.byteOffset, rawPacket.byteLength)
  const start = bytesParsed === 0 ? 0 : bytes.lastIndexOf('\n', bytesParsed - 1) + 1
  const end = bytes.indexOf('\n', bytesParsed)
  return {
    read: bytes.toString('latin1', start, bytesParsed),
    whole: bytes.toString('latin1', start, end === -1 ? bytes.length : end),
  }
}

/** Answers on a connection whose request could not be read, and ends it. */
export function writeRaw(socket: Socket, { status, headers, body }: Reply): void {
  const fields = Object.entries({ ...headers, date: new Date().toUTCString() })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  endAndDrain(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body ?? ''}`)
}
