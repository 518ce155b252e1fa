// Portal sessions for tests: made over HTTP by a root key, and used as the customers' page uses them.
import type { TestAnswer, TestServer } from './server.ts'

/** The server's own address in tests of the portal, and the origin of the page in which an element stands. */
export const portalUrl = 'https://keys.example.com'
export const embedOrigin = 'https://app.example.com'

/** All that a user of the portal may do, and what its keys may be granted. */
export const allOfPortal = [
  ...['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read', 'emails:*'],
]

export interface MadeSession {
  id: string
  url: string | null
  token: string | null
  expires_at: string
}

/** Asks for a session, by the root key unless another token is given. */
export function askForSession<Json = MadeSession>(
  server: TestServer,
  fields: Record<string, unknown> = {},
  token = server.rootKey,
): Promise<TestAnswer<Json>> {
  const { kind = 'link' } = fields
  const body = {
    ...{ kind, organization_id: 'acme', user: { id: 'u_81', name: 'Ada' }, permissions: allOfPortal },
    ...(kind === 'embed' && { origin: embedOrigin }),
    ...fields,
  }
  return server.request('POST', '/v1/portal-sessions', { token, body })
}

/** The secret of a link. */
export function linkSecretOf({ url }: { url: string | null }): string {
  return new URL(url ?? '').hash.slice(1)
}

/** Trades the secret of a link for a token, as the server's own page does. */
export function openLink(server: TestServer, secret: string, headers: Record<string, string> = {}) {
  return server.request<{ token: string; expires_at: string; code: string }>('POST', '/v1/portal/token', {
    body: { secret },
    headers,
  })
}

/** A page that has a session, and what it asks by that. */
export interface PortalPage {
  id: string
  token: string
  ask<Json = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<TestAnswer<Json>>
}

/** Opens the page of a session, with fields of its own. */
export async function openPage(
  server: TestServer,
  fields: Record<string, unknown> = {},
  by?: string,
): Promise<PortalPage> {
  const { json: made, text, status } = await askForSession(server, fields, by)
  if (status !== 200) throw new Error(text)
  const token = made.token ?? (await openLink(server, linkSecretOf(made))).json.token
  const origin: Record<string, string> = made.token === null ? {} : { origin: embedOrigin }
  return {
    ...{ id: made.id, token },
    ask: (method, path, body, headers = {}) =>
      server.request(method, `/v1/portal/${path}`, { token, body, headers: { ...origin, ...headers } }),
  }
}
