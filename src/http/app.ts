// The door for every request, by a framework: the routes of a table, and what is said if there is none.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Context, Hono } from 'hono'
import { headerReader } from '../core/bearer.ts'
import { LatchkeyError } from '../core/errors.ts'
import { arrivalOf } from './arrival.ts'
import { readIncomingBytes, readRequestBytes } from './body.ts'
import { closeSignal } from './close-signal.ts'
import { preflight } from './cross-origin.ts'
import type { Exchange, ReadHeader } from './exchange.ts'
import { type Pipeline, serve } from './pipeline.ts'
import { problem, type Reply } from './reply.ts'
import { literalPath, matchTemplate } from './request-target.ts'
import type { Kit, Route } from './route.ts'
import { toBody } from './streams.ts'

/** What a server serves. */
export interface Table<Parts extends Kit> {
  /** The first that fits is taken. */
  routes: readonly Route<Parts>[]
  /** Answers a request for an address of no route, in place of a refusal; undefined to refuse it. */
  servePage?(method: string, header: ReadHeader, path: string): Reply | undefined
  /** The detail of `route_not_found`. */
  describeMissing(path: string): string
}

/** What Node's server hands over beside the request; absent if the app is called without one. */
interface Bindings {
  incoming?: IncomingMessage
  outgoing?: ServerResponse
}
type RequestContext = Context<{ Bindings: Bindings }>

/** Makes the app that serves a table over HTTP. */
export function createTableApp<Parts extends Kit>(
  pipeline: Pipeline<Parts>,
  { routes, servePage, describeMissing }: Table<Parts>,
): Hono<{ Bindings: Bindings }> {
  const literalPaths = new Set(routes.map(({ path }) => path).filter((path) => !path.includes('{')))

  /**
   * Returns the parameters of a path that is an instance of a route's template, or undefined if it is none. A path that is
   * a route's own, such as `/v1/keys/self`, is none of another one's, and neither is what lies behind it: `self` is no id.
   */
  function matchRoute({ path: template }: Route<Parts>, path: string): Record<string, string> | undefined {
    const toFirstId = template.split('/').findIndex((segment) => segment.startsWith('{')) + 1
    const begin = path.split('/').slice(0, toFirstId).join('/')
    return literalPaths.has(begin) ? undefined : matchTemplate(template, path)
  }

  /** Answers a browser that asks whether a page of another origin may make a call; undefined if none there is for such pages. */
  function answerPreflight(method: string, header: ReadHeader, path: string): Reply | undefined {
    if (method !== 'OPTIONS' || header('origin') === undefined) return undefined
    const open = routes.filter((route) => route.crossOrigin && matchRoute(route, path))
    return open.length === 0 ? undefined : preflight(open.map((route) => route.method))
  }

  /** Nothing is served so: is it the address, or only the method? */
  function refuseRoute(path: string, exchange: Exchange): Reply {
    const methods = routes.filter((route) => matchRoute(route, path)).map(({ method }) => method)
    if (methods.length === 0) throw new LatchkeyError('route_not_found', describeMissing(path))
    const allow = [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].join(', ')
    const error = new LatchkeyError('method_not_allowed', `This path accepts ${allow} only.`)
    exchange.error = error
    return problem(error, exchange.requestId, { allow })
  }

  const answer = async ({ req, env }: RequestContext, route: Route<Parts> | undefined) => {
    // Without a server the target is that of a fetch request, whose URL always has its origin before it.
    const target = env?.incoming?.url ?? req.url.replace(/^[a-z]+:\/\/[^/?#]*/i, '')
    const path = literalPath(target)
    const params = route && matchRoute(route, path)
    // As every other way of serving reads them.
    const header = env?.incoming ? headerReader(env.incoming.rawHeaders) : (name: string) => req.header(name)
    const serveNoRoute = (exchange: Exchange) =>
      answerPreflight(req.method, header, path) ??
      servePage?.(req.method, header, path) ??
      refuseRoute(path, exchange)
    const served = params ? route : serveNoRoute
    const reply = await serve(
      pipeline,
      {
        method: req.method,
        url: target,
        remoteAddress: env?.incoming?.socket.remoteAddress,
        startedAt: arrivalOf(env?.incoming),
        header,
        params: params ?? {},
        ...(env?.outgoing && { signal: closeSignal(env.outgoing) }),
        readBytes: (limit) =>
          env?.incoming ? readIncomingBytes(env.incoming, limit) : readRequestBytes(req.raw, limit),
      },
      served,
    )
    return new Response(reply.stream ? toBody(reply.stream) : reply.body, {
      status: reply.status,
      headers: reply.cookies === undefined ? reply.headers : withCookies(reply),
    })
  }
  const app = new Hono<{ Bindings: Bindings }>()
  for (const route of routes) {
    app.on(route.method, route.path.replace(/\{(\w+)\}/g, ':$1'), (context) => answer(context, route))
  }
  app.notFound((context) => answer(context, undefined))
  return app
}

function withCookies({ headers, cookies = [] }: Reply): Headers {
  const all = new Headers(headers)
  for (const cookie of cookies) all.append('set-cookie', cookie)
  return all
}
