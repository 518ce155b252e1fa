// The operator's customers, and the operator's own organization among them.
import { Link, Navigate, useNavigate, useSearch } from '@tanstack/react-router'
import { Building2, Plus, SearchX } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import type { WireOrganization } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Count } from '../../components/count.tsx'
import { marked } from '../../components/foreign.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState, ErrorNotice, Notice } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { useRowClicks } from '../../components/row-clicks.ts'
import { RowLink } from '../../components/row-link.tsx'
import { SearchField } from '../../components/search-field.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { later } from '../../later.tsx'
import { organizationsQuery } from '../../queries.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { type EndlessList, useEndlessList } from '../../virtual-list/endless-list.ts'
import { useVirtualRows } from '../../virtual-list/virtual-rows.ts'
import { Day } from '../keys/list/cells.tsx'
import { OperatorMark } from './mark.tsx'

const rowRem = 3

const CreateOrganizationDialog = later(
  async () => (await import('./edit.tsx')).CreateOrganizationDialog,
  MissingPart,
)

export function OrganizationsPage() {
  const { isRoot, key, refusal } = useSession()
  const [creating, setCreating] = useState(false)
  if (!isRoot) {
    return (
      <Navigate to="/organizations/$organization" params={{ organization: key.organization_id }} replace />
    )
  }
  const create = (text: string, shortcut?: 'n') => (
    <Button
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      shortcut={shortcut}
      refusal={refusal('latchkey:organizations:write')}
      onClick={() => setCreating(true)}
    >
      {text}
    </Button>
  )
  const unreadable = refusal('latchkey:organizations:read')
  return (
    <Page
      width="table"
      title="Organizations"
      lead="Your customers. Each has its own keys, and sees no others."
      actions={create('New organization', 'n')}
    >
      {unreadable === undefined ? (
        <Organizations create={create('Create the first organization')} />
      ) : (
        <Notice tone="note" title="You cannot list the organizations">
          <p>
            {unreadable} You can still open{' '}
            <Link to="/keys" className="text-link underline">
              all keys
            </Link>
            .
          </p>
        </Notice>
      )}
      {creating && (
        <Suspense>
          <CreateOrganizationDialog close={() => setCreating(false)} />
        </Suspense>
      )}
    </Page>
  )
}

function Organizations({ create }: { create: ReactNode }) {
  const search = useSearch({ from: '/organizations' })
  const navigate = useNavigate({ from: '/organizations' })
  const list = useEndlessList((rowsBefore) => organizationsQuery(search, rowsBefore))
  const { items, error, isOld } = list
  if (items === undefined && error !== null) {
    return <ErrorNotice title="The organizations could not be read" error={error} retry={list.retry} />
  }
  const show = (q: string) => void navigate({ search: q.trim() === '' ? {} : { q }, replace: true })
  const isSearch = search.q !== undefined
  const isFresh =
    !isSearch && !isOld && !list.hasMore && items?.length === 1 && items[0]?.id === rootOrganizationId
  return (
    <>
      <search className="mb-3 flex flex-wrap items-center gap-3">
        <SearchField label="Search by name or id" value={search.q ?? ''} change={show} />
        <Count list={list} noun="organization" />
      </search>
      <div className="card">
        {items?.length === 0 && !list.hasMore ? (
          <EmptyState
            icon={<SearchX size={22} />}
            title="No organization has this text in its name or id"
            action={<Button onClick={() => show('')}>Clear the search</Button>}
          >
            The search ignores case.
          </EmptyState>
        ) : (
          <Table list={list} />
        )}
        {isFresh && (
          <EmptyState icon={<Building2 size={22} />} title="No customer yet" action={create}>
            An organization is a customer of yours. It owns the keys with which its programs use your API.
            Create one, then its first key.
          </EmptyState>
        )}
      </div>
      {items !== undefined && error !== null && (
        <div className="mt-3">
          <ErrorNotice title="The list could not be renewed" error={error} retry={list.retry} />
        </div>
      )}
    </>
  )
}

const heading = 'sticky top-0 z-10 h-11 border-b border-line bg-surface px-4 text-left font-medium text-muted'
const cell = 'h-12 overflow-hidden border-b border-line px-4 py-0'

function Table({ list }: { list: EndlessList<WireOrganization> }) {
  const { items = [], rows, hasMore, isOld, reach } = list
  const { box, indexes, before, after } = useVirtualRows<HTMLTableSectionElement>(rows, rowRem, reach)
  useRowClicks(box)
  return (
    <table
      className="w-full table-fixed border-separate border-spacing-0"
      aria-rowcount={hasMore ? -1 : items.length + 1}
      aria-busy={isOld || list.items === undefined}
    >
      <caption className="sr-only">Organizations</caption>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col" className={`${heading} rounded-tl-lg`}>
            Organization
          </th>
          <th scope="col" className={`${heading} w-32 rounded-tr-lg sm:w-44`}>
            Created
          </th>
        </tr>
      </thead>
      <tbody ref={box} className={`[overflow-anchor:none] ${isOld ? 'opacity-60' : ''}`}>
        {before > 0 && <tr aria-hidden style={{ height: before }} />}
        {indexes.map((index) => (
          <OrganizationRow key={items[index]?.id ?? index} organization={items[index]} index={index} />
        ))}
        {after > 0 && <tr aria-hidden style={{ height: after }} />}
      </tbody>
    </table>
  )
}

interface RowProps {
  /** Undefined while it is still to come. */
  organization: WireOrganization | undefined
  index: number
}

function OrganizationRow({ organization, index }: RowProps) {
  if (organization === undefined) {
    return (
      <tr aria-hidden>
        <td className={cell}>
          <span className="block h-4 w-40 animate-pulse rounded bg-line" />
        </td>
        <td className={cell}>
          <span className="block h-4 w-20 animate-pulse rounded bg-line" />
        </td>
      </tr>
    )
  }
  const { id, name, created_at: createdAt } = organization
  return (
    <tr
      aria-rowindex={index + 2}
      data-opens={`/organizations/${id}`}
      className="cursor-pointer hover:bg-hover [&:last-child>td]:border-b-0"
    >
      <td className={cell}>
        <span className="flex items-center gap-2">
          <RowLink
            href={`/organizations/${id}`}
            className="truncate rounded text-left font-medium text-ink underline-offset-2 hover:underline"
            dir="auto"
            title={withMarks(name)}
          >
            {marked(name)}
          </RowLink>
          <OperatorMark id={id} />
        </span>
        <span className="block truncate font-mono text-xs text-muted" title={id}>
          {id}
        </span>
      </td>
      <td className={cell}>
        <Day instant={createdAt} />
      </td>
    </tr>
  )
}
