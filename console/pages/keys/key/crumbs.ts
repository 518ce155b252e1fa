// What a key's page is part of: its organization, and for the operator the list of them all.
import { useQuery } from '@tanstack/react-query'
import type { Crumb } from '../../../components/page.tsx'
import { organizationQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'

export function useKeyCrumbs(organization: string): Crumb[] {
  const { isRoot, refusal } = useSession()
  const named = useQuery({
    ...organizationQuery(organization),
    enabled: refusal('latchkey:organizations:read') === undefined,
    staleTime: 60_000,
  })
  const own: Crumb = {
    label: named.data?.name ?? organization,
    link: { to: '/organizations/$organization', params: { organization } },
  }
  return isRoot ? [{ label: 'Organizations', link: { to: '/organizations' } }, own] : [own]
}
