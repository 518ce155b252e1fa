// The way of a request through any door: who calls, may it, what does it say, and what the library answers.
import { requirePermission, requireRoot } from '../core/access.ts'
import type { Caller } from '../core/actor.ts'
import { insufficientScope, invalidToken } from '../core/bearer.ts'
import { LatchkeyError } from '../core/errors.ts'
import { fromWire } from '../core/wire.ts'
import { authenticate, authenticatePortal } from './authenticate.ts'
import { acceptedBodies, defaultBodyLimit, formType, parseBody, parseForm } from './body.ts'
import { crossOriginHeaders } from './cross-origin.ts'
import { type Exchange, holdsToken, openExchange, type ReadHeader } from './exchange.ts'
import type { Form } from './form.ts'
import { readIdempotentRequest } from './idempotency-key.ts'
import { readJson } from './json.ts'
import type { ExchangeRecorder } from './log.ts'
import { refuseAsOauth } from './oauth-refusals.ts'
import { readQuery, refuseQuery } from './query.ts'
import { dress, problem, type Reply, underWireNames } from './reply.ts'
import type { Call, Kit, Route } from './route.ts'

/** A request as every door hands it in. */
export interface Incoming {
  method: string
  /** The request's target as it came: nothing decoded, nothing left out. */
  url: string
  remoteAddress: string | undefined
  /** When it came, by the monotonic clock. */
  startedAt: number
  header: ReadHeader
  /** The values of the route's path parameters. */
  params: Record<string, string>
  /** Raised when the request's connection is done with it: answered, or gone. Absent if there is none. */
  signal?(): AbortSignal
  /** Reads the body. Throws `body_too_large` as soon as it is longer than so many bytes. */
  readBytes(limit: number): Promise<Buffer>
}

/**
 * A caller that was admitted longer ago is judged again: after the body, which may come slowly, and after a read, which
 * may have waited long. So a revoked caller gets nothing later than by this and a lease.
 */
const longestAdmissionMs = 100

/** What a door needs to serve requests. */
export interface Pipeline<Parts extends Kit> {
  parts: Parts
  recorder: ExchangeRecorder
}

/** Serves a request on its route, or without one by the given refusal: answers it and writes it down. Never throws. */
export async function serve<Parts extends Kit>(
  pipeline: Pipeline<Parts>,
  incoming: Incoming,
  served: Route<Parts> | Refusal,
): Promise<Reply> {
  const { parts, recorder } = pipeline
  const { method, header, remoteAddress, startedAt } = incoming
  const exchange = openExchange(method, header, remoteAddress, parts.trustedProxies, startedAt)
  if (parts.telemetry) exchange.trace = parts.telemetry.begin(header)
  const route = typeof served === 'function' ? undefined : served
  if (route) exchange.route = route.path
  let reply: Reply
  try {
    // The raw URL, before anything is made of it. Nothing after this logs a URL at all.
    if (holdsToken(incoming.url)) {
      throw new LatchkeyError(
        'token_in_url',
        'The URL contains a token. Send tokens in headers or bodies, because programs log URLs.',
      )
    }
    reply = typeof served === 'function' ? served(exchange) : await answer(parts, served, incoming, exchange)
  } catch (error) {
    exchange.error = incoming.signal?.().aborted ? new LatchkeyError('client_gone', clientGone) : error
    const headers = refusalHeaders(exchange.error, route, incoming)
    reply = route?.form
      ? refuseAsOauth(exchange.error, header('authorization'), headers)
      : problem(exchange.error, exchange.requestId, headers)
  }
  if (route?.crossOrigin) reply.headers = { ...reply.headers, ...crossOriginHeaders }
  dress(reply, exchange)
  recorder.record(exchange, reply.status)
  return reply
}

const clientGone = 'The client closed its connection before the server answered.'

/** What a refusal says of the route's permission, and of the bodies that it takes. */
function refusalHeaders(
  error: unknown,
  route: Pick<Route<Kit>, 'access' | 'form' | 'portal'> | undefined,
  { method, header }: Incoming,
): Record<string, string> {
  if (!(error instanceof LatchkeyError)) return {}
  if (error.code === 'unsupported_media_type')
    return acceptedBodies(method, header, route?.form ? formType : undefined)
  // By a token, unlike the session of a browser (RFC 6750, section 3.1).
  if (error.code === 'session_ended' && route?.portal) return { 'www-authenticate': invalidToken }
  if (error.code === 'missing_permission' && route) {
    return { 'www-authenticate': insufficientScope(error.missing ?? [route.access]) }
  }
  return {}
}

