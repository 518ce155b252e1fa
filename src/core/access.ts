// What a caller may reach and grant. Who calls comes from its token alone, never from a body.
import {
  type Actor,
  type Caller,
  holdsDatabase,
  type KeyCaller,
  type LiveActor,
  type UserCaller,
} from './actor.ts'
import { LatchkeyError, refuseField } from './errors.ts'
import { isOrganizationId } from './id-form.ts'
import {
  covers,
  isReserved,
  type ManagementPermission,
  missingPermissions,
  reservedNamespace,
} from './permissions.ts'
import { customerRoles, notOnRoot, type Role, rootRoles } from './roles.ts'
import type { Scope } from './scope.ts'
import { isLater } from './status.ts'

/** The organization whose keys act on every other. */
export const rootOrganizationId = 'root'

/** The organization that somebody acts on; undefined, all of them, for root keys and for the operator. */
export function scopeOf(actor: Actor): Scope {
  if (holdsDatabase(actor) || actor.organizationId === rootOrganizationId) return undefined
  return actor.organizationId
}

/** The prefixes of which somebody reaches the keys; null for all. */
export function reachOf(actor: Actor): readonly string[] | null {
  return actor.type === 'user' ? actor.prefixes : null
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

/**
 * Throws `permission_escalation` unless the actor holds, or as the root organization may give, all that it grants to a key or a
 * member of an organization.
 */
export function requireGrantable(actor: Actor, granted: readonly string[], organizationId?: string): void {
  if (holdsDatabase(actor)) return
  const guarded =
    scopeOf(actor) === undefined
      ? granted.filter((permission) => permission.startsWith(reservedNamespace))
      : granted
  const missing = missingPermissions(grantableBy(actor, organizationId), guarded)
  if (missing.length === 0) return
  throw new LatchkeyError(
    'permission_escalation',
    `The calling ${actor.type} does not hold ${missing.join(', ')}. Use a key that holds them, or leave them out.`,
  )
}

/** What a caller may give away to an organization: what it holds there, and as a member what its organization says. */
function grantableBy(caller: Caller, organizationId: string | undefined): readonly string[] {
  if (caller.type === 'key') return caller.permissions
  // What it holds of ours is for itself alone.
  if (caller.type === 'user') return caller.permissions.filter((permission) => !isReserved(permission))
  return [...permissionsOn(caller, organizationId), ...caller.grantable]
}

/** What a caller may do to an organization. An admin of the root organization may do less to that one than to all others. */
function permissionsOn(caller: Caller, organizationId: string | undefined): readonly string[] {
  const isAdminAtHome =
    caller.type === 'member' && organizationId === rootOrganizationId && caller.role === 'admin'
  if (!isAdminAtHome) return caller.permissions
  return caller.permissions.filter((permission) => !notOnRoot.includes(permission))
}

/** What a member of an organization may do by its role. */
export function permissionsOfRole(organizationId: string, role: Role): readonly string[] {
  return (organizationId === rootOrganizationId ? rootRoles : customerRoles)[role]
}

/**
 * Throws `permission_escalation` unless the actor may give a role of an organization, and so do to its holder what it likes: it
 * covers what the role may do and grant. Owners of a customer's organization are for owners and the root organization alone: the
 * role of an admin has the same permissions.
 */
export function requireCoverOfRole(
  actor: Actor,
  { id, grantable }: { id: string; grantable: readonly string[] },
  role: Role,
): void {
  if (holdsDatabase(actor)) return
  const held = permissionsOfRole(id, role)
  requireGrantable(actor, covers(held, 'latchkey:keys:write') ? [...held, ...grantable] : held, id)
  const isOwner = actor.type === 'member' && actor.role === 'owner'
  if (role !== 'owner' || scopeOf(actor) === undefined || isOwner) return
  throw new LatchkeyError('permission_escalation', 'Only an owner may set or change owners.')
}

/**
 * Throws `permission_escalation` unless the actor holds, or as the root organization may give, all that a key may do which it
 * changes, rotates or revokes. Its own key is always in its reach.
 */
export function requireCover(
  actor: Actor,
  key: { id: string; permissions: readonly string[]; organizationId?: string },
): void {
  if (actor.type === 'key' && actor.keyId === key.id) return
  requireGrantable(actor, key.permissions, key.organizationId)
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
  // The list of a member's role is all that it may do.
  if (holdsDatabase(actor) || (actor.type === 'key' && scopeOf(actor) === undefined)) return
  if (covers(actor.permissions, metadataPermission)) return
  throw new LatchkeyError(
    'missing_permission',
    `To set metadata, use a key of the root organization or one that holds ${metadataPermission}.`,
    { missing: [metadataPermission] },
  )
}

const metadataPermission = 'latchkey:metadata:write'

/** Throws `missing_permission` unless the caller holds what a call takes, on the organization that it changes if one is named. */
export function requirePermission(
  caller: Caller,
  permission: ManagementPermission,
  organizationId?: string,
): void {
  if (covers(permissionsOn(caller, organizationId), permission)) return
  throw new LatchkeyError('missing_permission', `This call requires a key that holds ${permission}.`, {
    missing: [permission],
  })
}

/** Throws `root_organization_required` for a caller of another organization. */
export function requireRoot(actor: Actor, what: string): void {
  if (scopeOf(actor) === undefined) return
  throw new LatchkeyError('root_organization_required', `Only a key of the root organization may ${what}.`)
}

/** Gives the key that calls. Throws `invalid_input` for who holds the database, and `missing_token` for a member. */
export function requireKeyCaller<Some extends Actor>(actor: Some): Extract<Some, KeyCaller> {
  if (actor.type === 'key') return actor as Extract<Some, KeyCaller>
  if (holdsDatabase(actor)) refuseField('actor', 'Name the calling key: { actor: caller }.')
  throw new LatchkeyError(
    'missing_token',
    'Only a key makes this call. Send its token as Authorization: Bearer <token>.',
  )
}

/** Gives the user that calls. Throws `invalid_input` for everybody else. */
export function requireUserCaller(actor: Actor): UserCaller {
  if (actor.type === 'user') return actor
  refuseField(
    'actor',
    'Name the user of a portal session, as latchkey.portal.authenticate(token) returns it.',
  )
}

// One sentence for all of them: nobody learns which token once opened something.
export function invalidToken(): LatchkeyError {
  return new LatchkeyError('invalid_token', 'The token is unknown, expired or revoked.')
}

/** The refusal of every session that opens nothing. */
export function sessionEnded(): LatchkeyError {
  return new LatchkeyError('session_ended', 'The session has ended. Sign in again.')
}

/** The refusal of every portal session that opens nothing. */
export function portalSessionEnded(): LatchkeyError {
  return new LatchkeyError('session_ended', 'The session has ended. Open the page anew.')
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownOrganization(): LatchkeyError {
  return new LatchkeyError('organization_not_found', 'No organization has this id.')
}
