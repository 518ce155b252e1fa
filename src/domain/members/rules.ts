// What the commands on members share: which member a change may touch, and what is told of it.
import type { Change, Requirements } from '../../commit/commit.ts'
import {
  permissionsOfRole,
  requireCoverOfRole,
  requirePermission,
  rootOrganizationId,
  scopeOf,
} from '../../core/access.ts'
import { type Actor, holdsDatabase, type ProviderActor } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import type { Role } from '../../core/roles.ts'
import type { Scope } from '../../core/scope.ts'
import type { AuditAction } from '../../core/shapes/audit.ts'
import type { Member, MemberDetails } from '../../core/shapes/members.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { creatorTypeOf } from '../../store/creators.ts'
import { type IdentityRow, listIdentities } from '../../store/identities.ts'
import { findMember, hasOtherOwner, type MemberRow } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import type { Db } from '../../store/tables.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

/** What every change of a member takes of its caller. */
export const writeMembers = 'latchkey:members:write' as const

/** Reads a member of a scope. Throws `member_not_found`. */
export async function getMemberRow(db: Db, id: string, scope: Scope): Promise<MemberRow> {
  const member = isId(id) ? await findMember(db, id, scope) : undefined
  if (member === undefined) throw unknownMember()
  return member
}

/**
 * Changes a member of the actor's scope whose role it covers, while nobody else changes members of the organization and none of
 * them changes anything. Throws `member_not_found`, `permission_escalation`, `missing_permission`.
 */
export async function changeMemberOf<T>(
  engine: Engine,
  id: string,
  options: CommandOptions,
  work: (change: Change, member: MemberRow) => Promise<T>,
  requirements: Partial<Requirements> = {},
): Promise<T> {
  const actor = actorOf(options)
  const turn = turnOf(actor, options)
  // A member is of one organization for good. Who may not change it keeps nobody waiting.
  const { organization_id } = await engine.store.read((db) => getMemberRow(db, id, scopeOf(actor)), turn)
  requireMayManage(actor, organization_id)
  return engine.commit(
    actor,
    { permission: writeMembers, membersOf: organization_id, signal: options.signal, ...requirements },
    async (change) => {
      requireMayManage(change.actor, organization_id)
      const member = await getMemberRow(change.tx, id, scopeOf(change.actor))
      await requireCover(change, member.organization_id, member.role as Role)
      return work(change, member)
    },
  )
}

/** Throws `missing_permission` unless an actor may change members of an organization. */
export function requireMayManage(actor: Actor, organizationId: string): void {
  if (!holdsDatabase(actor)) requirePermission(actor, writeMembers, organizationId)
}

/** Throws `permission_escalation` unless an actor covers a role of an organization. */
export async function requireCover(
  { tx, actor }: Pick<Change, 'tx' | 'actor'>,
  organizationId: string,
  role: Role,
): Promise<void> {
  const { grantable_permissions } = await getOrganizationRow(tx, organizationId)
  requireCoverOfRole(actor, { id: organizationId, grantable: JSON.parse(grantable_permissions) }, role)
}

/** Throws `member_removed`. */
export function refuseRemoved({ removed_at }: MemberRow): void {
  if (removed_at !== null)
    throw new LatchkeyError('member_removed', 'The member is removed permanently. Invite the person again.')
}

/**
 * Throws `last_owner` if an organization would lose its last owner who can sign in. Who may act for the root organization as its
 * owner may do so to others.
 */
export async function requireOtherOwner({ tx, actor }: Change, member: MemberRow): Promise<void> {
  if (member.role !== 'owner' || member.suspended_at !== null || member.removed_at !== null) return
  if ((await listIdentities(tx, member)).length === 0) return
  const isRootOwner =
    holdsDatabase(actor) || (scopeOf(actor) === undefined && actor.permissions.includes('latchkey:*'))
  if (isRootOwner && member.organization_id !== rootOrganizationId) return
  if (await hasOtherOwner(tx, member)) return
  throw new LatchkeyError(
    'last_owner',
    'The organization would have no owner who can sign in. Make another member its owner first.',
  )
}

/** Records what becomes of a member: ids and roles, never a name or an address. */
export function recordMember(
  { record }: Change,
  member: MemberRow,
  action: AuditAction,
  changes: Record<string, unknown> = {},
  by?: ProviderActor,
): void {
  record({ action, organizationId: member.organization_id, changes: { memberId: member.id, ...changes } }, by)
}

/**
 * Why a member is suspended whom no rule of its provider fits any more: then it comes back if one does. Nobody else may give this
 * reason, and it is stored: it stays as it is.
 */
export const suspendedByRule = 'No rule of the provider fits any more.'

/** Tells whether a rule has suspended a member, and nobody since. */
export function isSuspendedByRule({ suspended_at, suspended_reason, role_source }: MemberRow): boolean {
  return suspended_at !== null && suspended_reason === suspendedByRule && role_source === 'rule'
}

/** A member as it is told. */
export function toMember(row: MemberRow): Member {
  const instant = (value: number | null) => (value === null ? null : new Date(value))
  return {
    id: row.id,
    organizationId: row.organization_id,
    email: row.email,
    emailVerified: row.email_verified === 1,
    name: row.name,
    role: row.role as Role,
    roleSource: row.role_source as Member['roleSource'],
    permissions: [...permissionsOfRole(row.organization_id, row.role as Role)],
    status: row.removed_at !== null ? 'removed' : row.suspended_at !== null ? 'suspended' : 'active',
    lastSeenAt: instant(row.last_seen_at),
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    createdByType: creatorTypeOf(row),
    suspendedAt: instant(row.suspended_at),
    suspendedReason: row.suspended_reason,
    removedAt: instant(row.removed_at),
    revision: String(row.revision),
  }
}

/** The same with its identities. */
export async function toMemberDetails(db: Db, row: MemberRow): Promise<MemberDetails> {
  return { ...toMember(row), identities: (await listIdentities(db, row)).map(toIdentity) }
}

/** An identity as it is told. */
export function toIdentity(row: IdentityRow): MemberDetails['identities'][number] {
  return {
    id: row.id,
    provider: row.provider,
    label: row.label,
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
  }
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownMember(): LatchkeyError {
  return new LatchkeyError('member_not_found', 'No member has this id.')
}
