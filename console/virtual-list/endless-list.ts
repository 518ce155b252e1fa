// A list without an end: its rows so far, the next ones before one gets there, and after a reload as many as before.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Total } from '../../src/core/shapes/page.ts'
import type { ListQuery } from '../queries.ts'
import { keepRows, rowsAt } from './places.ts'

/** So many rows from the end the next page is asked for: two screens or more. */
const aheadRows = 60
const rowsOfSkeleton = 8
/** What shows at the end that there is more. */
const rowsToCome = 3

export interface EndlessList<Item> {
  /** Undefined until the first page is there. */
  items: Item[] | undefined
  /** How many rows to make room for; those past the items are still to come. */
  rows: number
  hasMore: boolean
  /** Whether the server looks on, as its pages so far do not fill the screen: short or empty ones of a long search. */
  isSearching: boolean
  /** Whether the items are those of the search before. */
  isOld: boolean
  /** How long the whole list is, as far as the server has counted it. */
  total: Total | undefined
  error: Error | null
  retry: () => void
  /** To be told the last row on the screen. */
  reach: (row: number) => void
}

/** Reads a list; `list` gives its query for as many rows as there were before. */
export function useEndlessList<Item>(list: (rowsBefore: number) => ListQuery<Item>): EndlessList<Item> {
  const router = useRouter()
  const address = list(0).initialPageParam
  // Another search is another entry of the history.
  const entry = useMemo(() => router.history.location.state.__TSR_key ?? address, [router, address])
  const rowsBefore = useMemo(() => rowsAt(entry), [entry])
  const query = useInfiniteQuery({ ...list(rowsBefore), placeholderData: keepPreviousData })
  const { data, isPlaceholderData, hasNextPage, isFetching, isError, fetchNextPage, refetch } = query
  const items = useMemo(() => data?.pages.flatMap((page) => page.items), [data])
  const loaded = isPlaceholderData ? undefined : items?.length

  const [reached, setReached] = useState(0)
  const wanted = Math.max(reached + aheadRows, rowsBefore)
  useEffect(() => {
    if (loaded !== undefined) keepRows(entry, loaded)
    if (loaded !== undefined && loaded < wanted && hasNextPage && !isFetching && !isError) {
      void fetchNextPage({ cancelRefetch: false })
    }
  }, [entry, loaded, wanted, hasNextPage, isFetching, isError, fetchNextPage])

  return {
    items,
    rows:
      items === undefined
        ? rowsBefore || rowsOfSkeleton
        : items.length + (hasNextPage ? Math.max(rowsToCome, rowsBefore - items.length) : 0),
    hasMore: hasNextPage,
    isSearching: loaded !== undefined && loaded < aheadRows && hasNextPage && !isError,
    isOld: isPlaceholderData,
    total: data?.pages[0]?.total,
    error: query.error,
    retry: () => void (query.isFetchNextPageError ? fetchNextPage() : refetch()),
    reach: useCallback((row: number) => setReached(row - (row % 20)), []),
  }
}
