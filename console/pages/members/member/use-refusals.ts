// Why each thing may not be done to a member by who is signed in.
import { useQuery } from '@tanstack/react-query'
import type { WireMemberDetails } from '../../../api.ts'
import { ownersQuery } from '../../../member-queries.ts'
import { type Grants, lastOwnerRefusal, roleRefusal } from '../../../member-rights.ts'
import { organizationQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'

/** What the members of an organization may grant, which nobody may give by a role who may not grant it. */
export function useGrants(organization: string): Grants {
  const { readsOrganization } = useSession()
  const found = useQuery({ ...organizationQuery(organization), enabled: readsOrganization(organization) })
  return { id: organization, grantable: found.data?.grantable_permissions ?? [] }
}

/** Each in a sentence; undefined if it may. */
export function useMemberRefusals(member: WireMemberDetails) {
  const session = useSession()
  const grants = useGrants(member.organization_id)
  const mayBeLast = member.role === 'owner' && member.status === 'active' && member.identities.length > 0
  const owners = useQuery({ ...ownersQuery(member.organization_id), enabled: mayBeLast })
  const isRemoved =
    member.status === 'removed' ? 'This member was removed. Invite the person again.' : undefined
  const change = roleRefusal(session, grants, member.role) ?? isRemoved
  const last = mayBeLast ? lastOwnerRefusal(session, member, owners.data) : undefined
  return {
    change,
    /** Another role. */
    role: change ?? last,
    /** Suspension, reset and removal. */
    leave: change ?? last,
    erase:
      roleRefusal(session, grants, 'owner') ??
      (member.email === null ? 'This member was erased already.' : undefined),
  }
}
