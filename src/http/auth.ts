// Who calls: the bearer token alone tells (RFC 6750), and what it may do is judged at every call.
import { readBearer } from '../bearer.ts'
import { LatchkeyError } from '../errors.ts'
import type { Latchkey } from '../latchkey.ts'
import { covers, type ManagementPermission } from '../permissions.ts'
import type { Caller } from '../schemas.ts'
import { kidOf } from '../token.ts'
import type { Exchange } from './exchange.ts'

/**
 * Tells who calls. Throws `missing_token`, and `invalid_token` for every token that opens nothing: one
 * sentence for all of them, so that nobody learns which once did.
 */
export async function authenticate(
  latchkey: Latchkey,
  authorization: string | undefined,
  exchange: Exchange,
): Promise<Caller> {
  const token = readBearer(authorization)
  if (token === undefined) {
    throw new LatchkeyError('missing_token', 'Send a key as Authorization: Bearer <token>.')
  }
  const verdict = latchkey.verifyCached(token) ?? (await latchkey.verify(token))
  if (!verdict.valid) {
    if (verdict.code !== 'malformed') exchange.kid = kidOf(token)
    throw new LatchkeyError('invalid_token', 'The token is unknown, expired or revoked.')
  }
  exchange.keyId = verdict.keyId
  const { keyId, organizationId, permissions } = verdict
  return { keyId, organizationId, permissions, requestId: exchange.requestId, ip: exchange.ip }
}

/** Throws `missing_permission` unless the caller holds what a call takes. */
export function requirePermission(caller: Caller, permission: ManagementPermission): void {
  if (covers(caller.permissions, permission)) return
  throw new LatchkeyError('missing_permission', `This call takes a key with ${permission}.`)
}
