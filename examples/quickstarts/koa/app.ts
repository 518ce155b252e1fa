// app.ts
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { createVerifier } from 'latchkey/client'
import { type GuardOptions, type VerifiedKey, withKey } from 'latchkey/fetch'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

/** Lets through requests with a valid key, which later middleware finds in `ctx.state.key`. */
function requireKey(asked: Omit<GuardOptions<Request>, 'verifier'>): Middleware<{ key?: VerifiedKey }> {
  return async (ctx, next) => {
    const admit = withKey({ verifier, ...asked }, (_request: Request, key) => {
      ctx.state.key = key
      return new Response()
    })
    const headers = ctx.headers as Record<string, string>
    const answer = await admit(new Request(ctx.href, { method: ctx.method, headers }))
    ctx.set(Object.fromEntries(answer.headers))
    if (ctx.state.key) return next()
    ctx.status = answer.status
    ctx.body = answer.body
  }
}

const router = new Router<{ key: VerifiedKey }>()

router.get('/api/emails', requireKey({ permissions: ['emails:read'] }), (ctx) => {
  ctx.body = { emailsOf: ctx.state.key.organizationId }
})

router.post('/api/emails', requireKey({ permissions: ['emails:send'], cost: 10 }), (ctx) => {
  ctx.status = 202
  ctx.body = { sentBy: ctx.state.key.name }
})

const server = new Koa().use(router.routes()).listen(Number(PORT))
process.once('SIGTERM', () => server.close(() => verifier.close()))
