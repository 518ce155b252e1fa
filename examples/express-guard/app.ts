// An Express app that has a Latchkey server judge its keys. LATCHKEY_KEY needs latchkey:keys:verify alone.
import express from 'express'
import { createClient } from 'latchkey/client'
import { keyOf, requireKey } from 'latchkey/express'

const { LATCHKEY_URL, LATCHKEY_KEY, PORT = '3000' } = process.env
if (!LATCHKEY_URL || !LATCHKEY_KEY) throw new Error('Set LATCHKEY_URL and LATCHKEY_KEY.')
const verifier = createClient({ url: LATCHKEY_URL, token: LATCHKEY_KEY })

/** Guards a route by permissions. Why no verdict could be had is for the log, never for the client. */
const guard = (...permissions: string[]) =>
  requireKey({ verifier, permissions, onError: (error) => console.error(error) })

const app = express()
app.get('/emails', guard('emails:read'), (request, response) => {
  response.json({ emailsOf: keyOf(request).organizationId })
})
app.post('/emails', guard('emails:send'), (request, response) => {
  response.status(202).json({ sentBy: keyOf(request).name })
})

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') console.log(`Listening on http://127.0.0.1:${address.port}`)
})
