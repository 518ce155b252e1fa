// The table of a list without an end, of which only the rows on the screen are there.
import type { ReactNode } from 'react'
import type { EndlessList } from '../virtual-list/endless-list.ts'
import { useVirtualRows, type VirtualRows } from '../virtual-list/virtual-rows.ts'
import { useRowClicks } from './row-clicks.ts'

/** Two lines of text, and a little. */
const rowRem = 3

/** Which rows are drawn. */
export function useTableRows({ rows, reach }: EndlessList<unknown>): VirtualRows<HTMLTableSectionElement> {
  return useVirtualRows(rows, rowRem, reach)
}

export interface ListColumn {
  id: string
  heading: string
  /** How wide it is, and from which width of the table on it is there. */
  look: string
}

interface ListTableProps {
  caption: string
  list: EndlessList<unknown>
  drawn: VirtualRows<HTMLTableSectionElement>
  /** The first one has what width is left. */
  columns: readonly ListColumn[]
  /** Its `<th>`, if that is more than its text. */
  heading?: (column: ListColumn) => ReactNode
  /** A `ListRow` under a key; undefined while it is still to come. */
  row: (index: number) => ReactNode
}

export function ListTable({ caption, list, drawn, columns, heading = plainHeading, row }: ListTableProps) {
  const { items, hasMore, isOld } = list
  const { box, indexes, before, after } = drawn
  useRowClicks(box)
  return (
    <table
      className="w-full table-fixed border-separate border-spacing-0"
      aria-rowcount={hasMore ? -1 : (items?.length ?? 0) + 1}
      aria-busy={isOld || items === undefined}
    >
      <caption className="sr-only">{caption}</caption>
      <thead>
        <tr aria-rowindex={1}>{columns.map(heading)}</tr>
      </thead>
      <tbody ref={box} className={`[overflow-anchor:none] ${isOld ? 'opacity-60' : ''}`}>
        {before > 0 && <tr aria-hidden style={{ height: before }} />}
        {indexes.map((index) => row(index) ?? <SkeletonRow key={index} columns={columns} />)}
        {after > 0 && <tr aria-hidden style={{ height: after }} />}
      </tbody>
    </table>
  )
}

/** How the `<th>` of a column looks. */
export function headingLook(look: string): string {
  return `sticky top-0 z-10 h-11 border-b border-line bg-surface px-2 text-left font-medium text-muted first:rounded-tl-lg first:pl-4 last:rounded-tr-lg last:pr-4 ${look}`
}

function plainHeading({ id, heading, look }: ListColumn): ReactNode {
  return (
    <th key={id} scope="col" className={headingLook(look)}>
      {heading}
    </th>
  )
}

interface ListRowProps {
  index: number
  /** The page that it opens wherever it is pressed. */
  opens: string
  /** A `ListCell` for each column. */
  children: ReactNode
}

export function ListRow({ index, opens, children }: ListRowProps) {
  return (
    <tr
      aria-rowindex={index + 2}
      data-opens={opens}
      className="cursor-pointer hover:bg-hover [&:last-child>td]:border-b-0"
    >
      {children}
    </tr>
  )
}

export function ListCell({ look, children }: { look: string; children: ReactNode }) {
  return (
    <td className={`h-12 overflow-hidden border-b border-line px-2 py-0 first:pl-4 last:pr-4 ${look}`}>
      {children}
    </td>
  )
}

function SkeletonRow({ columns }: { columns: readonly ListColumn[] }) {
  return (
    <tr aria-hidden>
      {columns.map(({ id, look }, place) => (
        <ListCell key={id} look={look}>
          <span className={`block h-4 animate-pulse rounded bg-line ${place === 0 ? 'w-40' : 'w-16'}`} />
        </ListCell>
      ))}
    </tr>
  )
}
