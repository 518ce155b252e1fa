// The plans, page by page.
import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query'
import type { ListPage, WirePlan } from '../../api.ts'
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

/** The pages with a plan as it is now, where it is among them. */
export function withPlan<Pages extends InfiniteData<ListPage<WirePlan>, unknown>>(
  list: Pages,
  changed: WirePlan,
): Pages {
  const pages = list.pages.map(({ items, next }) => ({
    items: items.map((plan) => (plan.name === changed.name ? changed : plan)),
    next,
  }))
  return { ...list, pages }
}
