// Events of the audit log on a line through time, newest first, older ones as they are asked for.
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '../api.ts'
import { useNamesPending } from '../organization-names.ts'
import { type AuditFilter, auditQuery } from '../queries.ts'
import { AuditEvent } from './audit-event.tsx'
import { MoreButton } from './more-button.tsx'
import { ErrorNotice } from './notices.tsx'
import { Searching } from './searching.tsx'

interface AuditTrailProps {
  filter: AuditFilter
  /** How many events at once. */
  limit: number
  /** Where there are none. */
  empty: ReactNode
  isOfKnownKey?: boolean
}

export function AuditTrail({ filter, limit, empty, isOfKnownKey = false }: AuditTrailProps) {
  // Every page that was asked for would be asked for anew each time that somebody comes back to the window.
  const events = useInfiniteQuery({ ...auditQuery(filter, limit), refetchOnWindowFocus: false })
  const areNamesPending = useNamesPending()
  if (events.data === undefined || areNamesPending) {
    // An organization that is not there has done nothing.
    if (events.error instanceof ApiError && events.error.code === 'organization_not_found') return empty
    return events.isError ? (
      <ErrorNotice error={events.error} retry={() => void events.refetch()} />
    ) : (
      <TrailSkeleton />
    )
  }
  const items = events.data.pages.flatMap((page) => page.items)
  if (items.length === 0 && !events.hasNextPage) return empty
  return (
    <>
      <ol>
        {items.map((event) => (
          <AuditEvent key={event.id} event={event} isOfKnownKey={isOfKnownKey} />
        ))}
      </ol>
      {items.length === 0 && !events.isFetchNextPageError && (
        <p role="status" className="flex items-center gap-3 text-muted">
          <Searching /> No event found so far. Searching…
        </p>
      )}
      {events.isFetchNextPageError && <ErrorNotice error={events.error} />}
      {events.hasNextPage && (
        <MoreButton
          busy={events.isFetchingNextPage}
          isStopped={events.isFetchNextPageError}
          more={() => void events.fetchNextPage()}
        >
          Show older events
        </MoreButton>
      )}
    </>
  )
}

const bones = ['first', 'second', 'third', 'fourth', 'fifth']

function TrailSkeleton() {
  return (
    <div role="status" className="space-y-6">
      <span className="sr-only">Loading</span>
      {bones.map((bone) => (
        <div key={bone} className="grid grid-cols-[2rem_1fr] gap-x-3">
          <div className="size-8 animate-pulse rounded-full bg-line" />
          <div className="space-y-2 pt-2">
            <div className="h-4 w-2/5 animate-pulse rounded bg-line" />
            <div className="h-4 w-3/5 animate-pulse rounded bg-line/60" />
          </div>
        </div>
      ))}
    </div>
  )
}
