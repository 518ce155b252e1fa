// app.ts
import type { IncomingMessage, ServerResponse } from 'node:http'
import { initTRPC, TRPCError } from '@trpc/server'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { createVerifier } from 'latchkey/client'
import { admitKey, type GuardOptions, type NodeRequest } from 'latchkey/fetch'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

interface Context {
  req: IncomingMessage
  res: ServerResponse
}
const t = initTRPC.context<Context>().create()

const codes = {
  401: 'UNAUTHORIZED',
  402: 'PAYMENT_REQUIRED',
  403: 'FORBIDDEN',
  429: 'TOO_MANY_REQUESTS',
} as const

/** A procedure for a valid key, which it finds in `ctx.key`. */
function requireKey(asked: Omit<GuardOptions<NodeRequest>, 'verifier'>) {
  const admit = admitKey({ verifier, ...asked })
  return t.procedure.use(async ({ ctx: { req, res }, next }) => {
    // A request of its own for each call of a batch: each draws from limits.
    const { rawHeaders, method, url, socket } = req
    const admission = await admit({ rawHeaders, method, url }, { ip: socket.remoteAddress })
    const isRefused = 'refusal' in admission
    const headers = isRefused ? admission.refusal.headers : admission.headers
    for (const [name, value] of Object.entries(headers))
      if (name !== 'content-type') res.setHeader(name, value)
    if (!isRefused) return next({ ctx: { key: admission.key } })
    const { status, body } = admission.refusal
    const code = codes[status as keyof typeof codes] ?? 'SERVICE_UNAVAILABLE'
    throw new TRPCError({ code, message: JSON.parse(body).detail })
  })
}

const emails = t.router({
  list: requireKey({ permissions: ['emails:read'] }).query(({ ctx }) => ({
    emailsOf: ctx.key.organizationId,
  })),
  send: requireKey({ permissions: ['emails:send'], cost: 10 }).mutation(({ ctx }) => ({
    sentBy: ctx.key.name,
  })),
})
const router = t.router({ emails })
export type AppRouter = typeof router

const server = createHTTPServer({ router, createContext: ({ req, res }): Context => ({ req, res }) })
server.listen(Number(PORT))
process.once('SIGTERM', () => server.close(() => verifier.close()))
