// What was done in an organization, newest first.
import { Link, Navigate, useParams } from '@tanstack/react-router'
import { AuditTrail } from '../../components/audit-trail.tsx'
import { Notice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { useSession } from '../../session.ts'
import { OrganizationPage, useOrganization } from './frame.tsx'

const eventsAtOnce = 50

export function OrganizationActivityPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization/activity' })
  const found = useOrganization(id)
  const { isRoot, refusal } = useSession()
  // Of one's own there is a page with filters.
  if (!isRoot) return <Navigate to="/activity" replace />
  const unreadable = refusal('latchkey:audit:read')
  return (
    <OrganizationPage id={id} found={found}>
      {unreadable === undefined ? (
        <Section
          title="Activity"
          lead={
            <>
              What was done in this organization, newest first.{' '}
              <Link
                to="/activity"
                search={{ organization: id }}
                className="text-link underline underline-offset-2"
              >
                Filters and files
              </Link>
            </>
          }
        >
          <AuditTrail filter={{ organization: id }} limit={eventsAtOnce} empty={<p>No event yet.</p>} />
        </Section>
      ) : (
        <Notice tone="note">{unreadable}</Notice>
      )}
    </OrganizationPage>
  )
}
