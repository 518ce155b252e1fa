// Who calls: a bearer token tells (RFC 6750), on some routes one that is a password, or the session that a browser got for one. What the caller may do is
// judged at every call.
import { invalidToken, portalSessionEnded, sessionEnded } from '../core/access.ts'
import { type Caller, callerOf } from '../core/actor.ts'
import { readBasic, readBearer } from '../core/bearer.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { Purpose } from '../core/purpose.ts'
import type { RequestParts } from '../core/request-context.ts'
import type { SessionValues } from '../core/shapes/sessions.ts'
import { shownKidOf } from '../core/token.ts'
import { isOverTls } from './client-address.ts'
import type { Exchange, ReadHeader } from './exchange.ts'
import { decodeForm } from './form.ts'
import type { Kit } from './route.ts'
import { isCrossSite, organizationHeader, pageValueHeader, readSessionCookie } from './session-cookie.ts'

const nothingAsked = Object.freeze({})

/**
 * Tells who calls: by `Authorization` if that came and else, unless only a token will do, by the session's cookie
 * and the value of its page. Throws `missing_token`; `invalid_token` for every token that opens nothing, and
 * `session_ended` for every cookie that does: one sentence for all of them, so that nobody learns which once
 * opened something; `cross_site_request`.
 */
export async function authenticate(
  kit: Kit,
  header: ReadHeader,
  exchange: Exchange,
  { tokenOnly, takesBasic, purpose }: { tokenOnly: boolean; takesBasic: boolean; purpose: Purpose },
): Promise<Caller> {
  const authorization = header('authorization')
  const token = takesBasic ? readClient(authorization) : readBearer(authorization)
  if (token === undefined) {
    const mayBeSession = authorization === undefined && !tokenOnly
    const caller = mayBeSession ? await authenticateSession(kit, header, exchange) : undefined
    if (caller) return caller
    throw new LatchkeyError('missing_token', 'Send a token as Authorization: Bearer <token>.')
  }
  const { authenticator } = kit
  const client = clientOf(exchange, header)
  const verdict =
    authenticator.verifyCached(token, nothingAsked, purpose, client) ??
    (await authenticator.verify(token, nothingAsked, { ...client, purpose }))
  const kid = verdict.code === 'malformed' ? undefined : shownKidOf(token)
  // A token of another system holds no permission here to call with.
  if (!verdict.valid || kid === undefined) {
    exchange.kid = kid
    throw invalidToken()
  }
  exchange.keyId = verdict.keyId
  return callerOf(verdict, kid, exchange)
}

/**
 * Tells who calls from a page of a portal session, by its token. Throws `missing_token`, `session_ended` for every token that opens
 * nothing there, `origin_not_allowed`.
 */
export async function authenticatePortal(
  { authenticator }: Kit,
  header: ReadHeader,
  exchange: Exchange,
): Promise<Caller> {
  const token = readBearer(header('authorization'))
  if (token === undefined)
    throw new LatchkeyError(
      'missing_token',
      'Send the token of a portal session as Authorization: Bearer <token>.',
    )
  const { ip, requestId } = exchange
  const user = await authenticator.portal?.authenticate(token, { origin: header('origin'), ip, requestId })
  if (user === undefined) throw portalSessionEnded()
  exchange.portalSessionId = user.sessionId
  return user
}

/** The request by which somebody calls. */
export function clientOf({ ip, method, route }: Exchange, header: ReadHeader): RequestParts {
  return { ip, method, target: route, userAgent: header('user-agent') }
}

/** The token of a client that shows it as Bearer, or as the password of Basic, encoded as RFC 6749, section 2.3.1, has it. */
export function readClient(authorization: string | undefined): string | undefined {
  const bearer = readBearer(authorization)
  if (bearer !== undefined) return bearer
  const password = readBasic(authorization)
  return password === undefined ? undefined : (decodeForm(password) ?? '')
}

/** Tells who calls by a session; undefined if no cookie is ours. */
export async function authenticateSession(
  kit: Kit,
  header: ReadHeader,
  exchange: Exchange,
): Promise<Caller | undefined> {
  const values = readSessionValues(kit, header, exchange)
  if (values === undefined) return undefined
  const organizationId = header(organizationHeader)
  const caller = await kit.authenticator.sessions.authenticate(values, { ip: exchange.ip, organizationId })
  if (caller === undefined) throw sessionEnded()
  if (caller.type === 'key') exchange.keyId = caller.keyId
  else if (caller.type === 'member') exchange.memberId = caller.memberId
  return { ...caller, requestId: exchange.requestId, ip: exchange.ip }
}

/**
 * Reads the two values of the browser's session; undefined if no cookie is ours. Throws `cross_site_request`, and
 * `session_ended` without the page's value: the cookie alone goes to every port of the host, and proves nothing.
 */
export function readSessionValues(
  { trustedProxies }: Pick<Kit, 'trustedProxies'>,
  header: ReadHeader,
  exchange: Exchange,
): SessionValues | undefined {
  const cookie = readSessionCookie(header('cookie') ?? '', isOverTls(header, exchange.peer, trustedProxies))
  if (cookie === undefined) return undefined
  // Before the session is looked at: another site learns nothing, and ends nothing.
  if (isCrossSite(exchange.method, cookie.name, header)) {
    throw new LatchkeyError('cross_site_request', 'A session accepts requests from its own site only.')
  }
  exchange.cookieName = cookie.name
  const pageValue = header(pageValueHeader)
  if (pageValue === undefined) throw sessionEnded()
  return { value: cookie.value, pageValue }
}
