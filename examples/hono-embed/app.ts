// An API that issues and checks its customers' keys in its own process: `node app.ts`, with nothing beside it.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { openLatchkey } from 'latchkey'
import { requireKey } from 'latchkey/hono'

const latchkey = await openLatchkey({ database: process.env.DATABASE ?? 'sqlite:keys.db' })

const app = new Hono()
  .get('/', (c) => c.text('Greetings need a key: GET /greeting'))
  .get('/greeting', requireKey({ verifier: latchkey, permissions: ['greetings:read'] }), (c) =>
    c.json({ greeting: `Hello, ${c.var.key.organizationId}` }),
  )

const port = Number(process.env.PORT ?? 3000)
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, ({ port }) =>
  console.log(`Listening on http://127.0.0.1:${port}`),
)

// When keys were last used is written in batches: closing writes down what is left.
process.once('SIGTERM', () => server.close(() => latchkey.close()))
