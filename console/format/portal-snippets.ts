// Code to copy for the customer page of an organization: a link to it, or the element in a page of the operator's. Pure.
import type { ManagementPermission } from '../../src/core/permissions.ts'
import type { Snippet } from './snippets.ts'

/** What the users of a customer page may do of Latchkey's own. */
const ofUsers = [
  'latchkey:keys:read',
  'latchkey:keys:write',
  'latchkey:usage:read',
] as const satisfies readonly ManagementPermission[]

interface PortalSnippetsInput {
  organization: string
  /** What members of the organization grant: so may its users. */
  grantable: readonly string[]
  /** Where this Latchkey is served. */
  origin: string
}

/** The snippets for a customer page. */
export function portalSnippetsFor({ organization, grantable, origin }: PortalSnippetsInput): Snippet[] {
  const permissions = [...ofUsers, ...grantable]
  const list = permissions.map((permission) => `    '${permission}',`).join('\n')
  const client = `import { createClient } from 'latchkey/client'

// A key of the root organization with latchkey:portal:write, and with all that its sessions may do.
const { LATCHKEY_KEY: token = '' } = process.env
const latchkey = createClient({ url: '${origin}', token })

const permissions = [
${list.replace(/^ {2}/gm, '')}${grantable.length > 0 ? '' : "\n  // and what keys may be granted, such as 'emails:*'"}
]`
  const guard = `// Another page of the web could send this too.
  if (request.get('origin') !== 'https://app.example.com') return response.sendStatus(403)`
  const of = `organizationId: '${organization}',
    user: { id: request.user.id, name: request.user.name },
    permissions,`
  const user = { id: 'u_81', name: 'Ada' }
  const body = { kind: 'link', organization_id: organization, user, permissions }
  return [
    {
      title: 'Link',
      lead: 'In your backend, for Express 5: a button of a signed-in page leads to a page of Latchkey’s own. Whose keys they are comes from your own session, never from the request.',
      code: `${client}

app.post('/api-keys', async (request, response) => {
  ${guard}
  const { url } = await latchkey.portalSessions.create({
    kind: 'link',
    ${of}
    returnUrl: 'https://app.example.com/settings',
  })
  response.redirect(303, url)
})`,
    },
    {
      title: 'Element: page',
      lead: 'In your page. All scripts of that page can read what the element shows; if you do not trust them all, take the link.',
      code: `<script type="module" src="${origin}/embed/latchkey.js"></script>
<script type="module" src="/keys.js"></script>
<latchkey-keys></latchkey-keys>`,
    },
    {
      title: 'Element: script',
      lead: 'A file of your own, keys.js in the page above: how the element gets a session from your backend, at the start and whenever one is over.',
      code: `document.querySelector('latchkey-keys').getToken = async () => {
  const answer = await fetch('/latchkey-token', { method: 'POST' })
  if (!answer.ok) throw new Error('Sign in again.')
  return answer.json()
}`,
    },
    {
      title: 'Element: backend',
      lead: 'In your backend, for Express 5: gives the element in your page a session for fifteen minutes. `origin` is that of your page, exactly.',
      code: `${client}

app.post('/latchkey-token', async (request, response) => {
  ${guard}
  const session = await latchkey.portalSessions.create({
    kind: 'embed',
    ${of}
    origin: 'https://app.example.com',
  })
  const { token, expiresAt } = session
  response.set('cache-control', 'no-store').json({ token, expires_at: expiresAt })
})`,
    },
    {
      title: 'curl',
      lead: 'To try it out: the answer has the address of a page. It opens once, within five minutes.',
      code: `echo "Authorization: Bearer $LATCHKEY_KEY" |
  curl -sS -H @- ${origin}/v1/portal-sessions --json '${JSON.stringify(body)}'`,
    },
  ]
}
