// src/index.ts
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { createClient } from 'latchkey/client'
import { requireKey } from 'latchkey/hono'

const verifier = createClient({ url: env.LATCHKEY_URL, token: env.LATCHKEY_KEY })

const app = new Hono()
  .get('/api/emails', requireKey({ verifier, permissions: ['emails:read'] }), (c) =>
    c.json({ emailsOf: c.var.key.organizationId }),
  )
  .post('/api/emails', requireKey({ verifier, permissions: ['emails:send'], cost: 10 }), (c) =>
    c.json({ sentBy: c.var.key.name }, 202),
  )

export default app
