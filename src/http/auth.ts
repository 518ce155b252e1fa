// Who calls: a bearer token tells (RFC 6750), or the session that a browser got for one. What the caller may do is
// judged at every call.
import { readBearer } from '../bearer.ts'
import { LatchkeyError } from '../errors.ts'
import { covers, type ManagementPermission } from '../permissions.ts'
import type { Caller } from '../schemas.ts'
import { kidOf } from '../token.ts'
import { isOverTls } from './client-address.ts'
import type { Exchange, ReadHeader } from './exchange.ts'
import type { Parts } from './route.ts'
import { isCrossSite, readSessionCookie } from './session-cookie.ts'

/**
 * Tells who calls, by `Authorization` wherever that came and else, unless only a token will do, by the session's
 * cookie. Throws `missing_token`; `invalid_token` for every token that opens nothing and `session_ended` for every
 * cookie that does: one sentence for all of them, so that nobody learns which once did; `cross_site_request`.
 */
export async function authenticate(
  parts: Parts,
  header: ReadHeader,
  exchange: Exchange,
  tokenOnly: boolean,
): Promise<Caller> {
  const authorization = header('authorization')
  const token = readBearer(authorization)
  if (token === undefined) {
    const cookies = authorization === undefined && !tokenOnly ? header('cookie') : undefined
    const caller = cookies && (await authenticateCookie(parts, cookies, header, exchange))
    if (caller) return caller
    throw new LatchkeyError('missing_token', 'Send a key as Authorization: Bearer <token>.')
  }
  const { latchkey } = parts
  const verdict = latchkey.verifyCached(token) ?? (await latchkey.verify(token, {}, exchange))
  if (!verdict.valid) {
    if (verdict.code !== 'malformed') exchange.kid = kidOf(token)
    throw new LatchkeyError('invalid_token', 'The token is unknown, expired or revoked.')
  }
  exchange.keyId = verdict.keyId
  const { keyId, organizationId, permissions } = verdict
  return { keyId, organizationId, permissions, requestId: exchange.requestId, ip: exchange.ip }
}

/** Tells who calls by a session; undefined where no cookie is ours. */
async function authenticateCookie(
  { latchkey, trustedProxies }: Parts,
  cookies: string,
  header: ReadHeader,
  exchange: Exchange,
): Promise<Caller | undefined> {
  const cookie = readSessionCookie(cookies, isOverTls(header, exchange.peer, trustedProxies))
  if (cookie === undefined) return undefined
  // Before the session is looked at: another site learns nothing, and ends nothing.
  if (isCrossSite(exchange.method, cookie.name, header)) {
    throw new LatchkeyError('cross_site_request', 'A session serves requests of its own site only.')
  }
  exchange.cookieName = cookie.name
  const caller = await latchkey.sessions.authenticate(cookie.value)
  if (caller === undefined) throw new LatchkeyError('session_ended', 'The session has ended: sign in again.')
  exchange.keyId = caller.keyId
  return { ...caller, requestId: exchange.requestId, ip: exchange.ip }
}

/** Throws `missing_permission` unless the caller holds what a call takes. */
export function requirePermission(caller: Caller, permission: ManagementPermission): void {
  if (covers(caller.permissions, permission)) return
  throw new LatchkeyError('missing_permission', `This call takes a key with ${permission}.`)
}
