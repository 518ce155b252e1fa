// Usage by the filters of the address: a chart, the same as a table, and what is closed as a file.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { DownloadButtons, DownloadFailure, useDownload } from '../../components/downloads.tsx'
import { Notice } from '../../components/notices.tsx'
import { Page, Section } from '../../components/page.tsx'
import { UsageFigure } from '../../components/usage/figure.tsx'
import { useHour } from '../../components/usage/recent.tsx'
import { inShort } from '../../format/times.ts'
import type { UsageSearch } from '../../searches.ts'
import { useSession } from '../../session.ts'
import { figuresQuery } from '../../usage-queries.ts'
import { UsageFilters } from './filters.tsx'
import { UsageGroups } from './groups.tsx'
import { faultsOf, type UsageView, viewOf } from './view.ts'

export function UsagePage() {
  const session = useSession()
  const given = useSearch({ from: '/usage' })
  const navigate = useNavigate({ from: '/usage' })
  const hour = useHour()
  // Outside the root organization there is no other to choose.
  const { organization, ...rest } = given
  const search: UsageSearch = session.isRoot ? given : rest
  const change = (next: (search: UsageSearch) => UsageSearch) =>
    void navigate({ search: next, replace: true })
  const refusal = session.refusal('latchkey:usage:read')
  const faults = faultsOf(search, hour, session.isRoot)
  const isFaulty = Object.keys(faults).length > 0
  const view = useMemo(() => viewOf(search, hour), [search, hour])
  const file = useDownload('/v1/usage/export', { ...view.exported })
  const downloadRefusal = refusal ?? (isFaulty ? 'Correct the filters first.' : undefined)
  return (
    <Page
      width="columns"
      title="Usage"
      lead="Every verdict on a token, by time and by whose key it was."
      actions={<DownloadButtons file={file} refusal={downloadRefusal} />}
    >
      <DownloadFailure file={file} />
      {refusal === undefined ? (
        <>
          <UsageFilters search={search} faults={faults} change={change} />
          {isFaulty ? (
            <p className="text-muted">Correct the filters to see figures.</p>
          ) : (
            <Shown search={search} view={view} hour={hour} />
          )}
        </>
      ) : (
        <Notice tone="note" title={`${session.holder} cannot read usage`}>
          <p>
            {refusal} {session.remedy}
          </p>
        </Notice>
      )}
    </Page>
  )
}

function Shown({ search, view, hour }: { search: UsageSearch; view: UsageView; hour: number }) {
  const { cut, label, question } = view
  const figures = useQuery(figuresQuery(question))
  const rows = figures.data?.rows
  const { group } = search
  return (
    <>
      <Section
        title="Calls"
        lead={
          cut === 'utc-day' || cut === 'month'
            ? 'Days and months are by UTC, as they are billed.'
            : cut === 'day' && zone !== 'UTC'
              ? `Days are by your time zone, ${zone}. Files have them by UTC.`
              : undefined
        }
      >
        <UsageFigure label={label} figures={figures} hour={hour} cut={cut} hasTable={group === undefined} />
      </Section>
      {group !== undefined && rows !== undefined && <UsageGroups group={group} view={view} rows={rows} />}
      {figures.data && <Closed until={figures.data.closedUntil} />}
    </>
  )
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Up to when the figures are those of the file, which never change. */
function Closed({ until }: { until: string }) {
  return (
    <p className="text-muted">
      {Date.parse(until) > 0 ? (
        <>
          Closed until <time dateTime={until}>{inShort(until)}</time>: what came before does not change any
          more, and is in the files. An hour closes 15 minutes after its end.
        </>
      ) : (
        'No hour is closed yet, and the files are empty. An hour closes 15 minutes after its end.'
      )}
    </p>
  )
}
