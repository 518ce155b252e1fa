// May this token do this, now? Facts come from the store; permissions, expiry and time are judged at every call.
import { missingPermissions, permissionPattern } from './permissions.ts'
import { refuseField, type Verdict, type VerifyOptions } from './schemas.ts'
import type { FactsRow } from './store/facts.ts'
import { digestToken, type ParsedToken, sameDigest } from './token.ts'

/** What is known of a secret and its key. Facts, never a decision. */
export interface Facts {
  digest: Uint8Array
  /** When a rotation ended this secret, or will; null while it is the newest. */
  endsAt: number | null
  keyId: string
  organizationId: string
  name: string
  permissions: string[]
  metadata: Record<string, unknown>
  expiresAt: number | null
  revokedAt: number | null
}

/** Judges a well-formed token by what is known under its kid, at an instant. Reads from top to bottom. */
export function judge(
  { token }: ParsedToken,
  facts: Facts | undefined,
  { permissions = [], organizationId }: VerifyOptions,
  now: number,
): Verdict {
  if (facts === undefined) return { valid: false, code: 'not_found' }
  // All 32 bytes, in constant time: the kid is public, so whoever guesses here must learn nothing.
  if (!sameDigest(digestToken(token), facts.digest)) return { valid: false, code: 'not_found' }
  // To a caller of one organization, another's tokens do not exist.
  if (organizationId !== undefined && organizationId !== facts.organizationId)
    return { valid: false, code: 'not_found' }
  const known = {
    keyId: facts.keyId,
    organizationId: facts.organizationId,
    name: facts.name,
    permissions: facts.permissions,
    expiresAt: facts.expiresAt === null ? null : new Date(facts.expiresAt),
    metadata: facts.metadata,
  }
  if (facts.revokedAt !== null) return { valid: false, code: 'revoked', ...known }
  if (facts.expiresAt !== null && facts.expiresAt <= now) return { valid: false, code: 'expired', ...known }
  if (facts.endsAt !== null && facts.endsAt <= now) return { valid: false, code: 'rotated', ...known }
  const missing = missingPermissions(facts.permissions, permissions)
  if (missing.length > 0) return { valid: false, code: 'insufficient_permissions', missing, ...known }
  return { valid: true, code: 'valid', ...known }
}

/** Checks by hand what the types promise of the permissions asked for. Throws `invalid_input`. */
export function checkAskedPermissions(
  permissions: readonly string[] | undefined,
  path = 'permissions',
): void {
  if (permissions === undefined) return
  if (!Array.isArray(permissions)) refuseField(path, 'A list of permissions.')
  if (permissions.length > 128) refuseField(path, 'At most 128 permissions.')
  for (let i = 0; i < permissions.length; i++) {
    const permission: unknown = permissions[i]
    if (typeof permission !== 'string' || permission.length > 128 || !permissionPattern.test(permission)) {
      refuseField(
        `${path}[${i}]`,
        'A permission such as emails:send: A-Z a-z 0-9 _ . / -, or *, between colons.',
      )
    }
  }
}

/** Reads what the store has of a secret. */
export function toFacts(row: FactsRow): Facts {
  return {
    digest: row.digest,
    endsAt: row.ended_at,
    keyId: row.key_id,
    organizationId: row.organization_id,
    name: row.name,
    permissions: JSON.parse(row.permissions),
    metadata: JSON.parse(row.metadata),
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
}
