// What wants attention, as numbers. Behind each stands the list of keys that the same filter narrows.
import { queryOptions } from '@tanstack/react-query'
import { getPage, query, type WireKey } from './api.ts'
import { listFilter } from './format/key-filters.ts'
import type { KeySearch } from './searches.ts'

/** How many keys a search finds, up to 10,000; in an organization, or in all. */
export function keyCountQuery(search: KeySearch, organization: string | undefined, now: number) {
  const { organization: of, ...filter } = listFilter(search, organization, now).filter
  const { breaks_policy: _, exposed, decoy, ...rest } = filter
  const asked = {
    ...{ organization_id: of, ...rest, ...(exposed && { exposed: 'true' }) },
    ...(decoy !== undefined && { decoy: String(decoy) }),
    ...{ count: 'true', limit: 1 },
  }
  const path = `/v1/keys${query(asked)}`
  return queryOptions({
    queryKey: ['keys', 'count', path],
    queryFn: async ({ signal }) => {
      const { items, total } = await getPage<WireKey>(path, signal)
      return { count: total?.count ?? items.length, isMore: total?.isMore ?? false }
    },
  })
}
