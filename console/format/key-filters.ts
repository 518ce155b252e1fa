// What a list of keys is narrowed to by its address: as the API is asked for it, as one change of many keys names it, and as chips. Pure.
import type { KeySearch } from '../searches.ts'
import { withFilter } from './filters.ts'
import { type SelectedKeys, selectedKeys } from './key-selections.ts'

/** A filter that stands above its list. */
export interface FilterChip {
  /** What it is: `Tag`. */
  label: string
  value: string
  /** Whether the value is the id of somebody whose name is better told. */
  isSomebody?: boolean
  remove: () => void
}

/** The tags of a search. */
export function tagsOf({ tag = '' }: KeySearch): string[] {
  return tag.split(',').filter((each) => each !== '')
}

/** Who has a token in hand, or looks for those that leaked, looks for their keys whatever became of them. */
export function statusOf({ status, kid, exposed }: KeySearch): NonNullable<KeySearch['status']> {
  return status ?? (kid === undefined && exposed === undefined ? 'active' : 'all')
}

/** The filters of a search, by the names of the wire, and the order in which they find keys at once. */
function narrowed(search: KeySearch, now: number) {
  const { q, kid, permission, created_by, creator, token_seen_by, prefix, decoy, exposed, only } = search
  const selection: Partial<SelectedKeys> = only === undefined ? {} : selectedKeys(only, now)
  const { sort, ...selected } = selection
  // Nobody should use a decoy: it is not among the keys that nobody uses.
  const isOfUse = selected.never_used !== undefined || selected.unused_since !== undefined
  return {
    sort,
    filters: {
      ...{ q, tag: tagsOf(search), kid, permission, created_by, creator, token_seen_by, prefix },
      ...{ decoy: decoy ?? (isOfUse ? false : undefined), exposed, ...selected },
    },
  }
}

/** What a list is asked for, and in which order it comes. */
export function listFilter(search: KeySearch, organization: string | undefined, now: number) {
  const { sort: ownSort, filters } = narrowed(search, now)
  const sort = search.sort ?? ownSort ?? '-created_at'
  return {
    sort,
    filter: {
      organization,
      ...filters,
      breaks_policy: search.breaks_policy,
      status: search.kid === undefined ? search.status : statusOf(search),
      sort: ownSort === undefined ? search.sort : sort,
    },
  }
}

/** The keys of the whole list, as one change of them names them. */
export function bulkFilter(search: KeySearch, organization: string | undefined, now: number): object {
  const { never_used, tag, ...filters } = narrowed(search, now).filters
  return {
    organization_id: organization,
    status: statusOf(search),
    ...filters,
    ...(tag.length > 0 && { tag }),
    ...(never_used !== undefined && { never_used: true }),
  }
}

/** Changes the newest search, which may be newer than what is drawn. */
export type ChangeSearch = (edit: (now: KeySearch) => KeySearch) => void

/** The filters of a search that have no field of their own. */
export function chipsOf(search: KeySearch, change: ChangeSearch): FilterChip[] {
  const chip = (
    name: 'kid' | 'permission' | 'created_by' | 'token_seen_by',
    label: string,
    value = search[name],
  ) =>
    value === undefined
      ? []
      : [
          {
            ...{ label, value, remove: () => change((now) => withFilter(now, name, undefined)) },
            ...((name === 'created_by' || name === 'token_seen_by') && { isSomebody: true }),
          },
        ]
  return [
    ...tagsOf(search).map((tag) => ({
      label: 'Tag',
      value: tag,
      remove: () =>
        change((now) =>
          withTags(
            now,
            tagsOf(now).filter((other) => other !== tag),
          ),
        ),
    })),
    ...chip('kid', 'Token', search.kid && `${search.kid}…`),
    ...chip('permission', 'Permission'),
    ...chip('created_by', 'Created by'),
    ...(search.creator
      ? [
          {
            label: 'Creator',
            value: 'gone',
            remove: () => change((now) => withFilter(now, 'creator', undefined)),
          },
        ]
      : []),
    ...chip('token_seen_by', 'Token seen by'),
    ...(search.decoy
      ? [
          {
            label: 'Decoys',
            value: 'alone',
            remove: () => change((now) => withFilter(now, 'decoy', undefined)),
          },
        ]
      : []),
    ...(search.exposed
      ? [
          {
            label: 'Leaks',
            value: 'reported',
            remove: () => change((now) => withFilter(now, 'exposed', undefined)),
          },
        ]
      : []),
    ...(search.breaks_policy
      ? [
          {
            label: 'Policy',
            value: 'breaks a rule',
            remove: () => change((now) => withFilter(now, 'breaks_policy', undefined)),
          },
        ]
      : []),
  ]
}

export function withTags(search: KeySearch, tags: readonly string[]): KeySearch {
  return withFilter(search, 'tag', tags.length === 0 ? undefined : [...new Set(tags)].join())
}

export function withQ(search: KeySearch, typed: string): KeySearch {
  return withFilter(search, 'q', typed.trim() === '' ? undefined : typed)
}

/** A list that is narrowed comes in the order of what it is narrowed to, until another one is chosen. */
export function withOnly(search: KeySearch, only: KeySearch['only']): KeySearch {
  const others = withFilter(withFilter(search, 'only', undefined), 'sort', undefined)
  return only === undefined ? others : { ...others, only }
}
