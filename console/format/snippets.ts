// Code to copy for a new token: how to try it, how a customer sends it, how an API asks for it. Pure.
import { reservedNamespace } from '../../src/core/permissions.ts'

/** Code under a title of its own. */
export interface Snippet {
  title: string
  /** What it is for, in a sentence. */
  lead: string
  code: string
}

/** The snippets for a token; `origin` is where this Latchkey is served. */
export function snippetsFor(token: string, permissions: readonly string[], origin: string): Snippet[] {
  const { path, asked } = exampleFor(permissions)
  const required = asked === undefined ? '' : `, permissions: ['${asked}']`
  const inProcess = `// Your API's own key: it needs latchkey:keys:verify, and nothing more.
const { LATCHKEY_KEY: token = '' } = process.env
const verifier = createVerifier({ url: '${origin}', token })`
  return [
    {
      title: 'curl',
      lead: 'Asks Latchkey whether the token is valid: 200 says yes. curl reads the token from standard input, because process lists show arguments.',
      code: `echo 'Authorization: Bearer ${token}' |
  curl -sS -i -H @- ${origin}/v1/auth`,
    },
    {
      title: 'Customer',
      lead: 'What the holder of the key sends to your API with each request.',
      code: `Authorization: Bearer ${token}`,
    },
    {
      title: 'Hono',
      lead: 'In your API, for Hono 4.',
      code: `import { Hono } from 'hono'
import { createVerifier } from 'latchkey/client'
import { requireKey } from 'latchkey/hono'

${inProcess}

const app = new Hono()
app.get('${path}', requireKey({ verifier${required} }), (c) =>
  c.json({ organization: c.var.key.organizationId }),
)`,
    },
    {
      title: 'Express',
      lead: 'In your API, for Express 5.',
      code: `import express from 'express'
import { createVerifier } from 'latchkey/client'
import { keyOf, requireKey } from 'latchkey/express'

${inProcess}

const app = express()
app.get('${path}', requireKey({ verifier${required} }), (request, response) => {
  response.json({ organization: keyOf(request).organizationId })
})`,
    },
    {
      title: 'Fastify',
      lead: 'In your API, for Fastify 5.',
      code: `import fastify from 'fastify'
import { createVerifier } from 'latchkey/client'
import { keyOf, requireKey } from 'latchkey/fastify'

${inProcess}

const app = fastify()
app.get('${path}', { onRequest: requireKey({ verifier${required} }) }, (request) => ({
  organization: keyOf(request).organizationId,
}))`,
    },
    {
      title: 'fetch',
      lead: 'In your API, for handlers of web-standard requests: Next.js, Bun, Deno, edge workers.',
      code: `import { createClient } from 'latchkey/client'
import { withKey } from 'latchkey/fetch'

// Your API's own key: it needs latchkey:keys:verify, and nothing more.
const { LATCHKEY_KEY: token = '' } = process.env
const verifier = createClient({ url: '${origin}', token })

export const GET = withKey({ verifier${required} }, (_request: Request, key) =>
  Response.json({ organization: key.organizationId }),
)`,
    },
  ]
}

/** A route that asks for one of the permissions; a wildcard stands in it for something to read. */
function exampleFor(permissions: readonly string[]): { path: string; asked: string | undefined } {
  const own = permissions.find((permission) => !permission.startsWith(reservedNamespace))
  if (own === undefined) return { path: '/emails', asked: undefined }
  const asked = own === '*' ? 'emails:read' : own.replaceAll('*', 'read')
  const resource = asked.split(':')[0] ?? ''
  return { path: /^[\w-]+$/.test(resource) ? `/${resource}` : '/emails', asked }
}
