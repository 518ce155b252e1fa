// The names of organizations, which keys and events tell by their ids alone.
import { useQuery } from '@tanstack/react-query'
import { organizationDirectoryQuery, organizationQuery } from './queries.ts'
import { useSession } from './session.ts'

const staleMs = 300_000

/**
 * The name of an organization as far as the signed-in key may know it; undefined until then, and otherwise. Nobody is
 * asked for one that is not among the newest before `mayAsk`.
 */
export function useOrganizationName(id: string, mayAsk = true): string | undefined {
  const { isRoot, readsOrganization, refusal } = useSession()
  // One call for most of them; each of the others alone.
  const hasDirectory = isRoot && refusal('latchkey:organizations:read') === undefined
  const directory = useQuery({ ...organizationDirectoryQuery, staleTime: staleMs, enabled: hasDirectory })
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
