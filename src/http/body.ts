// Reads a request's body: its type, its length, its JSON. Refuses as early as it can tell.
import type { IncomingMessage } from 'node:http'
import { LatchkeyError } from '../core/errors.ts'
import { inviteBody } from './continue.ts'
import type { ReadHeader } from './exchange.ts'

/** The longest body of a call, in bytes, unless its route says otherwise. */
export const defaultBodyLimit = 64 * 1024

/**
 * Reads a JSON body of at most `limit` bytes, by `parse`; if it is optional, none at all and `null` are `{}`. Throws
 * `unsupported_media_type`, `body_too_large`, and what `parse` throws.
 */
export async function parseBody(
  header: ReadHeader,
  optional: boolean,
  limit: number,
  readBytes: (limit: number) => Promise<Buffer>,
  parse: (bytes: Buffer) => unknown,
): Promise<unknown> {
  const announced = Number(header('content-length') ?? 0)
  // Whether a body comes is known from its bytes alone: a proxy may announce one of unknown length. The type of none at all
  // says nothing: some clients send one with every request.
  if (!optional || announced > 0) requireJson(header)
  if (announced > limit) throw bodyTooLarge(limit)
  const bytes = await readBytes(limit)
  if (!optional) return parse(bytes)
  if (bytes.length === 0) return {}
  requireJson(header)
  // As generated clients write a body that nobody gave.
  return parse(bytes) ?? {}
}

/** Throws `unsupported_media_type` unless the headers announce plain JSON in UTF-8. */
function requireJson(header: ReadHeader): void {
  if (!isJson(header))
    throw new LatchkeyError('unsupported_media_type', 'Send the body as Content-Type: application/json.')
  const encoding = header('content-encoding')
  if (encoding && encoding.toLowerCase() !== 'identity') {
    throw new LatchkeyError('unsupported_media_type', 'Send the body without a Content-Encoding.')
  }
}

function isJson(header: ReadHeader): boolean {
  const type = header('content-type')
  return (
    type === 'application/json' ||
    /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(type?.trim() ?? '')
  )
}

/**
 * Tells the client of a refused body what would be taken (RFC 9110, section 15.5.16): the type, or the coding. Never both:
 * `Accept-Encoding` is there only if the coding is at fault (section 12.5.3).
 */
export function acceptedBodies(method: string, header: ReadHeader): Record<string, string> {
  if (isJson(header)) return { 'accept-encoding': 'identity' }
  // RFC 5789, section 2.2.
  return { accept: 'application/json', ...(method === 'PATCH' && { 'accept-patch': 'application/json' }) }
}

/** The refusal of a body over its limit. */
function bodyTooLarge(limit: number): LatchkeyError {
  return new LatchkeyError('body_too_large', `The body must have at most ${limit} bytes.`)
}

/** Reads the bytes of a fetch request. Throws `body_too_large` as soon as there are more than `limit`. */
export async function readRequestBytes(request: Request, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = request.body?.getReader()
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    length += part.value.length
    if (length > limit) {
      void reader?.cancel().catch(() => {})
      throw bodyTooLarge(limit)
    }
    chunks.push(part.value)
  }
  return Buffer.concat(chunks, length)
}

/** Reads the bytes of a request of Node's server, without the cost of a fetch request around it. */
export function readIncomingBytes(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  inviteBody(incoming)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let length = 0
  incoming.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > limit) reject(bodyTooLarge(limit))
    else chunks.push(chunk)
  })
  incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
  incoming.on('error', () => reject(bodyBrokeOff()))
  // Its client went before anybody listened: nothing more is heard of it.
  if (incoming.destroyed) reject(bodyBrokeOff())
  return promise
}

/** The refusal of a body whose connection ended before it did. */
export function bodyBrokeOff(): LatchkeyError {
  return new LatchkeyError('malformed_request', 'The body ended before it was complete. Send it again.')
}
