// app.ts
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { createVerifier } from 'latchkey/client'
import { admitKey, type GuardOptions, type NodeRequest, type VerifiedKey } from 'latchkey/fetch'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

/** Lets through requests with a valid key, which later middleware finds in `ctx.state.key`. */
function requireKey(asked: Omit<GuardOptions<NodeRequest>, 'verifier'>): Middleware<{ key?: VerifiedKey }> {
  const admit = admitKey({ verifier, ...asked })
  return async (ctx, next) => {
    const admission = await admit(ctx.req, { ip: ctx.ip })
    if ('refusal' in admission) {
      const { status, headers, body } = admission.refusal
      ctx.set(headers)
      ctx.status = status
      ctx.body = body
      return
    }
    ctx.set(admission.headers)
    ctx.state.key = admission.key
    await next()
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