/** The answer if there is no route. */
export type Refusal = (exchange: Exchange) => Reply

async function answer<Parts extends Kit>(
  parts: Parts,
  route: Route<Parts>,
  incoming: Incoming,
  exchange: Exchange,
): Promise<Reply> {
  const { header, params, url } = incoming
  let admittedAt = Number.NEGATIVE_INFINITY
  const readmit = async () => {
    const begunAt = performance.now()
    const caller = await admit(parts, route, header, exchange)
    admittedAt = begunAt
    return caller
  }
  const isLate = () => performance.now() - admittedAt > longestAdmissionMs
  let caller = route.access === 'public' ? undefined : await readmit()
  route.refuseEarly?.({ parts, exchange, header })
  // With its body, which may be large and slow.
  const leave = caller && parts.underWay.enter(caller)
  try {
    const body = route.body && (await readBody(route, incoming))
    const form = route.form && (await parseForm(header, defaultBodyLimit, incoming.readBytes))
    if (caller && isLate()) caller = await readmit()
    const rawQuery = /\?([^#]*)/.exec(url)?.[1] ?? ''
    if (!route.query && !route.anyQuery) refuseQuery(rawQuery)
    const call = {
      parts,
      exchange,
      header,
      params,
      rawQuery,
      query: caller && route.query ? readQuery(rawQuery) : undefined,
      body,
      // Other routes take none, and look at none.
      form: form as Form,
      once: caller && route.once && readIdempotentRequest(parts, exchange, incoming, body),
      // Public routes have no caller, and their handlers' types say so.
      caller: caller as Caller,
      readmit,
      // Made only for those who ask for it: most calls are over before anybody would.
      get signal() {
        return incoming.signal?.()
      },
    }
    const reply = await handle(route, call)
    // What changes something has judged its caller in its transaction, in which the caller may have ended itself.
    if (caller && isRead(route) && isLate()) await readmit()
    return reply
  } finally {
    leave?.()
  }
}

async function handle<Parts extends Kit>(
  route: Route<Parts>,
  call: Call<Parts> & { caller: Caller },
): Promise<Reply> {
  try {
    return await route.handle(call)
  } catch (error) {
    throw underWireNames(error)
  }
}

function isRead({ method, changesNothing }: Pick<Route<Kit>, 'method' | 'changesNothing'>): boolean {
  return method === 'GET' || changesNothing === true
}

async function admit(
  kit: Kit,
  {
    access,
    rootOnly,
    tokenOnly,
    portal,
    form,
    purpose = 'management',
  }: Pick<Route<Kit>, 'access' | 'rootOnly' | 'tokenOnly' | 'portal' | 'form' | 'purpose'>,
  header: ReadHeader,
  exchange: Exchange,
): Promise<Caller> {
  const caller = portal
    ? await authenticatePortal(kit, header, exchange)
    : await authenticate(kit, header, exchange, {
        tokenOnly: tokenOnly === true,
        takesBasic: form !== undefined,
        purpose,
      })
  if (access !== 'any key' && access !== 'public') requirePermission(caller, access)
  if (rootOnly !== undefined) requireRoot(caller, rootOnly)
  return caller
}

/** Reads the body under the library's names. */
function readBody(
  route: Pick<Route<Kit>, 'bodyLimit' | 'bodyOptional' | 'readPlain'>,
  { header, readBytes }: Incoming,
): Promise<unknown> {
  const limit = route.bodyLimit ?? defaultBodyLimit
  const parse = (bytes: Buffer) => route.readPlain?.(bytes) ?? fromWireBody(readJson(bytes))
  return parseBody(header, route.bodyOptional ?? false, limit, readBytes, parse)
}

function fromWireBody(body: unknown): unknown {
  if (Array.isArray(body)) return body.map((item, i) => fromWireItem(item, `[${i}].`))
  return fromWireItem(body, '')
}

function fromWireItem(item: unknown, path: string): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
  try {
    return fromWire(item)
  } catch (error) {
    if (!(error instanceof LatchkeyError) || path === '') throw error
    const errors = error.errors?.map((fault) => ({ ...fault, path: path + fault.path }))
    throw new LatchkeyError(error.code, error.message, errors && { errors })
  }
}
