// How many rows of a list are there so far, and whether the server still looks for more.
import type { EndlessList } from '../virtual-list/endless-list.ts'
import { Searching } from './searching.tsx'

const counts = new Intl.NumberFormat()

/** `noun` is what the list is of, in the singular. */
export function Count({ list, noun }: { list: EndlessList<unknown>; noun: string }) {
  const { items, hasMore, isOld, isSearching, total } = list
  const count = items?.length ?? 0
  return (
    // As wide for each count: what stands beside it does not wrap when another one comes.
    <div className="ml-auto flex min-w-42 items-center justify-end gap-3 text-muted tabular-nums min-[100rem]:min-w-85">
      {isSearching && <Searching />}
      {/* Where there is room for it in the line of the filters. */}
      {hasMore && total && !isOld && (
        <p className="hidden min-[100rem]:block">
          {total.isMore ? 'More than ' : ''}
          {counts.format(total.count)} {noun}s
        </p>
      )}
      <p role="status">
        {/* A space that is as high as the words will be. */}
        {isOld ? 'Searching…' : items === undefined ? '\u00A0' : told(count, noun, hasMore, isSearching)}
      </p>
    </div>
  )
}

function told(count: number, noun: string, hasMore: boolean, isSearching: boolean): string {
  if (isSearching) return `${count === 0 ? 'None' : counts.format(count)} found so far. Searching…`
  if (hasMore) return `${counts.format(count)} shown, more below`
  return `${counts.format(count)} ${count === 1 ? noun : `${noun}s`}`
}
