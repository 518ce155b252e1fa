// How the endpoints of OAuth 2.0 refuse: an error of RFC 6749, section 5.2, in place of a problem, with the challenge of the
// scheme by which the client has shown itself.
import { basicChallenge, invalidToken } from '../core/bearer.ts'
import { type ErrorCode, LatchkeyError } from '../core/errors.ts'
import { problemHeaders, type Reply } from './reply.ts'

/** The errors that those endpoints give. */
export const oauthErrors = [
  ...['invalid_request', 'invalid_client', 'invalid_token', 'insufficient_scope'],
  ...['unsupported_token_type', 'temporarily_unavailable', 'server_error'],
] as const

const names: Partial<Record<ErrorCode, string>> = {
  missing_token: 'invalid_client',
  missing_permission: 'insufficient_scope',
  permission_escalation: 'insufficient_scope',
  unsupported_token_type: 'unsupported_token_type',
}

/** Refuses a request that came with an `Authorization` header, or with none. Any error but a LatchkeyError is `server_error`. */
export function refuseAsOauth(
  error: unknown,
  authorization: string | undefined,
  headers: Record<string, string>,
): Reply {
  const known =
    error instanceof LatchkeyError
      ? error
      : new LatchkeyError('internal', 'The server failed. Its log has the cause under the request id.')
  const isBasic = /^basic(?: |$)/i.test(authorization ?? '')
  const name = nameOf(known, isBasic)
  return {
    status: oauthStatus(known.status),
    headers: {
      'content-type': 'application/json',
      ...problemHeaders(known),
      ...challenge(name, isBasic),
      ...headers,
    },
    body: JSON.stringify({ error: name, error_description: plain(known.message) }),
  }
}

/** The status of a refusal whose problem would have another one. */
export function oauthStatus(status: number): number {
  return status === 422 ? 400 : status
}

function nameOf({ code, status }: LatchkeyError, isBasic: boolean): string {
  if (code === 'invalid_token') return isBasic ? 'invalid_client' : 'invalid_token'
  if (status === 429 || status === 503) return 'temporarily_unavailable'
  if (status >= 500) return 'server_error'
  return names[code] ?? 'invalid_request'
}

function challenge(name: string, isBasic: boolean): Record<string, string> {
  if (name === 'invalid_token') return { 'www-authenticate': invalidToken }
  if (name !== 'invalid_client') return {}
  return { 'www-authenticate': isBasic ? basicChallenge : `Bearer, ${basicChallenge}` }
}

/** Only these characters may stand in a description. */
function plain(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^ -~]/g, '?')
}
