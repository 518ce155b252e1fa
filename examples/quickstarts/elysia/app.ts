// app.ts
import { Elysia } from 'elysia'
import { createVerifier } from 'latchkey/client'
import { type GuardOptions, type VerifiedKey, withKey } from 'latchkey/fetch'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

/** Routes with `requireKey` get a valid key as `key`. */
const keys = new Elysia({ name: 'keys' }).macro({
  requireKey: (asked: Omit<GuardOptions<Request>, 'verifier'>) => ({
    async resolve({ request, set, status }) {
      let key: VerifiedKey | undefined
      const admit = withKey({ verifier, ...asked }, (_request: Request, admitted) => {
        key = admitted
        return new Response()
      })
      const answer = await admit(request)
      Object.assign(set.headers, Object.fromEntries(answer.headers))
      return key ? { key } : status(answer.status, await answer.text())
    },
  }),
})

const app = new Elysia()
  .use(keys)
  .get('/api/emails', ({ key }) => ({ emailsOf: key.organizationId }), {
    requireKey: { permissions: ['emails:read'] },
  })
  .post('/api/emails', ({ key, status }) => status(202, { sentBy: key.name }), {
    requireKey: { permissions: ['emails:send'], cost: 10 },
  })
  .onStop(() => verifier.close())
  .listen(Number(PORT))

process.once('SIGTERM', () => app.stop())
