// An app with a sign-in of its own, whose users manage the API keys of their company in it: by `<latchkey-keys>` in a page, and on
// Latchkey's own page behind a link. LATCHKEY_URL is Latchkey's public address; README.md says what key LATCHKEY_KEY is.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import express, { type NextFunction, type Request, type Response } from 'express'
import { createClient, LatchkeyClientError } from 'latchkey/client'
import { layout, toHtml } from './html.ts'

const { LATCHKEY_URL, LATCHKEY_KEY, PORT = '3000' } = process.env
if (!LATCHKEY_URL || !LATCHKEY_KEY) throw new Error('Set LATCHKEY_URL and LATCHKEY_KEY.')
const latchkey = createClient({ url: LATCHKEY_URL, token: LATCHKEY_KEY })
const keysOrigin = new URL(LATCHKEY_URL).origin

// Your own users stand here, and how they prove who they are.
interface User {
  id: string
  name: string
  organizationId: string
}
const users: Record<string, User> = {
  ada: { id: 'u_81', name: 'Ada', organizationId: 'acme' },
  bob: { id: 'u_82', name: 'Bob', organizationId: 'globex' },
}
const sessions = new Map<string, User>()

/** What users may do, and what the keys that they make may be granted. */
const permissions = ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read', 'emails:*']

const app = express().disable('x-powered-by')
/** Where this app is for browsers. */
let origin = ''

app.use((request, response, next) => {
  response.set({
    // The page runs scripts of its own and the element's, and asks its own backend and Latchkey. A browser follows the answer to a
    // form only where form-action leads: the link leads to Latchkey.
    'content-security-policy': `default-src 'none'; script-src 'self' ${keysOrigin}; connect-src 'self' ${keysOrigin}; style-src 'self'; form-action 'self' ${keysOrigin}; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  // A page of somebody else's can send forms, but never with the origin of this one.
  if (request.method === 'POST' && request.get('origin') !== origin)
    return response.status(403).send('This came from another page.')
  next()
})
app.use(express.static(join(import.meta.dirname, 'public')))
app.use(express.urlencoded({ extended: false }))

app.get('/', (request, response) => {
  const user = userOf(request)
  response.send(
    user
      ? layout(`<h1>Hello, ${toHtml(user.name)}</h1><p><a href="/keys">API keys</a></p>${signOut}`)
      : layout(`<h1>Sign in</h1><form method="post" action="/sign-in">
          ${Object.entries(users)
            .map(
              ([who, { name, organizationId }]) =>
                `<button name="user" value="${who}">${name} of ${organizationId}</button>`,
            )
            .join(' ')}
        </form>`),
  )
})

app.post('/sign-in', (request, response) => {
  const who = String(request.body?.user)
  const user = Object.hasOwn(users, who) ? users[who] : undefined
  if (!user) return void response.status(422).send('There is no such user.')
  const session = randomBytes(32).toString('base64url')
  sessions.set(session, user)
  const secure = origin.startsWith('https:')
  response.cookie('session', session, { httpOnly: true, sameSite: 'lax', secure }).redirect(303, '/')
})

app.post('/sign-out', async (request, response) => {
  const user = userOf(request)
  // First the session: nobody gets another token by it from here on.
  sessions.delete(sessionOf(request))
  if (user) {
    const { id: userId, organizationId } = user
    // Without Latchkey one signs out all the same; sessions of users end soon by themselves.
    await latchkey.portalSessions.endAll({ organizationId, userId }).catch(report)
  }
  response.clearCookie('session').redirect(303, '/')
})

app.get('/keys', (request, response) => {
  const user = userOf(request)
  if (!user) return response.redirect(303, '/')
  const scripts = `<script type="module" src="${keysOrigin}/embed/latchkey.js"></script><script type="module" src="/keys.js"></script>`
  response.send(
    layout(
      `<h1>API keys of ${toHtml(user.organizationId)}</h1>
      <latchkey-keys></latchkey-keys>
      <form method="post" action="/manage-keys"><button>Manage API keys</button></form>${signOut}`,
      scripts,
    ),
  )
})

/** What `getToken` of public/keys.js asks: a session for the element, in this page alone. */
app.post('/latchkey-token', async (request, response) => {
  const session = await openPortal(request, { kind: 'embed', origin })
  if (!session) return void response.status(401).json({ error: 'signed_out' })
  response.json({ token: session.token, expires_at: session.expiresAt })
})

/** Leads to Latchkey's own page. */
app.post('/manage-keys', async (request, response) => {
  const session = await openPortal(request, { kind: 'link', returnUrl: `${origin}/keys` })
  response.redirect(303, session?.url ?? '/')
})

/** Opens a portal session for who is signed in: organization and user are those of our own session, whatever the request says. */
async function openPortal(
  request: Request,
  how: { kind: 'embed'; origin: string } | { kind: 'link'; returnUrl: string },
) {
  const user = userOf(request)
  if (!user) return undefined
  const { id, name, organizationId } = user
  const made = await latchkey.portalSessions.create({
    ...how,
    organizationId,
    user: { id, name },
    permissions,
  })
  if (userOf(request)) return made
  // Who signed out meanwhile has ended the sessions of before.
  await latchkey.portalSessions.end(made.id)
  return undefined
}

app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
  report(error)
  response.status(503).send('Keys cannot be managed at the moment.')
})

/** Says what went wrong to the operator alone; the text of an error has no token. */
function report(error: unknown): void {
  console.error(error instanceof LatchkeyClientError ? `${error.code}: ${error.message}` : error)
}

function sessionOf(request: Request): string {
  return /(?:^|; )session=([\w-]+)/.exec(request.get('cookie') ?? '')?.[1] ?? ''
}

function userOf(request: Request): User | undefined {
  return sessions.get(sessionOf(request))
}

const signOut = '<form method="post" action="/sign-out"><button>Sign out</button></form>'

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  if (!address || typeof address !== 'object') return
  origin = process.env.ORIGIN ?? `http://localhost:${address.port}`
  console.log(`Listening on ${origin}`)
})
