// Reads a request's body: its type, its length, its JSON. Refuses as early as it can tell.
import type { IncomingMessage } from 'node:http'
import { LatchkeyError } from '../core/errors.ts'
import type { ReadHeader } from './exchange.ts'

/** The longest body of a call, in bytes, unless its route says otherwise. */
export const defaultBodyLimit = 64 * 1024

/**
 * Reads a JSON body of at most `limit` bytes, by `parse`; if it is optional, none at all is `{}`. Throws
 * `unsupported_media_type`, `body_too_large`, and what `parse` throws.
 */
export async function parseBody(
  header: ReadHeader,
  optional: boolean,
  limit: number,
  readBytes: (limit: number) => Promise<Buffer>,
  parse: (bytes: Buffer) => unknown,
): Promise<unknown> {
  // Whether a body comes is known from its bytes alone: a proxy may announce one of unknown length.
  if (!optional || header('content-type') !== undefined) requireJson(header)
  if (Number(header('content-length') ?? 0) > limit) throw bodyTooLarge(limit)
  const bytes = await readBytes(limit)
  if (optional && bytes.length === 0) return {}
  if (optional) requireJson(header)
  return parse(bytes)
}

/** Throws `unsupported_media_type` unless the headers announce plain JSON in UTF-8. */
function requireJson(header: ReadHeader): void {
  const type = header('content-type')
  if (
    type !== 'application/json' &&
    !/^application\/json *(?:; *charset="?utf-8"? *)?$/i.test(type?.trim() ?? '')
  ) {
    throw new LatchkeyError('unsupported_media_type', 'Send the body as Content-Type: application/json.')
  }
  const encoding = header('content-encoding')
  if (encoding && encoding.toLowerCase() !== 'identity') {
    throw new LatchkeyError('unsupported_media_type', 'Send the body without a Content-Encoding.')
  }
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
