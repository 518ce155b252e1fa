// app.ts
import { Elysia } from 'elysia'
import { createVerifier } from 'latchkey/client'
import { admitKey, type GuardOptions } from 'latchkey/fetch'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

/** Routes with `requireKey` get a valid key as `key`. */
const keys = new Elysia({ name: 'keys' }).macro({
  requireKey: (asked: Omit<GuardOptions<Request>, 'verifier'>) => {
    const admit = admitKey({ verifier, ...asked })
    return {
      async resolve({ request, server, set, status }) {
        const admission = await admit(request, { ip: server?.requestIP(request)?.address })
        const isRefused = 'refusal' in admission
        Object.assign(set.headers, isRefused ? admission.refusal.headers : admission.headers)
        return isRefused ? status(admission.refusal.status, admission.refusal.body) : { key: admission.key }
      },
    }
  },
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
