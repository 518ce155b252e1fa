// One small API behind each of the guards, served by the real framework over real HTTP: `/emails` wants
// `emails:send`, `/of/{team}` wants `teams:{team}`, `/me` any key.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { expectTypeOf } from 'vitest'
import * as onExpress from '../../src/middleware/express.ts'
import * as onFastify from '../../src/middleware/fastify.ts'
import {
  admitKey,
  type NodeRequest,
  type TokenVerifier,
  type VerifiedKey,
  withKey,
} from '../../src/middleware/fetch.ts'
import * as onHono from '../../src/middleware/hono.ts'

export interface GuardedApi extends AsyncDisposable {
  url: string
  /** What `onError` heard. */
  errors: unknown[]
}

/** Starts the API behind one of the guards. */
export type StartGuarded = (verifier: TokenVerifier) => Promise<GuardedApi>

const seen = ({ keyId, organizationId, permissions, metadata }: VerifiedKey) => ({
  keyId,
  organizationId,
  permissions,
  metadata,
})

export const frameworks: Record<string, StartGuarded> = {
  Hono: (verifier) =>
    listen((onError) => {
      const app = new Hono()
        .get('/emails', onHono.requireKey({ verifier, permissions: ['emails:send'], onError }), (c) => {
          expectTypeOf(c.var.key).toEqualTypeOf<VerifiedKey>()
          return c.json(seen(c.var.key))
        })
        .use(
          '/of/:team',
          onHono.requireKey({ verifier, permissions: (c) => [`teams:${c.req.param('team')}`], onError }),
        )
        .get('/of/:team', (c) => {
          expectTypeOf(c.var.key).toEqualTypeOf<VerifiedKey>()
          return c.json(seen(c.var.key))
        })
        .get('/me', onHono.requireKey({ verifier, onError }), (c) => c.json(seen(c.var.key)))
      return getRequestListener(app.fetch)
    }),

  Express: (verifier) =>
    listen((onError) => {
      const { requireKey, keyOf } = onExpress
      const app = express()
      app.get(
        '/emails',
        requireKey({ verifier, permissions: ['emails:send'], onError }),
        (request, response) => {
          expectTypeOf(keyOf(request)).toEqualTypeOf<VerifiedKey>()
          response.json(seen(keyOf(request)))
        },
      )
      const teams = requireKey({
        verifier,
        permissions: (request) => [`teams:${request.params.team}`],
        onError,
      })
      app.get('/of/:team', teams, (request, response) => {
        expectTypeOf(request.params.team).toEqualTypeOf<string>()
        response.json(seen(keyOf(request)))
      })
      // A guard before a router counts for what is in it.
      const router = express.Router().get('/', (request, response) => response.json(seen(keyOf(request))))
      app.use('/me', requireKey({ verifier, onError }), router)
      app.get('/unguarded', (request, response) => response.json(keyOf(request)))
      return app
    }),

  Fastify: async (verifier) => {
    const { requireKey, keyOf } = onFastify
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const app = fastify({ routerOptions: { maxParamLength: 4_000 } })
    app.get(
      '/emails',
      { onRequest: requireKey({ verifier, permissions: ['emails:send'], onError }) },
      (request) => {
        expectTypeOf(keyOf(request)).toEqualTypeOf<VerifiedKey>()
        return seen(keyOf(request))
      },
    )
    const teams = requireKey({
      verifier,
      permissions: (request) => [`teams:${(request.params as { team: string }).team}`],
      onError,
    })
    app.get<{ Params: { team: string } }>('/of/:team', { onRequest: teams }, (request) =>
      seen(keyOf(request)),
    )
    app.register(async (plugin) => {
      plugin.addHook('onRequest', requireKey({ verifier, onError }))
      plugin.get('/me', (request) => seen(keyOf(request)))
    })
    app.get('/unguarded', (request) => keyOf(request))
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return { url, errors, [Symbol.asyncDispose]: () => app.close() }
  },

  'a fetch-style handler': (verifier) =>
    listen((onError) => {
      const emails = withKey({ verifier, permissions: ['emails:send'], onError }, (_, key) => {
        expectTypeOf(key).toEqualTypeOf<VerifiedKey>()
        return Response.json(seen(key))
      })
      const teamOf = (request: Request) => new URL(request.url).pathname.split('/')[2]
      const teams = withKey(
        { verifier, permissions: (request) => [`teams:${teamOf(request)}`], onError },
        // As Next.js calls it: a second argument with the path's parameters.
        async (_, key, context: { params: Promise<{ team: string }> }) =>
          Response.json({ ...seen(key), team: (await context.params).team }),
      )
      const me = withKey({ verifier, onError }, async (_, key) => Response.json(seen(key)))
      return getRequestListener((request) => {
        const { pathname } = new URL(request.url)
        if (pathname === '/emails') return emails(request)
        if (pathname === '/me') return me(request)
        return teams(request, { params: Promise.resolve({ team: teamOf(request) as string }) })
      })
    }),

  'a server of Node.js': (verifier) =>
    listen((onError) => {
      const pathOf = (request: NodeRequest) => new URL(request.url ?? '', 'http://api').pathname
      const emails = admitKey({ verifier, permissions: ['emails:send'], onError })
      const teams = admitKey({
        verifier,
        permissions: (request: NodeRequest) => [`teams:${pathOf(request).split('/')[2]}`],
        onError,
      })
      const me = admitKey({ verifier, onError })
      return async (request, response) => {
        const path = pathOf(request)
        const admit = path === '/emails' ? emails : path === '/me' ? me : teams
        const admission = await admit(request, { ip: request.socket.remoteAddress })
        if ('refusal' in admission) {
          const { status, headers, body } = admission.refusal
          response.writeHead(status, headers).end(body)
          return
        }
        expectTypeOf(admission.key).toEqualTypeOf<VerifiedKey>()
        response.writeHead(200, { 'content-type': 'application/json', ...admission.headers })
        response.end(JSON.stringify(seen(admission.key)))
      }
    }),
}

/** Serves what a guard stands before. */
export async function listen(makeListener: (onError: (error: unknown) => void) => RequestListener) {
  const errors: unknown[] = []
  const server = createServer(makeListener((error) => errors.push(error)))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, errors, [Symbol.asyncDispose]: () => stop(server) }
}

function stop(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    server.closeAllConnections()
  })
}
