// One small API behind each of the guards, whose requests cost units: `/cost/{n}` costs n, `/pages` 3 pages, `/look`
// none, `/twice` passes two guards, `/wrong` two of which the later one names a cost, `/given` is answered with what a
// handler got from elsewhere.
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import * as onExpress from '../../src/middleware/express.ts'
import * as onFastify from '../../src/middleware/fastify.ts'
import { type TokenVerifier, withKey } from '../../src/middleware/fetch.ts'
import * as onHono from '../../src/middleware/hono.ts'
import { listen, type StartGuarded } from './guarded.ts'

/** An answer whose headers cannot be changed, as that of `fetch`. */
const given = () => Response.redirect('https://api.example.com/given', 303)

const costOf = (text: string | undefined) => Number(text)

export const guardedByCost: Record<string, StartGuarded> = {
  Hono: (verifier) =>
    listen((onError) => {
      const { requireKey } = onHono
      const guard = requireKey({ verifier, onError })
      const app = new Hono()
        .get('/cost/:n', requireKey({ verifier, onError, cost: (c) => costOf(c.req.param('n')) }), (c) =>
          c.text('done'),
        )
        .get('/pages', requireKey({ verifier, onError, cost: { pages: 3 } }), () => new Response('done'))
        .get('/look', requireKey({ verifier, onError, cost: 0 }), (c) => c.text('done'))
        .get('/twice', guard, requireKey({ verifier, onError }), (c) => c.text('done'))
        .get('/wrong', guard, requireKey({ verifier, onError, cost: 2 }), (c) => c.text('done'))
        .get('/given', guard, given)
      return getRequestListener(app.fetch)
    }),

  Express: (verifier) =>
    listen((onError) => {
      const { requireKey } = onExpress
      const guard = requireKey({ verifier, onError })
      const done: express.RequestHandler = (_, response) => void response.send('done')
      const cost = requireKey({ verifier, onError, cost: (request) => costOf(request.params.n as string) })
      return express()
        .get('/cost/:n', cost, done)
        .get('/pages', requireKey({ verifier, onError, cost: { pages: 3 } }), done)
        .get('/look', requireKey({ verifier, onError, cost: 0 }), done)
        .get('/twice', guard, requireKey({ verifier, onError }), done)
        .get('/wrong', guard, requireKey({ verifier, onError, cost: 2 }), done)
        .get('/given', guard, (_, response) => response.redirect(303, 'https://api.example.com/given'))
    }),

  Fastify: async (verifier) => {
    const { requireKey } = onFastify
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const guard = requireKey({ verifier, onError })
    const done = () => 'done'
    const app = fastify()
    const cost = requireKey({
      verifier,
      onError,
      cost: async (request) => costOf((request.params as { n: string }).n),
    })
    app.get('/cost/:n', { onRequest: cost }, done)
    app.get('/pages', { onRequest: requireKey({ verifier, onError, cost: { pages: 3 } }) }, done)
    app.get('/look', { onRequest: requireKey({ verifier, onError, cost: 0 }) }, done)
    app.get('/twice', { onRequest: [guard, requireKey({ verifier, onError })] }, done)
    app.get('/wrong', { onRequest: [guard, requireKey({ verifier, onError, cost: 2 })] }, done)
    app.get('/given', { onRequest: guard }, (_, reply) =>
      reply.redirect('https://api.example.com/given', 303),
    )
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return { url, errors, [Symbol.asyncDispose]: () => app.close() }
  },

  'a fetch-style handler': (verifier) =>
    listen((onError) => {
      const done = () => new Response('done')
      const lastOf = (request: Request) => new URL(request.url).pathname.split('/').at(-1)
      const plain = { verifier, onError }
      const handlers: Record<string, (request: Request) => Promise<Response>> = {
        cost: withKey({ ...plain, cost: (request) => costOf(lastOf(request)) }, done),
        pages: withKey({ ...plain, cost: { pages: 3 } }, done),
        look: withKey({ ...plain, cost: 0 }, done),
        twice: withKey(plain, withKey(plain, done)),
        wrong: withKey(plain, withKey({ ...plain, cost: 2 }, done)),
        given: withKey(plain, given),
      }
      return getRequestListener(
        async (request) => {
          const handler = handlers[new URL(request.url).pathname.split('/')[1] as string]
          return handler?.(request) ?? new Response(null, { status: 404 })
        },
        { errorHandler: () => new Response(null, { status: 500 }) },
      )
    }),
}

/** Counts what is asked of a verifier, and with which cost. */
export function countAsked(verifier: TokenVerifier): TokenVerifier & { costs: unknown[] } {
  const costs: unknown[] = []
  return {
    costs,
    verify: (token, options, asker) => {
      costs.push(options?.cost)
      return verifier.verify(token, options, asker)
    },
  }
}
