// app.ts
import type { IncomingMessage, ServerResponse } from 'node:http'
import { initTRPC, TRPCError } from '@trpc/server'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { createVerifier } from 'latchkey/client'
import { type GuardOptions, type VerifiedKey, withKey } from 'latchkey/fetch'

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
const requireKey = (asked: Omit<GuardOptions<Request>, 'verifier'>) =>
  t.procedure.use(async ({ ctx: { req, res }, next }) => {
    let key: VerifiedKey | undefined
    const admit = withKey({ verifier, ...asked }, (_request: Request, admitted) => {
      key = admitted
      return new Response()
    })
    const headers = req.headers as Record<string, string>
    const answer = await admit(new Request(`http://app${req.url}`, { headers }))
    for (const [name, value] of answer.headers) if (name !== 'content-type') res.setHeader(name, value)
    if (key) return next({ ctx: { key } })
    const code = codes[answer.status as keyof typeof codes] ?? 'SERVICE_UNAVAILABLE'
    throw new TRPCError({ code, message: (await answer.json()).detail })
  })

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
