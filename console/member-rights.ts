// Why somebody may not be made what a form says, or changed at all: by the server's own rule, said before a button is pressed.
import { requireCoverOfRole, requirePermission } from '../src/core/access.ts'
import type { Caller } from '../src/core/actor.ts'
import { LatchkeyError } from '../src/core/errors.ts'
import type { Role } from '../src/core/roles.ts'
import type { WireMember } from './api.ts'
import { roleLabel } from './format/roles.ts'
import type { Self } from './self.ts'
import { rootOrganizationId, type Session } from './session.ts'

/** An organization, and what its members may grant outside `latchkey:`. */
export interface Grants {
  id: string
  grantable: readonly string[]
}

/** Who is signed in, as the server judges them. */
function callerOf(self: Self): Caller {
  const { id, organization_id: organizationId, permissions } = self
  if (self.type === 'key') return { type: 'key', keyId: id, kid: '', organizationId, permissions }
  return {
    ...{ type: 'member', memberId: id, organizationId, permissions, identityId: '', sessionId: '' },
    role: self.member.role as Role,
    grantable: self.grantable,
  }
}

/** Why members of an organization may not be changed at all; undefined if they may. */
export function manageRefusal({ self, refusal }: Session, organization: string): string | undefined {
  const lacking = refusal('latchkey:members:write')
  if (lacking !== undefined) return lacking
  return refused(() => requirePermission(callerOf(self), 'latchkey:members:write', organization))
    ? 'Members of the operator’s own organization are changed by its owners.'
    : undefined
}

/** Why a role may not be given, and so nobody changed who has it; undefined if it may. */
export function roleRefusal(session: Session, { id, grantable }: Grants, role: string): string | undefined {
  const lacking = manageRefusal(session, id)
  if (lacking !== undefined) return lacking
  const isRefused = refused(() => requireCoverOfRole(callerOf(session.self), { id, grantable }, role as Role))
  if (!isRefused) return undefined
  return role === 'owner'
    ? 'Only an owner sets and changes owners.'
    : `The role ${roleLabel(role).toLowerCase()} may do more than you.`
}

/**
 * Why the organization would lose its last owner; undefined if it would not. `owners` are its active ones. An owner of the
 * operator's organization may do so to others.
 */
export function lastOwnerRefusal(
  session: Session,
  member: WireMember,
  owners: readonly WireMember[] | undefined,
): string | undefined {
  if (member.role !== 'owner' || member.status !== 'active' || owners === undefined) return undefined
  const isRootOwner = session.isRoot && session.self.permissions.includes('latchkey:*')
  if (isRootOwner && member.organization_id !== rootOrganizationId) return undefined
  if (owners.some(({ id }) => id !== member.id)) return undefined
  return 'This is the last owner. Make somebody else an owner first.'
}

function refused(ask: () => void): boolean {
  try {
    ask()
    return false
  } catch (error) {
    if (error instanceof LatchkeyError) return true
    throw error
  }
}
