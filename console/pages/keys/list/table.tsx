// Keys as a table, of which only the rows on the screen are there.
import { createColumnHelper, FlexRender, type Row, tableFeatures, useTable } from '@tanstack/react-table'
import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react'
import { memo, type ReactNode, useMemo } from 'react'
import type { WireKey } from '../../../api.ts'
import { CreatorInRow } from '../../../components/creator.tsx'
import {
  headingLook,
  ListCell,
  type ListColumn,
  ListRow,
  ListTable,
  useTableRows,
} from '../../../components/list-table.tsx'
import { Status } from '../../../components/status.tsx'
import { Ago } from '../../../components/time.tsx'
import type { KeySearch } from '../../../searches.ts'
import { useSession } from '../../../session.ts'
import type { EndlessList } from '../../../virtual-list/endless-list.ts'
import { useMedia } from '../../../virtual-list/media.ts'
import { Calls, CallsOfRows } from './calls.tsx'
import { Day, Expiry, NameAndHint, Owner, Permissions, Tags } from './cells.tsx'
import { columnHeadings, type KeyColumn, type KeyColumns } from './columns.tsx'
import { SelectBox, SelectShownBox } from './selection.tsx'

export type KeySort = NonNullable<KeySearch['sort']>

const features = tableFeatures({})
const column = createColumnHelper<typeof features, WireKey>()
/** All columns, in their order. */
const columns = column.columns([
  column.display({
    id: 'name',
    header: 'Name',
    cell: ({ row }) => (
      <div className="flex items-center">
        <SelectBox of={row.original} />
        <div className="min-w-0">
          <NameAndHint apiKey={row.original} />
        </div>
      </div>
    ),
  }),
  column.display({
    id: 'organization',
    header: columnHeadings.organization,
    cell: ({ row }) => <Owner id={row.original.organization_id} />,
  }),
  column.display({
    id: 'permissions',
    header: columnHeadings.permissions,
    cell: ({ row }) => <Permissions permissions={row.original.permissions} />,
  }),
  column.display({
    id: 'tags',
    header: columnHeadings.tags,
    cell: ({ row }) => <Tags tags={row.original.tags} />,
  }),
  column.display({
    id: 'created_by',
    header: columnHeadings.created_by,
    cell: ({ row }) => (
      <CreatorInRow createdBy={row.original.created_by} type={row.original.created_by_type} />
    ),
  }),
  column.display({
    id: 'created_at',
    header: columnHeadings.created_at,
    cell: ({ row }) => <Day instant={row.original.created_at} />,
  }),
  column.display({
    id: 'calls',
    header: columnHeadings.calls,
    cell: ({ row }) => <Calls id={row.original.id} />,
  }),
  column.display({
    id: 'last_used_at',
    header: columnHeadings.last_used_at,
    cell: ({ row }) => <Ago instant={row.original.last_used_at} never="Never used" />,
  }),
  column.display({
    id: 'expires_at',
    header: columnHeadings.expires_at,
    cell: ({ row }) => <Expiry apiKey={row.original} />,
  }),
  column.display({
    id: 'status',
    header: columnHeadings.status,
    cell: ({ row }) => <Status status={row.original.status} />,
  }),
])

/** The columns of a list: those that were chosen, of which two are not everywhere. */
function columnsOf(chosen: KeyColumns, ofAll: boolean, withCalls: boolean) {
  return columns.filter(({ id }) => {
    if ((id === 'organization' && !ofAll) || (id === 'calls' && !withCalls)) return false
    return id === 'name' || chosen.has(id as KeyColumn)
  })
}

/**
 * How wide each column is, and from which width of the table on it is there. Names have what is left, and where there is
 * much, what is cut elsewhere has its share.
 */
const looks: Record<string, string> = {
  name: '',
  permissions: 'hidden @2xl:table-cell w-40 @min-[66rem]:w-48 @min-[90rem]:w-88',
  created_by: 'hidden @min-[58rem]:table-cell w-30 @min-[66rem]:w-36 @min-[90rem]:w-60',
  calls: 'w-32',
  created_at: 'hidden @min-[50rem]:table-cell w-27',
  last_used_at: 'w-32',
  expires_at: 'w-29',
  status: 'w-30',
}
/** With the organization among them. */
const looksOfAll: Record<string, string> = {
  ...looks,
  organization: 'w-36 @4xl:w-44 @min-[90rem]:w-72',
  permissions: 'hidden @4xl:table-cell w-40 @min-[66rem]:w-48 @min-[90rem]:w-64',
  expires_at: 'hidden @2xl:table-cell w-29',
  created_at: 'hidden @5xl:table-cell w-27',
  created_by: 'hidden @7xl:table-cell w-36 @min-[90rem]:w-48',
}

/** Tags have room where another wide column was taken out, or the table is very wide. */
function looksOf(chosen: KeyColumns, ofAll: boolean): Record<string, string> {
  const isFull = chosen.has('permissions') && chosen.has('created_by')
  if (ofAll) return { ...looksOfAll, tags: isFull ? tagsLooks.veryWide : tagsLooks.wide }
  return { ...looks, tags: isFull ? tagsLooks.wider : tagsLooks.usual }
}
const tagsLooks = {
  usual: 'hidden @min-[50rem]:table-cell w-40 @min-[90rem]:w-60',
  wide: 'hidden @min-[62rem]:table-cell w-40 @min-[90rem]:w-60',
  wider: 'hidden @min-[74rem]:table-cell w-40 @min-[90rem]:w-60',
  veryWide: 'hidden @min-[86rem]:table-cell w-40',
} as const

