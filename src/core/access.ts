// What a caller may reach and grant. Who calls comes from its token alone, never from a body.
import { LatchkeyError } from './errors.ts'
import { covers, type ManagementPermission, missingPermissions, reservedNamespace } from './permissions.ts'
import type { Caller } from './schemas.ts'
import type { Scope } from './scope.ts'

/** The organization whose keys act on every other. */
export const rootOrganizationId = 'root'

/** A caller as the database has it inside the transaction of its change. */
export interface LiveCaller extends Caller {
  /** When its key expires, in milliseconds since 1970; null for never. */
  expiresAt: number | null
  /** Until when its session's sign-in is fresh; undefined for a caller that shows its token. */
  freshUntil: number | undefined
}

/** The organization that a caller acts on; undefined, all of them, for root keys and for who holds the database. */
export function scopeOf(caller: Caller | undefined): Scope {
  return caller === undefined || caller.organizationId === rootOrganizationId
    ? undefined
    : caller.organizationId
}

/** Narrows a caller's scope to the organization it names. A foreign one is as unknown as one that is not there. */
export function narrowScope(caller: Caller | undefined, organizationId: string | undefined): Scope {
  const scope = scopeOf(caller)
  if (organizationId === undefined) return scope
  if (scope !== undefined && scope !== organizationId) throw unknownOrganization()
  return organizationId
}

/** Throws `permission_escalation` unless the caller holds, or as a root key may give, all that it grants. */
export function requireGrantable(caller: Caller | undefined, granted: readonly string[]): void {
  if (caller === undefined) return
  const guarded =
    scopeOf(caller) === undefined
      ? granted.filter((permission) => permission.startsWith(reservedNamespace))
      : granted
  const missing = missingPermissions(caller.permissions, guarded)
  if (missing.length === 0) return
  throw new LatchkeyError('permission_escalation', `The calling key does not hold ${missing.join(', ')}.`)
}

/**
 * Throws `permission_escalation` unless the caller holds, or as a root key may give, all that a key may do which it
 * changes, rotates or revokes. Its own key is always in its reach.
 */
export function requireCover(
  caller: Caller | undefined,
  key: { id: string; permissions: readonly string[] },
): void {
  if (caller?.keyId !== key.id) requireGrantable(caller, key.permissions)
}

/**
 * Throws `permission_escalation` if a key of the caller's own organization would live longer than the caller's. A root
 * key gives the keys of other organizations any expiry.
 */
export function requireLifetime(
  caller: LiveCaller | undefined,
  organizationId: string,
  expiresAt: number | null,
): void {
  if (caller === undefined || caller.expiresAt === null || caller.organizationId !== organizationId) return
  if (expiresAt !== null && expiresAt <= caller.expiresAt) return
  throw new LatchkeyError(
    'permission_escalation',
    `The calling key expires at ${new Date(caller.expiresAt).toISOString()}: no key of its organization can get a later expires_at from it, or none.`,
  )
}

/** Throws `missing_permission` unless the caller may set metadata, which verdicts carry and the operator's API trusts. */
export function requireMetadata(caller: Caller | undefined): void {
  if (scopeOf(caller) === undefined || covers((caller as Caller).permissions, metadataPermission)) return
  throw new LatchkeyError(
    'missing_permission',
    `Setting metadata takes a key of the root organization, or one with ${metadataPermission}.`,
    { missing: [metadataPermission] },
  )
}

const metadataPermission = 'latchkey:metadata:write'

/** Throws `missing_permission` unless the caller holds what a call takes. */
export function requirePermission(caller: Caller, permission: ManagementPermission): void {
  if (covers(caller.permissions, permission)) return
  throw new LatchkeyError('missing_permission', `This call takes a key with ${permission}.`, {
    missing: [permission],
  })
}

/** Throws `root_organization_required` for a caller of another organization. */
export function requireRoot(caller: Caller | undefined, what: string): void {
  if (scopeOf(caller) === undefined) return
  throw new LatchkeyError('root_organization_required', `Only a key of the root organization may ${what}.`)
}

// One sentence for all of them: nobody learns which token once opened something.
export function invalidToken(): LatchkeyError {
  return new LatchkeyError('invalid_token', 'The token is unknown, expired or revoked.')
}

/** The refusal of every session that opens nothing. */
export function sessionEnded(): LatchkeyError {
  return new LatchkeyError('session_ended', 'The session has ended: sign in again.')
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownOrganization(): LatchkeyError {
  return new LatchkeyError('organization_not_found', 'There is no organization with this id.')
}
