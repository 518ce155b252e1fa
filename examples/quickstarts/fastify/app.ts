// app.ts
import fastify from 'fastify'
import { createVerifier } from 'latchkey/client'
import { keyOf, requireKey } from 'latchkey/fastify'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

const app = fastify()
app.addHook('onClose', () => verifier.close())

app.get(
  '/api/emails',
  { onRequest: requireKey({ verifier, permissions: ['emails:read'] }) },
  async (request) => ({ emailsOf: keyOf(request).organizationId }),
)

app.post(
  '/api/emails',
  { onRequest: requireKey({ verifier, permissions: ['emails:send'], cost: 10 }) },
  async (request, reply) => {
    reply.code(202)
    return { sentBy: keyOf(request).name }
  },
)

await app.listen({ port: Number(PORT) })
process.once('SIGTERM', () => app.close())
