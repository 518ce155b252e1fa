// Reads a request's body: its type, its length, its JSON or its form. Refuses as early as it can tell.
import type { IncomingMessage } from 'node:http'
import { LatchkeyError } from '../core/errors.ts'
import { inviteBody } from './continue.ts'
import type { ReadHeader } from './exchange.ts'
import { type Form, readForm } from './form.ts'

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
  if (!optional || announced > 0) requireType(header, jsonType)
  if (announced > limit) throw bodyTooLarge(limit)
  const bytes = await readBytes(limit)
  if (!optional) return parse(bytes)
  if (bytes.length === 0) return {}
  requireType(header, jsonType)
  // As generated clients write a body that nobody gave.
  return parse(bytes) ?? {}
}

/** Reads a form of at most `limit` bytes. Throws `unsupported_media_type`, `body_too_large`, `invalid_input`. */
export async function parseForm(
  header: ReadHeader,
  limit: number,
  readBytes: (limit: number) => Promise<Buffer>,
): Promise<Form> {
  requireType(header, formType)
  if (Number(header('content-length') ?? 0) > limit) throw bodyTooLarge(limit)
  return readForm((await readBytes(limit)).toString('latin1'))
}

const jsonType = 'application/json'
export const formType = 'application/x-www-form-urlencoded'

/** Throws `unsupported_media_type` unless the headers announce a plain body of a type, in UTF-8. */
function requireType(header: ReadHeader, type: string): void {
  if (!isOfType(header, type))
    throw new LatchkeyError('unsupported_media_type', `Send the body as Content-Type: ${type}.`)
  const encoding = header('content-encoding')
  if (encoding && encoding.toLowerCase() !== 'identity') {
    throw new LatchkeyError('unsupported_media_type', 'Send the body without a Content-Encoding.')
  }
}

function isOfType(header: ReadHeader, type: string): boolean {
  const given = header('content-type')
  if (given === type) return true
  const [, name, parameters = ''] = /^([^ \t;]+)[ \t]*(?:;(.*))?$/.exec(given?.trim() ?? '') ?? []
  return name?.toLowerCase() === type && /^[ \t]*(?:charset="?utf-8"?)?[ \t]*$/i.test(parameters)
}

/**
 * Tells the client of a refused body what would be taken (RFC 9110, section 15.5.16): the type, or the coding. Never both:
 * `Accept-Encoding` is there only if the coding is at fault (section 12.5.3).
 */
export function acceptedBodies(method: string, header: ReadHeader, type = jsonType): Record<string, string> {
  if (isOfType(header, type)) return { 'accept-encoding': 'identity' }
  // RFC 5789, section 2.2.
  return { accept: type, ...(method === 'PATCH' && { 'accept-patch': type }) }
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
