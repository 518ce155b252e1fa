// A list of keys with its search, its filter and its order, all of which are in the page's address.
import { useNavigate } from '@tanstack/react-router'
import { Columns3, ListFilter } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import { ApiError } from '../../../api.ts'
import { Button, IconButton } from '../../../components/button.tsx'
import { Count } from '../../../components/count.tsx'
import { FilterChips } from '../../../components/filter-chips.tsx'
import { MissingPart } from '../../../components/missing-part.tsx'
import { ErrorNotice, Notice, NotRenewed } from '../../../components/notices.tsx'
import { SearchField } from '../../../components/search-field.tsx'
import { Segments } from '../../../components/segments.tsx'
import type { BulkAction } from '../../../format/bulk-results.ts'
import { withFilter } from '../../../format/filters.ts'
import { foreignIn, readSearch } from '../../../format/found-by.ts'
import {
  bulkFilter,
  type ChangeSearch,
  chipsOf,
  listFilter,
  statusOf,
  tagsOf,
  withOnly,
  withQ,
  withTags,
} from '../../../format/key-filters.ts'
import { later } from '../../../later.tsx'
import { keysQuery } from '../../../queries.ts'
import type { KeySearch } from '../../../searches.ts'
import { useSession } from '../../../session.ts'
import { useEndlessList } from '../../../virtual-list/endless-list.ts'
import { useMedia } from '../../../virtual-list/media.ts'
import { KeyCards } from './cards.tsx'
import { PrefixChoice, SelectionChoice, SortChoice } from './choices.tsx'
import { ColumnsDialog, useColumns } from './columns.tsx'
import { FilterDialog } from './filter-dialog.tsx'
import { NoKeys } from './none.tsx'
import { Selecting, SelectionBar, useSelection } from './selection.tsx'
import { type KeySort, KeyTable } from './table.tsx'
import { TokenSearchNotice, useTokenSearch } from './token-search.tsx'

const BulkDialog = later(async () => (await import('./bulk-dialog.tsx')).BulkDialog, MissingPart)

const statuses = [
  { value: 'active', label: 'Active' },
  { value: 'expired', label: 'Expired' },
  { value: 'revoked', label: 'Revoked' },
  { value: 'suspended', label: 'Suspended' },
  { value: 'all', label: 'All' },
] as const
interface KeyListProps {
  caption: string
  /** Undefined for the keys of every organization. */
  organization?: string
  search: KeySearch
  /** Puts another search into the address. */
  change: ChangeSearch
  /** The way to a first key, where there is none. */
  newKey: ReactNode
}

