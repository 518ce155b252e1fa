// What a caller may reach and grant. Who calls comes from its token alone, never from a body.
import { type Actor, type Caller, holdsDatabase, type LiveActor } from './actor.ts'
import { LatchkeyError } from './errors.ts'
import { isOrganizationId } from './id-form.ts'
import { covers, type ManagementPermission, missingPermissions, reservedNamespace } from './permissions.ts'
import type { Scope } from './scope.ts'
import { isLater } from './status.ts'

/** The organization whose keys act on every other. */
export const rootOrganizationId = 'root'

/** The organization that somebody acts on; undefined, all of them, for root keys and for the operator. */
export function scopeOf(actor: Actor): Scope {
  if (holdsDatabase(actor) || actor.organizationId === rootOrganizationId) return undefined
  return actor.organizationId
}

/** Narrows an actor's scope to the organization that it names. A foreign one is as unknown as one that is not there. */
export function narrowScope(actor: Actor, organizationId: string | undefined): Scope {
  const scope = scopeOf(actor)
  if (organizationId === undefined) return scope
  if (scope !== undefined && scope !== organizationId) throw unknownOrganization()
  return organizationId
}

/** Throws `organization_not_found` for an id that is not in an actor's reach, and for what is no id. */
export function requireOwnOrganization(id: string, actor: Actor): void {
  // An id of another form is unknown too, without asking a database.
  if (!isOrganizationId(id)) throw unknownOrganization()
  narrowScope(actor, id)
}

/** Throws `permission_escalation` unless the actor holds, or as a root key may give, all that it grants. */
export function requireGrantable(actor: Actor, granted: readonly string[]): void {
  if (holdsDatabase(actor)) return
  const guarded =
    scopeOf(actor) === undefined
      ? granted.filter((permission) => permission.startsWith(reservedNamespace))
      : granted
  const missing = missingPermissions(actor.permissions, guarded)
  if (missing.length === 0) return
  throw new LatchkeyError(
    'permission_escalation',
    `The calling key does not hold ${missing.join(', ')}. Use a key that holds them, or leave them out.`,
  )
}

/**
 * Throws `permission_escalation` unless the actor holds, or as a root key may give, all that a key may do which it
 * changes, rotates or revokes. Its own key is always in its reach.
 */
export function requireCover(actor: Actor, key: { id: string; permissions: readonly string[] }): void {
  if (!holdsDatabase(actor) && actor.keyId === key.id) return
  requireGrantable(actor, key.permissions)
}

/**
 * Throws `permission_escalation` if a key of the caller's own organization would live longer than the caller's. A root
 * key gives the keys of other organizations any expiry.
 */
export function requireLifetime(actor: LiveActor, organizationId: string, expiresAt: number | null): void {
  if (holdsDatabase(actor) || actor.organizationId !== organizationId) return
  if (actor.expiresAt === null || !isLater(expiresAt, actor.expiresAt)) return
  throw new LatchkeyError(
    'permission_escalation',
    `The calling key expires at ${new Date(actor.expiresAt).toISOString()}, so the keys of its organization that it creates or changes must expire then or earlier.`,
  )
}

/** Throws `missing_permission` unless the actor may set metadata, which verdicts carry and the operator's API trusts. */
export function requireMetadata(actor: Actor): void {
  if (holdsDatabase(actor) || scopeOf(actor) === undefined) return
  if (covers(actor.permissions, metadataPermission)) return
  throw new LatchkeyError(
    'missing_permission',
    `To set metadata, use a key of the root organization or one that holds ${metadataPermission}.`,
    { missing: [metadataPermission] },
  )
}

const metadataPermission = 'latchkey:metadata:write'

/** Throws `missing_permission` unless the caller holds what a call takes. */
export function requirePermission(caller: Caller, permission: ManagementPermission): void {
  if (covers(caller.permissions, permission)) return
  throw new LatchkeyError('missing_permission', `This call requires a key that holds ${permission}.`, {
    missing: [permission],
  })
}

/** Throws `root_organization_required` for a caller of another organization. */
export function requireRoot(actor: Actor, what: string): void {
  if (scopeOf(actor) === undefined) return
  throw new LatchkeyError('root_organization_required', `Only a key of the root organization may ${what}.`)
}

// One sentence for all of them: nobody learns which token once opened something.
export function invalidToken(): LatchkeyError {
  return new LatchkeyError('invalid_token', 'The token is unknown, expired or revoked.')
}

/** The refusal of every session that opens nothing. */
export function sessionEnded(): LatchkeyError {
  return new LatchkeyError('session_ended', 'The session has ended. Sign in again.')
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownOrganization(): LatchkeyError {
  return new LatchkeyError('organization_not_found', 'No organization has this id.')
}
