// A worker at the edge, in the form that Cloudflare, Deno and Bun take: judges the key before it asks the origin.
import { createClient } from 'latchkey/client'
import { withKey } from 'latchkey/fetch'

interface Settings {
  LATCHKEY_URL: string
  /** A key with latchkey:keys:verify alone. */
  LATCHKEY_KEY: string
  /** Where the API is; it takes requests from this worker only. */
  ORIGIN: string
}

// One guard for as long as the worker lives: the runtime gives the same settings with each request.
let guarded: ((request: Request, settings: Settings) => Promise<Response>) | undefined

function makeGuarded({ LATCHKEY_URL, LATCHKEY_KEY }: Settings) {
  const verifier = createClient({ url: LATCHKEY_URL, token: LATCHKEY_KEY })
  const permissions = ({ method }: Request) => [method === 'GET' ? 'emails:read' : 'emails:send']
  return withKey({ verifier, permissions }, (request, key, { ORIGIN }: Settings) => {
    const { pathname, search } = new URL(request.url)
    const headers = new Headers(request.headers)
    // What a client sends under our names goes, as does the token, and what was found out takes their place.
    for (const name of [...headers.keys()]) if (/^x[-_]latchkey/i.test(name)) headers.delete(name)
    headers.delete('authorization')
    headers.delete('x-api-key')
    headers.set('x-latchkey-key-id', key.keyId)
    headers.set('x-latchkey-organization-id', key.organizationId)
    const { method, body } = request
    const init = { method, headers, body, redirect: 'manual', duplex: 'half' } as const
    return fetch(new URL(pathname + search, ORIGIN), init)
  })
}

export default {
  fetch(request: Request, settings: Settings): Promise<Response> {
    guarded ??= makeGuarded(settings)
    return guarded(request, settings)
  },
}
