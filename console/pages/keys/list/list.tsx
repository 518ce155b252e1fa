// A list of keys with its search, its filter and its order, all of which are in the page's address.
import { useNavigate } from '@tanstack/react-router'
import { KeyRound, SearchX } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { ApiError } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { Count } from '../../../components/count.tsx'
import { type FilterChip, FilterChips } from '../../../components/filter-chips.tsx'
import { EmptyState, ErrorNotice, Notice, NotRenewed } from '../../../components/notices.tsx'
import { SearchField } from '../../../components/search-field.tsx'
import { Segments } from '../../../components/segments.tsx'
import { readSearch } from '../../../format/found-by.ts'
import { type KeySelection, keySelections, selectedKeys } from '../../../format/key-selections.ts'
import { keysQuery } from '../../../queries.ts'
import type { KeySearch } from '../../../searches.ts'
import { useSession } from '../../../session.ts'
import { useEndlessList } from '../../../virtual-list/endless-list.ts'
import { useMedia } from '../../../virtual-list/media.ts'
import { KeyCards } from './cards.tsx'
import { type KeySort, KeyTable } from './table.tsx'

const statuses = [
  { value: 'active', label: 'Active' },
  { value: 'expired', label: 'Expired' },
  { value: 'revoked', label: 'Revoked' },
  { value: 'all', label: 'All' },
] as const
const sorts: { value: KeySort; label: string }[] = [
  { value: '-created_at', label: 'Newest first' },
  { value: '-last_used_at', label: 'Last used first' },
  { value: 'last_used_at', label: 'Unused first' },
  { value: 'name', label: 'By name' },
]

interface KeyListProps {
  caption: string
  /** Undefined for the keys of every organization. */
  organization?: string
  search: KeySearch
  /** Puts another search into the address. */
  change: (search: KeySearch) => void
  /** The way to a first key, where there is none. */
  newKey: ReactNode
}

export function KeyList({ caption, organization, search, change, newKey }: KeyListProps) {
  const { q = '', only } = search
  // Who has a token in hand looks for its key, whatever became of it.
  const status = search.status ?? (search.kid === undefined ? 'active' : 'all')
  const [isPart, setPart] = useState(false)
  const navigate = useNavigate()
  const [now] = useState(Date.now)
  const { sort: ownSort, ...selected } =
    only === undefined ? { sort: '-created_at' as const } : selectedKeys(only, now)
  const sort = search.sort ?? ownSort
  const filter = {
    organization,
    q: search.q,
    tag: tagsOf(search),
    kid: search.kid,
    permission: search.permission,
    created_by: search.created_by,
    status: search.kid === undefined ? search.status : status,
    sort: only === undefined ? search.sort : sort,
    ...selected,
  }
  const list = useEndlessList((rowsBefore) => keysQuery(filter, rowsBefore))
  const hasRoom = useMedia('(width >= 40rem)')
  // Below that the column of one of the orders is not there to be pressed.
  const hasAllOrders = useMedia(organization === undefined ? '(width >= 84rem)' : '(width >= 70rem)')
  const refusal = useSession().refusal('latchkey:keys:read')
  if (list.items === undefined && list.error !== null) {
    if (refusal !== undefined || isForbidden(list.error)) return <NotReadable refusal={refusal} />
    return <ErrorNotice title="The keys could not be read" error={list.error} retry={list.retry} />
  }
  const changeSort = (next: KeySort) => change({ ...search, sort: next })
  const clear = () =>
    change(search.sort === undefined || search.sort === 'expires_at' ? {} : { sort: search.sort })
  const take = (typed: string) => {
    const found = readSearch(typed)
    setPart(found !== undefined && 'part' in found)
    if (found === undefined) return false
    if ('id' in found) void navigate({ to: '/keys/$key', params: { key: found.id } })
    if ('kid' in found) change({ ...withQ(search, ''), kid: found.kid })
    if ('tag' in found)
      change({ ...withQ(search, ''), tag: [...new Set([...tagsOf(search), found.tag])].join() })
    return true
  }
  const View = hasRoom ? KeyTable : KeyCards
  return (
    <>
      <search className="mb-3 flex flex-wrap items-center gap-3">
        <SearchField
          label="Search by name"
          placeholder="Name, #tag, hint or token"
          value={q}
          change={(typed) => change(withQ(search, typed))}
          take={take}
        />
        <Segments
          label="Status"
          options={statuses}
          value={status}
          change={(value) => change({ ...search, status: value })}
        />
        <div className="flex gap-3 max-sm:w-full">
          <SelectionChoice only={only} change={(next) => change(withOnly(search, next))} />
          {!hasAllOrders && <SortChoice sort={sort} changeSort={changeSort} />}
        </div>
        <Count list={list} noun="key" />
      </search>
      {isPart && (
        <Notice tone="note" title="This is part of a token">
          <p>
            It was not searched for, and is not kept. Paste the whole token, of which only the public part is
            sent, or its hint.
          </p>
        </Notice>
      )}
      <FilterChips chips={chipsOf(search, change)} />
      <div className="card @container">
        {list.items?.length === 0 && !list.hasMore ? (
          <NoKeys
            isSearch={q !== '' || chipsOf(search, change).length > 0}
            status={status}
            only={only}
            newKey={newKey}
            clear={clear}
            all={() => change({ ...search, status: 'all' })}
          />
        ) : (
          <View
            key={hasRoom ? 'table' : 'cards'}
            caption={caption}
            list={list}
            sort={sort}
            changeSort={changeSort}
            ofAll={organization === undefined}
          />
        )}
      </div>
      <NotRenewed list={list} />
    </>
  )
}

