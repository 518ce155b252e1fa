// The plans, page by page.
import { useInfiniteQuery } from '@tanstack/react-query'
import type { WirePlan } from '../../api.ts'
import { plansQuery } from '../../queries.ts'

interface PlanList {
  /** Undefined until the first page is there. */
  items: WirePlan[] | undefined
  error: Error | null
  isPending: boolean
  retry: () => void
  /** Undefined if all are there. */
  more: { isBusy: boolean; read: () => void } | undefined
}

export function usePlans(): PlanList {
  const list = useInfiniteQuery(plansQuery())
  return {
    items: list.data?.pages.flatMap(({ items }) => items),
    error: list.error,
    isPending: list.isPending,
    retry: () => void list.refetch(),
    more: list.hasNextPage
      ? { isBusy: list.isFetchingNextPage, read: () => void list.fetchNextPage({ cancelRefetch: false }) }
      : undefined,
  }
}
