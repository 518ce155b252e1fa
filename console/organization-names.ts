// The names of organizations, which keys and events tell by their ids alone.
import { useQuery } from '@tanstack/react-query'
import { memberDirectoryQuery } from './member-queries.ts'
import { organizationDirectoryQuery, organizationQuery } from './queries.ts'
import { useSession } from './session.ts'

const staleMs = 300_000

/**
 * Whether the names of most organizations and members are still on their way: a list that is drawn before them breaks its lines
 * anew when they come.
 */
export function useNamesPending(): boolean {
  const { hasDirectory, directory } = useDirectory()
  const readsMembers = useSession().refusal('latchkey:members:read') === undefined
  const members = useQuery({ ...memberDirectoryQuery, enabled: readsMembers })
  return (hasDirectory && directory.isPending) || (readsMembers && members.isPending)
}

/** One call for most of them; each of the others alone. */
function useDirectory() {
  const { isRoot, refusal } = useSession()
  const hasDirectory = isRoot && refusal('latchkey:organizations:read') === undefined
  const directory = useQuery({ ...organizationDirectoryQuery, staleTime: staleMs, enabled: hasDirectory })
  return { hasDirectory, directory }
}

/**
 * The name of an organization as far as the signed-in key may know it; undefined until then, and otherwise. Nobody is
 * asked for one that is not among the newest before `mayAsk`.
 */
export function useOrganizationName(id: string, mayAsk = true): string | undefined {
  const { readsOrganization } = useSession()
  const { hasDirectory, directory } = useDirectory()
  const listed = directory.data?.get(id)
  const isUnlisted = listed === undefined && !(hasDirectory && directory.isPending)
  const single = useQuery({
    ...organizationQuery(id),
    staleTime: staleMs,
    retry: false,
    enabled: mayAsk && readsOrganization(id) && isUnlisted,
  })
  return single.data?.name ?? listed
}
