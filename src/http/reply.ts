// Answers as plain data, so that every way of serving HTTP gives the same: their headers, problems and JSON.
import { invalidToken } from '../core/bearer.ts'
import { maxFieldErrors } from '../core/bounds.ts'
import { type ErrorCode, type FieldError, LatchkeyError } from '../core/errors.ts'
import { toSnakeCase, toWire } from '../core/wire.ts'
import type { Exchange } from './exchange.ts'
import type { Stream } from './streams.ts'

/** An answer: a status, headers by lower-case names, and a body or none. */
export interface Reply {
  status: number
  headers: Record<string, string>
  /** A line of `Set-Cookie` each, if there are several. */
  cookies?: readonly string[]
  body: string | Uint8Array<ArrayBuffer> | null
  /** A body that comes bit by bit, of no known length. */
  stream?: Stream
}

/** The headers of every answer; those of a reply replace them. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Answers 200 with a library value in the wire's form. */
export function json(value: unknown, headers: Record<string, string> = {}): Reply {
  return jsonText(JSON.stringify(toWire(value)), headers)
}

/** Answers 200 with JSON that is written already. */
export function jsonText(body: string, headers: Record<string, string> = {}): Reply {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** Ends an exchange's reply: puts the common headers and the request id to its own. */
export function dress(reply: Reply, exchange: Pick<Exchange, 'requestId'>): Reply {
  const { headers, body } = reply
  reply.headers = { ...commonHeaders, ...headers }
  reply.headers['x-request-id'] = exchange.requestId
  // RFC 9110, section 8.6: never with 204.
  if (!reply.stream && reply.status !== 204)
    reply.headers['content-length'] = String(body === null ? 0 : Buffer.byteLength(body))
  return reply
}

/**
 * Answers with a problem (RFC 9457). Any error but a LatchkeyError is `internal`: what it says goes to the
 * log alone.
 */
export function problem(error: unknown, requestId: string, headers: Record<string, string> = {}): Reply {
  const known =
    error instanceof LatchkeyError
      ? error
      : new LatchkeyError('internal', 'The server failed. Its log has the cause under this request id.')
  const errors = known.errors?.slice(0, maxFieldErrors)
  return {
    status: known.status,
    headers: { 'content-type': 'application/problem+json', ...problemHeaders(known), ...headers },
    body: JSON.stringify({
      type: `urn:latchkey:error:${known.code}`,
      title: known.title,
      status: known.status,
      detail: errors ? describe(errors) : known.message,
      code: known.code,
      request_id: requestId,
      ...(errors && { errors }),
      ...(known.methods && { methods: known.methods }),
      ...(known.resourceId !== undefined && { resource_id: known.resourceId }),
      ...(known.rule !== undefined && { rule: known.rule }),
      ...(known.organizations && { organizations: known.organizations }),
    }),
  }
}

/** The same error with its paths in the wire's names, for what the library says of its own. */
export function underWireNames(error: unknown): unknown {
  if (!(error instanceof LatchkeyError) || error.errors === undefined) return error
  const errors = faultsUnderWireNames(error.errors)
  return new LatchkeyError(error.code, error.message, { cause: error.cause, errors })
}

/** The same of fields at fault. */
export function faultsUnderWireNames(errors: readonly FieldError[]): FieldError[] {
  return errors.map(({ path, message }) => ({
    path: toSnakeCase(path),
    message: message.replace(/(?<=^Unknown field\. Did you mean )\w+/, toSnakeCase),
  }))
}

/** What was not read of such a request, or could not be, must not be taken for the next one. */
const endsConnection = new Set<ErrorCode>([
  'malformed_request',
  'body_too_large',
  'expectation_failed',
  'unsupported_transfer_coding',
])

/** The headers that an error brings along, however it is told. */
export function problemHeaders({ code, status, retryAfterMs }: LatchkeyError): Record<string, string> {
  // RFC 6750, section 3.1: no error code if the request brought no token.
  if (code === 'missing_token' || code === 'session_ended') return { 'www-authenticate': 'Bearer' }
  if (code === 'invalid_token') return { 'www-authenticate': invalidToken }
  // A challenge must be there (RFC 9110, section 15.5.2), and this one has no registered scheme.
  if (code === 'invalid_signature') return { 'www-authenticate': 'Github-Public-Key-Signature' }
  if (retryAfterMs !== undefined)
    return { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }
  if (status === 503 || status === 429) return { 'retry-after': '1' }
  return endsConnection.has(code) ? { connection: 'close' } : {}
}

function describe(errors: { path: string; message: string }[]): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ')
}
