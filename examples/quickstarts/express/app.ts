// app.ts
import express from 'express'
import { createVerifier } from 'latchkey/client'
import { keyOf, requireKey } from 'latchkey/express'

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '', PORT = '3000' } = process.env
const verifier = createVerifier({ url, token })

const app = express()

app.get('/api/emails', requireKey({ verifier, permissions: ['emails:read'] }), (request, response) => {
  response.json({ emailsOf: keyOf(request).organizationId })
})

app.post(
  '/api/emails',
  requireKey({ verifier, permissions: ['emails:send'], cost: 10 }),
  (request, response) => {
    response.status(202).json({ sentBy: keyOf(request).name })
  },
)

const server = app.listen(Number(PORT))
process.once('SIGTERM', () => server.close(() => verifier.close()))