function tagsOf({ tag = '' }: KeySearch): string[] {
  return tag.split(',').filter((each) => each !== '')
}

/** The filters of a search that have no field of their own. */
function chipsOf(search: KeySearch, change: (search: KeySearch) => void): FilterChip[] {
  const tags = tagsOf(search)
  const { tag: _, ...untagged } = search
  const without = (name: 'kid' | 'permission' | 'created_by') => () => {
    const { [name]: __, ...others } = search
    change(others)
  }
  return [
    ...tags.map((tag) => ({
      label: 'Tag',
      value: tag,
      remove: () => {
        const left = tags.filter((other) => other !== tag)
        change(left.length === 0 ? untagged : { ...untagged, tag: left.join() })
      },
    })),
    ...(search.kid === undefined
      ? []
      : [{ label: 'Token', value: `${search.kid}…`, remove: without('kid') }]),
    ...(search.permission === undefined
      ? []
      : [{ label: 'Permission', value: search.permission, remove: without('permission') }]),
    ...(search.created_by === undefined
      ? []
      : [{ label: 'Created by', value: search.created_by, remove: without('created_by') }]),
  ]
}

function withQ({ q: _, ...others }: KeySearch, typed: string): KeySearch {
  return typed.trim() === '' ? others : { ...others, q: typed }
}

/** A list that is narrowed comes in the order of what it is narrowed to, until another one is chosen. */
function withOnly({ only: _, sort: __, ...others }: KeySearch, only: KeySelection | undefined): KeySearch {
  return only === undefined ? others : { ...others, only }
}

function isForbidden(error: Error): boolean {
  return error instanceof ApiError && error.status === 403
}

function NotReadable({ refusal }: { refusal: string | undefined }) {
  return (
    <Notice tone="note" title="You cannot list these keys">
      <p>{refusal ?? 'Your key cannot list keys.'} Ask the person who manages your keys to grant it.</p>
    </Notice>
  )
}

const choice = 'input min-h-9 min-w-0 py-1.5 max-sm:flex-1 sm:w-auto'

function SelectionChoice({
  only,
  change,
}: {
  only: KeySelection | undefined
  change: (only: KeySelection | undefined) => void
}) {
  return (
    <select
      aria-label="Use and expiry"
      className={choice}
      value={only ?? ''}
      onChange={({ target }) => change((target.value || undefined) as KeySelection | undefined)}
    >
      <option value="">Any use</option>
      {Object.entries(keySelections).map(([value, { label }]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  )
}

function SortChoice({ sort, changeSort }: { sort: KeySort; changeSort: (sort: KeySort) => void }) {
  return (
    <select
      aria-label="Order"
      className={choice}
      value={sort}
      onChange={(event) => {
        const chosen = sorts.find(({ value }) => value === event.target.value)
        if (chosen) changeSort(chosen.value)
      }}
    >
      {sort === 'expires_at' && <option value={sort}>Ends first</option>}
      {sorts.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  )
}

interface NoKeysProps {
  isSearch: boolean
  status: NonNullable<KeySearch['status']>
  only: KeySelection | undefined
  newKey: ReactNode
  clear: () => void
  all: () => void
}

function NoKeys({ isSearch, status, only, newKey, clear, all }: NoKeysProps) {
  const kind = status === 'all' ? '' : `${status} `
  if (isSearch) {
    return (
      <EmptyState
        icon={<SearchX size={22} />}
        title={`No ${kind}key has this text in its name`}
        action={
          <>
            <Button onClick={clear}>Clear the search</Button>
            {status !== 'all' && <Button onClick={all}>Search all statuses</Button>}
          </>
        }
      >
        {status === 'all'
          ? 'The search covers names, and neither permissions nor ids.'
          : `The search covered ${status} keys only. Keys of another status may match.`}
      </EmptyState>
    )
  }
  if (only !== undefined) {
    return (
      <EmptyState
        icon={<SearchX size={22} />}
        title={`No ${kind}key ${keySelections[only].none}`}
        action={<Button onClick={clear}>Show the active ones</Button>}
      >
        {keySelections[only].note}
      </EmptyState>
    )
  }
  if (status === 'expired' || status === 'revoked') {
    return (
      <EmptyState
        icon={<KeyRound size={22} />}
        title={`No key is ${status}`}
        action={<Button onClick={clear}>Show the active ones</Button>}
      >
        {status === 'expired'
          ? 'A key is listed here after it expires.'
          : 'A revoked key is never valid again, and stays here for the record.'}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<KeyRound size={22} />}
      title={status === 'active' ? 'No active key yet' : 'No key yet'}
      action={
        <>
          {newKey}
          {status === 'active' && <Button onClick={all}>Show all statuses</Button>}
        </>
      }
    >
      A key lets a program use your API. It has a name, permissions and, if you like, an expiry. Create a key,
      and give its token to the program.
    </EmptyState>
  )
}
