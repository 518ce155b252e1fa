// app.ts
import { Hono } from 'hono'
import { createVerifier } from 'latchkey/client'
import { requireKey } from 'latchkey/hono'

const setting = (name: string) => Deno.env.get(name) ?? ''
const verifier = createVerifier({ url: setting('LATCHKEY_URL'), token: setting('LATCHKEY_KEY') })

const app = new Hono()
  .get('/api/emails', requireKey({ verifier, permissions: ['emails:read'] }), (c) =>
    c.json({ emailsOf: c.var.key.organizationId }),
  )
  .post('/api/emails', requireKey({ verifier, permissions: ['emails:send'], cost: 10 }), (c) =>
    c.json({ sentBy: c.var.key.name }, 202),
  )

const server = Deno.serve({ port: Number(Deno.env.get('PORT') ?? 3000) }, app.fetch)

Deno.addSignalListener('SIGTERM', async () => {
  await server.shutdown()
  await verifier.close()
  Deno.exit()
})