export function KeyList({ caption, organization, search, change, newKey }: KeyListProps) {
  const { q = '', only, prefix } = search
  const status = statusOf(search)
  const ofAll = organization === undefined
  const [open, setOpen] = useState<'filter' | 'columns' | BulkAction>()
  const close = () => setOpen(undefined)
  const navigate = useNavigate()
  const [now] = useState(Date.now)
  const { filter, sort } = listFilter(search, organization, now)
  const list = useEndlessList((rowsBefore) => keysQuery(filter, rowsBefore))
  const selection = useSelection(JSON.stringify({ ...filter, sort: undefined }), list.items)
  const findsKid = (kid: string) => change((now) => ({ ...withQ(now, ''), kid }))
  const tokens = useTokenSearch(organization, findsKid)
  const [columns, setColumns] = useColumns()
  const hasRoom = useMedia('(width >= 40rem)')
  // Below that the column of one of the orders is not there to be pressed.
  const isWide = useMedia(ofAll ? '(width >= 84rem)' : '(width >= 70rem)')
  const hasAllOrders = isWide && columns.has('created_at') && columns.has('last_used_at')
  const { refusal } = useSession()
  const readRefusal = refusal('latchkey:keys:read')
  const mayChange = refusal('latchkey:keys:write') === undefined
  if (list.items === undefined && list.error !== null) {
    if (readRefusal !== undefined || isForbidden(list.error)) return <NotReadable refusal={readRefusal} />
    return <ErrorNotice title="The keys could not be read" error={list.error} retry={list.retry} />
  }
  const changeSort = (next: KeySort) => change((now) => ({ ...now, sort: next }))
  const clear = () =>
    change((now) => (now.sort === undefined || now.sort === 'expires_at' ? {} : { sort: now.sort }))
  const take = (typed: string) => {
    const found = readSearch(typed)
    const foreign = found === undefined ? foreignIn(typed) : undefined
    if (foreign !== undefined) void tokens.look(foreign)
    else if (typed.trim() !== '') tokens.tell(found !== undefined && 'part' in found ? 'part' : undefined)
    // What is not searched for leaves nothing of the search before it either.
    if (foreign !== undefined || (found && 'part' in found)) change((now) => withQ(now, ''))
    if (found === undefined) return foreign !== undefined
    if ('id' in found) void navigate({ to: '/keys/$key', params: { key: found.id } })
    if ('kid' in found) findsKid(found.kid)
    if ('tag' in found) change((now) => withTags(withQ(now, ''), [...tagsOf(now), found.tag]))
    return true
  }
  const chips = chipsOf(search, change)
  const isFiltered = chips.length > 0 || prefix !== undefined
  const parts = { caption, list, sort, changeSort, ofAll }
  return (
    <>
      <search className="mb-3 flex flex-wrap items-center gap-3">
        <SearchField
          label="Search by name"
          placeholder="Name, #tag, hint or token"
          value={q}
          change={(typed) => change((now) => withQ(now, typed))}
          take={take}
        />
        <Segments
          label="Status"
          options={statuses}
          value={status}
          change={(value) => change((now) => ({ ...now, status: value }))}
        />
        <div className="flex grow flex-wrap items-center gap-x-3 gap-y-2">
          <div className="gap-2 max-sm:grid max-sm:w-full max-sm:grid-cols-[minmax(0,5fr)_minmax(0,6fr)] sm:flex sm:flex-wrap">
            <PrefixChoice
              prefix={prefix}
              change={(next) => change((now) => withFilter(now, 'prefix', next))}
            />
            <SelectionChoice only={only} change={(next) => change((now) => withOnly(now, next))} />
            {!hasAllOrders && <SortChoice sort={sort} changeSort={changeSort} />}
            <Button
              icon={<ListFilter size={16} aria-hidden />}
              className="max-sm:last:odd:col-span-2"
              onClick={() => setOpen('filter')}
            >
              Filter
            </Button>
            {hasRoom && (
              <IconButton
                label="Choose the columns"
                icon={<Columns3 size={18} aria-hidden />}
                onClick={() => setOpen('columns')}
              />
            )}
          </div>
          <Count list={list} noun="key" />
        </div>
      </search>
      <TokenSearchNotice told={tokens.told} />
      <FilterChips chips={chips} />
      <div className="card @container">
        {list.items?.length === 0 && !list.hasMore ? (
          <NoKeys
            isSearch={q !== ''}
            isFiltered={isFiltered}
            status={status}
            only={only}
            newKey={newKey}
            clear={clear}
            all={() => change((now) => ({ ...now, status: 'all' }))}
          />
        ) : hasRoom ? (
          <Selecting selection={mayChange ? selection : undefined}>
            <KeyTable key="table" {...parts} chosen={columns} />
          </Selecting>
        ) : (
          <KeyCards key="cards" {...parts} />
        )}
      </div>
      {mayChange && hasRoom && (
        <SelectionBar
          selection={selection}
          total={list.total}
          // One change of many keys does not judge them.
          hasMore={list.hasMore && search.breaks_policy === undefined}
          act={setOpen}
        />
      )}
      <NotRenewed list={list} />
      {open === 'filter' && <FilterDialog search={search} change={change} close={close} />}
      {open === 'columns' && (
        <ColumnsDialog columns={columns} change={setColumns} ofAll={ofAll} close={close} />
      )}
      {open !== undefined && open !== 'filter' && open !== 'columns' && (
        <Suspense>
          <BulkDialog
            action={open}
            meant={
              selection.isAll
                ? { filter: bulkFilter(search, organization, now) }
                : { ids: [...selection.ids] }
            }
            close={close}
            done={() => {
              close()
              selection.set([])
            }}
          />
        </Suspense>
      )}
    </>
  )
}

function isForbidden(error: Error): boolean {
  return error instanceof ApiError && error.status === 403
}

function NotReadable({ refusal }: { refusal: string | undefined }) {
  const { remedy } = useSession()
  return (
    <Notice tone="note" title="You cannot list these keys">
      <p>
        {refusal} {remedy}
      </p>
    </Notice>
  )
}
