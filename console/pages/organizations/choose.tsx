// Asks whose a new key shall be.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Dialog } from '../../components/dialog.tsx'
import { marked } from '../../components/foreign.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { SearchField } from '../../components/search-field.tsx'
import { organizationsQuery } from '../../queries.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { OperatorMark } from './mark.tsx'

export function ChooseOrganizationDialog({ close }: { close: () => void }) {
  const [q, setQ] = useState('')
  const refusal = useSession().refusal('latchkey:organizations:read')
  const { data, error, isPlaceholderData, isFetching, hasNextPage, fetchNextPage } = useInfiniteQuery({
    ...organizationsQuery({ q }),
    enabled: refusal === undefined,
    placeholderData: keepPreviousData,
  })
  const found = data?.pages.flatMap(({ items }) => items)
  const isSearching = found?.length === 0 && hasNextPage && error === null
  useEffect(() => {
    if (isSearching && !isFetching) void fetchNextPage({ cancelRefetch: false })
  }, [isSearching, isFetching, fetchNextPage])
  return (
    <Dialog
      title="Which organization owns the new key?"
      lead="A key cannot move to another one."
      close={close}
    >
      {refusal === undefined ? (
        <SearchField label="Search by name or id" value={q} change={setQ} />
      ) : (
        <Notice tone="note">
          <p>{refusal} You can create keys of the operator’s own organization.</p>
        </Notice>
      )}
      {error && <ErrorNotice error={error} />}
      <ul
        aria-label="Organizations"
        aria-busy={isPlaceholderData}
        className={`-mx-2 mt-3 h-72 overflow-y-auto ${isPlaceholderData ? 'opacity-60' : ''}`}
      >
        {refusal !== undefined && <Choice id={rootOrganizationId} name={rootOrganizationId} />}
        {found?.map(({ id, name }) => (
          <Choice key={id} id={id} name={name} />
        ))}
        {found?.length === 0 && !hasNextPage && (
          <li className="p-2 text-muted">No organization has this text in its name or id.</li>
        )}
        {isSearching && <li className="p-2 text-muted">None found so far. Searching…</li>}
        {hasNextPage && !isSearching && <li className="p-2 text-muted">There are more: search for one.</li>}
      </ul>
    </Dialog>
  )
}

function Choice({ id, name }: { id: string; name: string }) {
  return (
    <li>
      <Link
        to="/organizations/$organization/new-key"
        params={{ organization: id }}
        className="flex items-center gap-2 rounded-md px-2 py-1.5 hover:bg-hover"
      >
        <span className="min-w-0">
          <span className="block truncate font-medium" dir="auto">
            {marked(name)}
          </span>
          <span className="block truncate font-mono text-xs text-muted">{id}</span>
        </span>
        <OperatorMark id={id} />
      </Link>
    </li>
  )
}
