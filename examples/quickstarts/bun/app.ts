// app.ts
import { Hono } from 'hono'
import { createVerifier } from 'latchkey/client'
import { requireKey } from 'latchkey/hono'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

const app = new Hono()
  .get('/api/emails', requireKey({ verifier, permissions: ['emails:read'] }), (c) =>
    c.json({ emailsOf: c.var.key.organizationId }),
  )
  .post('/api/emails', requireKey({ verifier, permissions: ['emails:send'], cost: 10 }), (c) =>
    c.json({ sentBy: c.var.key.name }, 202),
  )

const server = Bun.serve({ port: Number(PORT), fetch: app.fetch })

process.once('SIGTERM', async () => {
  await server.stop()
  await verifier.close()
})
