// Who did what: every event that fits the filters of the address, and the same as a file.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { AuditTrail } from '../../components/audit-trail.tsx'
import { Button } from '../../components/button.tsx'
import { DownloadButtons, DownloadFailure, useDownload } from '../../components/downloads.tsx'
import { EmptyState, Notice } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { filterFaults } from '../../format/filters.ts'
import { type AuditFilter, auditParameters } from '../../queries.ts'
import type { AuditSearch } from '../../searches.ts'
import { useSession } from '../../session.ts'
import { AuditFilters } from './filters.tsx'

const eventsAtOnce = 50

export function ActivityPage() {
  const session = useSession()
  const search = useSearch({ from: '/activity' })
  const navigate = useNavigate({ from: '/activity' })
  // From what the address says by then: a field that is left and one that is chosen change it at once.
  const change = (next: (search: AuditSearch) => AuditSearch) =>
    void navigate({ search: next, replace: true })
  const refusal = session.refusal('latchkey:audit:read')
  const faults = filterFaults(search)
  const isFaulty = Object.keys(faults).length > 0
  // Outside the root organization there is no other to choose.
  const { organization, ...rest } = search
  const filter: AuditFilter = session.isRoot ? { organization, ...rest } : rest
  const isFiltered = Object.keys(search).length > 0
  const downloadRefusal = refusal ?? (isFaulty ? 'Correct the filters first.' : undefined)
  const file = useDownload('/v1/audit-log/export', auditParameters(filter))
  return (
    <Page
      title="Activity"
      lead="What was done and what happened, newest first: the audit log, which nobody can rewrite unseen."
      actions={<DownloadButtons file={file} refusal={downloadRefusal} />}
    >
      <DownloadFailure file={file} />
      {refusal === undefined ? (
        <>
          <AuditFilters search={search} faults={faults} change={change} />
          <section className="card p-4 sm:p-5" aria-label="Events">
            {isFaulty ? (
              <p className="text-muted">Correct the filters to see events.</p>
            ) : (
              <AuditTrail
                filter={filter}
                limit={eventsAtOnce}
                empty={
                  <EmptyState
                    icon={<ScrollText size={22} />}
                    title={isFiltered ? 'No event matches these filters' : 'No event yet'}
                    action={
                      isFiltered && <Button onClick={() => change(() => ({}))}>Clear the filters</Button>
                    }
                  >
                    {isFiltered
                      ? 'Remove a filter, or choose other days.'
                      : 'Create an organization or a key to see an event here.'}
                  </EmptyState>
                }
              />
            )}
          </section>
        </>
      ) : (
        <Notice tone="note" title={`${session.holder} cannot read the audit log`}>
          <p>
            {refusal} {session.remedy}
          </p>
        </Notice>
      )}
    </Page>
  )
}
