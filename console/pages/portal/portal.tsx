// The customer page of an organization: how users of the operator's come to it, and who has it open.
import { Navigate, useParams } from '@tanstack/react-router'
import { Notice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { SnippetTabs } from '../../components/snippets.tsx'
import { portalSnippetsFor } from '../../format/portal-snippets.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { OrganizationPage, useOrganization } from '../organizations/frame.tsx'
import { PortalSessions } from './sessions.tsx'

const guide = 'https://github.com/latchkey-dev/latchkey/blob/main/docs/guides/customer-page.md'

export function OrganizationPortalPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization/customer-page' })
  const found = useOrganization(id)
  const { isRoot, refusal } = useSession()
  if (!isRoot || id === rootOrganizationId)
    return <Navigate to="/organizations/$organization" params={{ organization: id }} replace />
  const mayNot = refusal('latchkey:portal:write')
  if (mayNot !== undefined)
    return (
      <OrganizationPage id={id} found={found}>
        <Notice tone="note">{mayNot}</Notice>
      </OrganizationPage>
    )
  return (
    <OrganizationPage id={id} found={found}>
      <Section
        title="Customer page"
        lead={
          <>
            Users of your app see, make and revoke the keys of this organization without an account here: on a
            page behind a link, or in an element in your own page.{' '}
            <a
              href={guide}
              target="_blank"
              rel="noreferrer"
              className="text-link underline underline-offset-2"
            >
              The guide
            </a>{' '}
            begins with which of the two to take.
          </>
        }
      >
        <SnippetTabs
          label="Ways to a customer page"
          snippets={portalSnippetsFor({
            organization: id,
            grantable: found.organization?.grantable_permissions ?? [],
            origin: location.origin,
          })}
        />
      </Section>
      <PortalSessions organization={id} />
    </OrganizationPage>
  )
}
