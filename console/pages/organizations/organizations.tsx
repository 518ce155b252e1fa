// The operator's customers, and the operator's own organization among them.
import { Link, Navigate, useNavigate, useSearch } from '@tanstack/react-router'
import { Building2, Plus, SearchX } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import type { WireOrganization } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Count } from '../../components/count.tsx'
import { marked } from '../../components/foreign.tsx'
import { ListCell, type ListColumn, ListRow, ListTable, useTableRows } from '../../components/list-table.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState, ErrorNotice, Notice, NotRenewed } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { RowLink } from '../../components/row-link.tsx'
import { SearchField } from '../../components/search-field.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { later } from '../../later.tsx'
import { organizationsQuery } from '../../queries.ts'
import { rootOrganizationId, useSession } from '../../session.ts'
import { type EndlessList, useEndlessList } from '../../virtual-list/endless-list.ts'
import { Day } from '../keys/list/cells.tsx'
import { OperatorMark } from './mark.tsx'

const CreateOrganizationDialog = later(
  async () => (await import('./edit.tsx')).CreateOrganizationDialog,
  MissingPart,
)

export function OrganizationsPage() {
  const { isRoot, self, refusal } = useSession()
  const [creating, setCreating] = useState(false)
  if (!isRoot) {
    return (
      <Navigate to="/organizations/$organization" params={{ organization: self.organization_id }} replace />
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
      <NotRenewed list={list} />
    </>
  )
}

const createdLook = 'w-32 sm:w-44'
const columns: ListColumn[] = [
  { id: 'organization', heading: 'Organization', look: '' },
  { id: 'created', heading: 'Created', look: createdLook },
]

function Table({ list }: { list: EndlessList<WireOrganization> }) {
  const drawn = useTableRows(list)
  return (
    <ListTable
      caption="Organizations"
      list={list}
      drawn={drawn}
      columns={columns}
      row={(index) => {
        const organization = list.items?.[index]
        return organization && <OrganizationRow key={organization.id} of={organization} index={index} />
      }}
    />
  )
}

interface RowProps {
  of: WireOrganization
  index: number
}

function OrganizationRow({ of: { id, name, created_at: createdAt }, index }: RowProps) {
  return (
    <ListRow index={index} opens={`/organizations/${id}`}>
      <ListCell look="">
        <span className="flex items-center gap-2">
          <RowLink
            href={`/organizations/${id}`}
            className="min-w-8 truncate rounded text-left font-medium text-ink underline-offset-2 hover:underline"
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
      </ListCell>
      <ListCell look={createdLook}>
        <Day instant={createdAt} />
      </ListCell>
    </ListRow>
  )
}