/** The orders of a column, the first one first; a list by expiry has the keys that expire alone, and is not offered here. */
const sorts: Record<string, readonly KeySort[]> = {
  name: ['name'],
  created_at: ['-created_at'],
  last_used_at: ['-last_used_at', 'last_used_at'],
  expires_at: ['expires_at'],
}

interface KeyTableProps {
  caption: string
  list: EndlessList<WireKey>
  sort: KeySort
  changeSort: (sort: KeySort) => void
  /** With a column of whose the keys are. */
  ofAll: boolean
  /** The columns that the reader has chosen. */
  chosen: KeyColumns
}

export function KeyTable({ caption, list, sort, changeSort, ofAll, chosen }: KeyTableProps) {
  const { items = none, isOld } = list
  const maySeeCalls = useSession().refusal('latchkey:usage:read') === undefined
  // Where the table is wide enough for it, as below.
  const hasCalls = useMedia('(width >= 85rem)') && maySeeCalls && chosen.has('calls')
  const shown = useMemo(() => columnsOf(chosen, ofAll, hasCalls), [chosen, ofAll, hasCalls])
  const drawn = useTableRows(list)
  const first = drawn.indexes[0] ?? 0
  const end = (drawn.indexes.at(-1) ?? -1) + 1
  // The table is given what is drawn and no more: it costs the same with a hundred thousand rows.
  const data = useMemo(() => items.slice(first, end), [items, first, end])
  const table = useTable({
    features,
    columns: shown,
    data,
    getRowId: (key) => key.id,
  })
  const rows = table.getRowModel().rows
  const lookOf = useMemo(() => looksOf(chosen, ofAll), [chosen, ofAll])
  const headings = table
    .getHeaderGroups()
    .flatMap((group) => group.headers)
    .map(({ column: { id, columnDef } }) => ({
      id,
      heading: String(columnDef.header),
      look: lookOf[id] ?? '',
    }))
  return (
    <CallsOfRows keys={items} first={first} end={end} isShown={hasCalls && !isOld}>
      <ListTable
        caption={caption}
        list={list}
        drawn={drawn}
        columns={headings}
        heading={(of) => (
          <Heading key={of.id} of={of} sort={sort} changeSort={changeSort}>
            {of.id === 'name' && <SelectShownBox keys={items} />}
          </Heading>
        )}
        row={(index) => {
          const row = rows[index - first]
          return row && <KeyRow key={row.id} row={row} index={index} columns={shown} looks={lookOf} />
        }}
      />
    </CallsOfRows>
  )
}

const none: WireKey[] = []

interface HeadingProps {
  of: ListColumn
  sort: KeySort
  changeSort: (sort: KeySort) => void
  /** What stands before its text. */
  children?: ReactNode
}

function Heading({ of: { id, heading, look }, sort, changeSort, children }: HeadingProps) {
  const orders = sorts[id] ?? []
  const place = orders.indexOf(sort)
  const isSorted = place >= 0
  const isOffered = orders.length > 0 && (isSorted || id !== 'expires_at')
  const isFalling = sort.startsWith('-')
  const Arrow = !isSorted ? ArrowUpDown : isFalling ? ArrowDown : ArrowUp
  return (
    <th
      scope="col"
      aria-label={heading}
      aria-sort={isOffered ? (isSorted ? (isFalling ? 'descending' : 'ascending') : 'none') : undefined}
      className={headingLook(`py-1 ${look}`)}
    >
      {!isOffered ? (
        heading
      ) : (
        <span className="flex items-center">
          {children}
          <button
            type="button"
            className={`-mx-2 inline-flex min-h-9 items-center gap-1 whitespace-nowrap rounded px-2 hover:bg-hover hover:text-ink ${isSorted ? 'text-ink' : ''}`}
            onClick={() => changeSort(orders[(place + 1) % orders.length] as KeySort)}
          >
            {heading}
            <Arrow size={14} aria-hidden className="shrink-0" />
          </button>
        </span>
      )}
    </th>
  )
}

interface KeyRowProps {
  row: Row<typeof features, WireKey>
  index: number
  /** Which its cells are of. */
  columns: ReturnType<typeof columnsOf>
  looks: Record<string, string>
}

const KeyRow = memo(
  function KeyRow({ row, index, looks }: KeyRowProps) {
    return (
      <ListRow index={index} opens={`/keys/${row.original.id}`}>
        {row.getAllCells().map((each) => (
          <ListCell key={each.id} look={looks[each.column.id] ?? ''}>
            <FlexRender cell={each} />
          </ListCell>
        ))}
      </ListRow>
    )
  },
  (one, other) =>
    one.row.original === other.row.original &&
    one.index === other.index &&
    one.columns === other.columns &&
    one.looks === other.looks,
)
