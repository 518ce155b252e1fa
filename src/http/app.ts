// The table of contents: every route there is, and the way of a request through any of them.
import { type Context, Hono } from 'hono'
import type { Logger } from 'pino'
import { LatchkeyError } from '../errors.ts'
import type { Latchkey } from '../latchkey.ts'
import type { Caller } from '../schemas.ts'
import { fromWire } from '../wire.ts'
import { auditRoutes } from './audit.ts'
import { authenticate, insufficientScope, requirePermission } from './auth.ts'
import { defaultBodyLimit, readBody } from './body.ts'
import { type Exchange, holdsToken, openExchange, parseProxies } from './exchange.ts'
import { keyRoutes } from './keys.ts'
import { recordExchange } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { operationRoutes } from './operation.ts'
import { organizationRoutes } from './organizations.ts'
import { readQuery, refuseQuery } from './query.ts'
import { shareReadiness } from './readiness.ts'
import { dress, problem, type Reply, underWireNames } from './reply.ts'
import type { Parts, Route } from './route.ts'
import { verifyRoutes } from './verify.ts'

// `/v1/keys/self` and `/v1/keys/verify` stand before `/v1/keys/{id}`: the first that fits is taken.
export const routes: readonly Route[] = [
  ...verifyRoutes,
  ...keyRoutes,
  ...organizationRoutes,
  ...auditRoutes,
  ...operationRoutes,
]

export interface AppSettings {
  log: Logger
  metrics?: Metrics
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is believed; none if absent. */
  trustedProxies?: readonly string[]
}

/** What Node's server hands over beside the request; absent where the app is called without one. */
interface Bindings {
  incoming?: { url?: string; socket: { remoteAddress?: string } }
}
type RequestContext = Context<{ Bindings: Bindings }>

/** Makes the app that serves Latchkey over HTTP. Throws RangeError for a proxy that is no address. */
export function createApp(latchkey: Latchkey, settings: AppSettings): Hono<{ Bindings: Bindings }> {
  const { log, metrics = createMetrics() } = settings
  const trustedProxies = parseProxies(settings.trustedProxies ?? [])
  let text: string | undefined
  const document = () => {
    text ??= JSON.stringify(openApiDocument(routes))
    return text
  }
  const parts: Parts = { latchkey, metrics, checkReady: shareReadiness(latchkey), document }

  const serve = async (
    context: RequestContext,
    answer: (exchange: Exchange) => Promise<Reply>,
    route?: Route,
  ) => {
    const { req, env } = context
    const header = (name: string) => req.header(name)
    const exchange = openExchange(req.method, header, env?.incoming?.socket.remoteAddress, trustedProxies)
    if (route) exchange.route = route.path
    const reply = dress(await answerOrProblem(context, exchange, answer, route), exchange)
    recordExchange(log, metrics, exchange, reply.status)
    return new Response(reply.body, { status: reply.status, headers: reply.headers })
  }

  const app = new Hono<{ Bindings: Bindings }>()
  for (const route of routes) {
    app.on(route.method, route.path.replace(/\{(\w+)\}/g, ':$1'), (context) =>
      serve(context, (exchange) => answerRoute(parts, route, context, exchange), route),
    )
  }
  app.notFound((context) => serve(context, (exchange) => refuseRoute(context.req.path, exchange)))
  return app
}

async function answerOrProblem(
  context: RequestContext,
  exchange: Exchange,
  answer: (exchange: Exchange) => Promise<Reply>,
  route: Route | undefined,
): Promise<Reply> {
  try {
    // The raw URL, before anything is made of it. Whatever follows never logs a URL at all.
    if (holdsToken(context.env?.incoming?.url ?? context.req.url)) {
      throw new LatchkeyError('token_in_url', 'Send tokens in headers or bodies: URLs end up in logs.')
    }
    return await answer(exchange)
  } catch (error) {
    exchange.error = error
    const lacksPermission = error instanceof LatchkeyError && error.code === 'missing_permission' && route
    return problem(
      error,
      exchange.requestId,
      lacksPermission ? { 'www-authenticate': insufficientScope([route.access]) } : {},
    )
  }
}

/** The way of a request: who calls, may it, what does it say, and what the library answers. */
async function answerRoute(
  parts: Parts,
  route: Route,
  context: RequestContext,
  exchange: Exchange,
): Promise<Reply> {
  const { req } = context
  const header = (name: string) => req.header(name)
  const caller = route.access === 'public' ? undefined : await admit(parts, route.access, header, exchange)
  const body =
    route.body && (await readBody(req.raw, route.bodyLimit ?? defaultBodyLimit, route.bodyOptional ?? false))
  const rawQuery = /\?([^#]*)/.exec(req.url)?.[1] ?? ''
  if (caller && !route.query) refuseQuery(rawQuery)
  const call = {
    parts,
    latchkey: parts.latchkey,
    exchange,
    header,
    params: req.param(),
    rawQuery,
    query: caller && route.query ? readQuery(rawQuery) : undefined,
    body: fromWireBody(body),
    // Public routes have no caller, and their handlers' types say so.
    caller: caller as Caller,
  }
  return route.handle(call).catch((error) => {
    throw underWireNames(error)
  })
}

async function admit(
  { latchkey }: Parts,
  access: Exclude<Route['access'], 'public'>,
  header: (name: string) => string | undefined,
  exchange: Exchange,
): Promise<Caller> {
  const caller = await authenticate(latchkey, header('authorization'), exchange)
  if (access !== 'any key') requirePermission(caller, access)
  return caller
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

/** Nothing is served so: is it the address, or only the method? */
async function refuseRoute(path: string, exchange: Exchange): Promise<Reply> {
  const methods = routes.filter((route) => fits(route.path, path)).map(({ method }) => method)
  if (methods.length === 0) throw new LatchkeyError('route_not_found', 'There is nothing at this address.')
  const allow = [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].join(', ')
  const error = new LatchkeyError('method_not_allowed', `This address takes ${allow}.`)
  exchange.error = error
  return problem(error, exchange.requestId, { allow })
}

function fits(template: string, path: string): boolean {
  const segments = template.split('/')
  const given = path.split('/')
  return (
    segments.length === given.length &&
    segments.every((segment, i) => (segment.startsWith('{') ? given[i] !== '' : segment === given[i]))
  )
}
