// What a key's page is part of: its organization, and for the operator the list of them all.
import type { Crumb } from '../../../components/page.tsx'
import { useOrganizationName } from '../../../organization-names.ts'
import { useSession } from '../../../session.ts'

export function useKeyCrumbs(organization: string): Crumb[] {
  const { isRoot } = useSession()
  const name = useOrganizationName(organization)
  const own: Crumb = {
    label: name ?? organization,
    link: { to: '/organizations/$organization', params: { organization } },
  }
  return isRoot ? [{ label: 'Organizations', link: { to: '/organizations' } }, own] : [own]
}
