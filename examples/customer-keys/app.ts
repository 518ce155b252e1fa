// A page on which customers make and revoke their own keys: your app acts on their behalf. LATCHKEY_KEY is a key
// of the root organization with latchkey:keys:read and latchkey:keys:write.
import { randomBytes } from 'node:crypto'
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { secureHeaders } from 'hono/secure-headers'
import { createClient, LatchkeyClientError } from 'latchkey/client'

const { LATCHKEY_URL, LATCHKEY_KEY, PORT = '3000' } = process.env
if (!LATCHKEY_URL || !LATCHKEY_KEY) throw new Error('Set LATCHKEY_URL and LATCHKEY_KEY.')
const latchkey = createClient({ url: LATCHKEY_URL, token: LATCHKEY_KEY })

/** What customers may give to their keys; nothing else that a form sends is granted. */
const offered = ['emails:send', 'emails:read']

// Your own sign-in stands here. Whose keys these are comes from the session alone, never from the form. A cookie
// of it is SameSite=Strict, so that no other site can send the forms.
interface User {
  id: string
  organizationId: string
}
const sessions = new Map<string, User>()
for (const [id, organizationId] of [
  ['ada', 'acme'],
  ['bob', 'globex'],
] as const) {
  const session = randomBytes(32).toString('base64url')
  sessions.set(session, { id, organizationId })
  console.log(`${id} signs in with Cookie: session=${session}`)
}

const app = new Hono<{ Variables: { user: User } }>()
app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"], formAction: ["'self'"] } }))
app.use(async (c, next) => {
  const user = sessions.get(getCookie(c, 'session') ?? '')
  if (!user) return c.text('Sign in first.', 401)
  c.set('user', user)
  c.header('cache-control', 'no-store')
  return next()
})

app.get('/keys', async (c) => {
  const { items } = await latchkey.keys.list({ organizationId: c.var.user.organizationId })
  return c.html(html`<!doctype html><title>Keys</title>
    <ul>${items.map(
      ({ id, name, hint, permissions }) => html`<li>${name} ${hint} ${permissions.join(', ')}
        <form method="post" action="/keys/${id}/revoke"><button>Revoke</button></form>`,
    )}</ul>
    <form method="post" action="/keys">
      <input name="name" required maxlength="256">
      ${offered.map((name) => html`<label><input type="checkbox" name="permissions" value="${name}">${name}</label>`)}
      <button>Create</button>
    </form>`)
})

app.post('/keys', async (c) => {
  const { name, permissions = [] } = await c.req.parseBody({ all: true })
  const asked = [permissions].flat()
  if (!asked.every((permission) => typeof permission === 'string' && offered.includes(permission))) {
    return c.text('There is no such permission.', 422)
  }
  const { organizationId, id } = c.var.user
  const { key } = await latchkey.keys.create({
    name: String(name ?? ''),
    permissions: asked as string[],
    organizationId,
    createdBy: id,
  })
  return c.html(html`<!doctype html><title>Your key</title>
    <p>Copy it now, it is not shown again:</p><pre>${key}</pre><a href="/keys">Done</a>`)
})

app.post('/keys/:id/revoke', async (c) => {
  const { id, organizationId } = await latchkey.keys.get(c.req.param('id'))
  // Your key acts on every organization: that this one is the customer's own is for you to see.
  if (organizationId !== c.var.user.organizationId) return c.text('There is no such key.', 404)
  await latchkey.keys.revoke(id)
  return c.redirect('/keys', 303)
})

app.onError((error, c: Context) => {
  if (error instanceof LatchkeyClientError && error.code === 'key_not_found')
    return c.text('There is no such key.', 404)
  if (error instanceof LatchkeyClientError && error.code === 'invalid_input')
    return c.text(error.message, 422)
  console.error(error)
  return c.text('Keys cannot be managed at the moment.', 503)
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`Listening on http://127.0.0.1:${port}`),
)
