// What the console asks the API for, each under one name, so that a change renews all that shows it.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
  call,
  getPage,
  getPart,
  type ListPage,
  query,
  type WireAuditEvent,
  type WireBulkResult,
  type WireCatalogueEntry,
  type WireDelivery,
  type WireKey,
  type WireKeyDetails,
  type WireKeyPermissions,
  type WireKeyPlaces,
  type WireKeyPreview,
  type WireOrganization,
  type WireOrganizationDetails,
  type WirePlan,
  type WirePlanDetails,
  type WirePrefixes,
  type WireRecipeUse,
  type WireSecret,
  type WireSession,
  type WireSignInOptions,
  type WireWebhook,
} from './api.ts'
import type { SelectedKeys } from './format/key-selections.ts'
import type { KeySearch, WebhookSearch } from './searches.ts'
import { rootOrganizationId } from './session.ts'

/** What can be chosen from a search: an id, its name, and what tells it from others of that name. */
export interface SearchOption {
  id: string
  name: string
  note: string
}

const pageSize = 100
const childrenAtOnce = 20
/** The longest page that the API gives. */
const longestPage = 1_000

interface KeyFilter extends Partial<Omit<SelectedKeys, 'sort'>> {
  organization?: string | undefined
  q?: string | undefined
  tag?: readonly string[] | undefined
  kid?: string | undefined
  permission?: string | undefined
  created_by?: string | undefined
  creator?: 'gone' | undefined
  token_seen_by?: string | undefined
  prefix?: string | undefined
  breaks_policy?: true | undefined
  status?: KeySearch['status'] | undefined
  sort?: KeySearch['sort'] | undefined
}

/** Keys page by page, newest first unless sorted otherwise; at once as many as there were before. */
export function keysQuery({ organization, breaks_policy, ...filter }: KeyFilter, rowsBefore = 0) {
  // Each key would have to be judged to be counted.
  const judged = breaks_policy ? { breaks_policy: 'true' } : { count: 'true' }
  const first = `/v1/keys${query({ organization_id: organization, ...filter, ...judged, limit: pageSize })}`
  return listOf<WireKey>('keys', first, rowsBefore)
}

/** As many keys of a selection are told beside others. */
const fewKeys = 5

/** What of a fresh server's first steps is done, in an organization or by the operator's customers. */
export function firstStepsQuery(organization: string | undefined, ownKey: string) {
  const list = (parameters: Record<string, string>, limit: number) =>
    `/v1/keys${query({ organization_id: organization, status: 'all', ...parameters, limit })}`
  return queryOptions({
    queryKey: ['keys', 'first-steps', organization ?? ''],
    queryFn: async ({ signal }) => {
      const [organizations, keys, used] = await Promise.all([
        organization === undefined
          ? getPage<WireOrganization>('/v1/organizations?limit=2', signal)
          : undefined,
        getPage<WireKey>(list({}, fewKeys), signal),
        getPage<WireKey>(list({ never_used: 'false', sort: '-last_used_at' }, fewKeys), signal),
      ])
      // The operator's own keys are there from the beginning, and so is the one that is signed in.
      const counts = ({ id, organization_id: owner }: WireKey) =>
        organization === undefined ? owner !== rootOrganizationId : id !== ownKey
      const first = organizations?.items.find(({ id }) => id !== rootOrganizationId)
      return {
        hasOrganization: organization !== undefined || first !== undefined,
        /** One to make a key for. */
        organization: organization ?? first?.id,
        hasKey: keys.items.some(counts),
        isVerified: used.items.some(counts),
      }
    },
  })
}

export function organizationsQuery(filter: { q?: string | undefined }, rowsBefore = 0) {
  const first = `/v1/organizations${query({ q: filter.q, limit: pageSize })}`
  return listOf<WireOrganization>('organizations', first, rowsBefore)
}

export interface AuditFilter {
  organization?: string | undefined
  key?: string | undefined
  actor?: string | undefined
  action?: string | undefined
  /** RFC 3339; `since` itself is included, `until` is not. */
  since?: string | undefined
  until?: string | undefined
}

/** The parameters of the audit log's calls for a filter. */
export function auditParameters({ organization, key, actor, action, since, until }: AuditFilter) {
  return { organization_id: organization, key_id: key, actor, action, since, until }
}

export function auditQuery(filter: AuditFilter, limit = pageSize) {
  return listOf<WireAuditEvent>('audit-log', `/v1/audit-log${query({ ...auditParameters(filter), limit })}`)
}

/** A key with its newest secrets; `olderSecrets` is the address of those after them, undefined if there are none. */
export interface KeyWithSecrets extends WireKeyDetails {
  olderSecrets: string | undefined
}

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ['keys', 'one', id],
    queryFn: async ({ signal }): Promise<KeyWithSecrets> => {
      const { answer, next } = await getPart<WireKeyDetails>(`/v1/keys/${encodeURIComponent(id)}`, signal)
      return { ...answer, olderSecrets: next }
    },
  })
}

/** Which permissions of a key its calls need. */
export function neededPermissionsQuery(id: string) {
  return queryOptions({
    queryKey: ['keys', 'permissions', id],
    queryFn: ({ signal }) =>
      call<WireKeyPermissions>('GET', `/v1/keys/${encodeURIComponent(id)}/permissions`, { signal }),
  })
}

/** The children of a key page by page, newest first, ended ones included. */
export function childrenQuery(id: string) {
  return listOf<WireKey>(
    'keys',
    `/v1/keys/${encodeURIComponent(id)}/children${query({ limit: childrenAtOnce })}`,
  )
}

/** From where a key is called. */
export function placesQuery(id: string) {
  return queryOptions({
    queryKey: ['keys', 'places', id],
    queryFn: ({ signal }) =>
      call<WireKeyPlaces>('GET', `/v1/keys/${encodeURIComponent(id)}/places`, { signal }),
  })
}

/** Which calls a change of a key would have refused: asked anew each time. */
export function previewQuery(id: string, change: object | undefined) {
  return queryOptions({
    queryKey: ['key-preview', id, change],
    queryFn: ({ signal }) =>
      call<WireKeyPreview>('POST', `/v1/keys/${encodeURIComponent(id)}/preview`, { body: change, signal }),
    gcTime: 0,
    retry: false,
  })
}

/** What a change of many keys would come to: asked anew each time, and never by itself, since it looks at each key. */
export function dryRunQuery(change: object | undefined) {
  return queryOptions({
    queryKey: ['keys-dry-run', change],
    queryFn: ({ signal }) =>
      call<WireBulkResult>('POST', '/v1/keys/bulk', { body: { ...change, dry_run: true }, signal }),
    enabled: change !== undefined,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
}

/** The older secrets of a key, page by page from an address on. All of them have ended: they stay as they are. */
export function olderSecretsQuery(first: string) {
  return infiniteQueryOptions({
    queryKey: ['older-secrets', first],
    queryFn: async ({ pageParam, signal }): Promise<ListPage<WireSecret>> => {
      const { answer, next } = await getPart<WireKeyDetails>(pageParam, signal)
      return { items: answer.secrets, next }
    },
    initialPageParam: first,
    getNextPageParam: ({ next }) => next,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function organizationQuery(id: string) {
  return queryOptions({
    queryKey: ['organizations', 'one', id],
    queryFn: ({ signal }) =>
      call<WireOrganizationDetails>('GET', `/v1/organizations/${encodeURIComponent(id)}`, { signal }),
  })
}

/** Plans page by page, by their names. */
export function plansQuery(rowsBefore = 0) {
  return listOf<WirePlan>('plans', `/v1/plans${query({ limit: pageSize })}`, rowsBefore)
}

/** A plan with the number of its organizations, as it is now. */
export function planQuery(name: string) {
  return queryOptions({
    queryKey: ['plans', 'one', name],
    queryFn: ({ signal }) =>
      call<WirePlanDetails>('GET', `/v1/plans/${encodeURIComponent(name)}`, { signal }),
    staleTime: 0,
  })
}

/** How often what changes by itself is asked for anew, while it is looked at. */
const renewMs = 5_000

/** Webhooks page by page, the oldest first. */
export function webhooksQuery(organization: string | undefined, rowsBefore = 0) {
  const first = `/v1/webhooks${query({ organization_id: organization, limit: pageSize })}`
  return listOf<WireWebhook>('webhooks', first, rowsBefore)
}

export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: ['webhooks', 'one', id],
    queryFn: ({ signal }) => call<WireWebhook>('GET', `/v1/webhooks/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: renewMs,
  })
}

/** What became of the events of a webhook, page by page, the newest event first. */
export function deliveriesQuery(id: string, state: WebhookSearch['state'], limit: number) {
  const path = `/v1/webhooks/${encodeURIComponent(id)}/deliveries`
  return listOf<WireDelivery>('deliveries', `${path}${query({ state, limit })}`)
}

/** The plans to choose from: as many as one page holds. */
export const planChoicesQuery = queryOptions({
  queryKey: ['plans', 'choices'],
  queryFn: async ({ signal }) => (await getPage<WirePlan>(`/v1/plans?limit=${longestPage}`, signal)).items,
})

/** The names of the newest organizations, by id: nearly always all of them. */
export const organizationDirectoryQuery = queryOptions({
  queryKey: ['organizations', 'directory'],
  queryFn: async ({ signal }) => {
    const { items } = await getPage<WireOrganization>(`/v1/organizations?limit=${longestPage}`, signal)
    return new Map(items.map(({ id, name }) => [id, name]))
  },
  structuralSharing: false,
})

/** A permission that keys hold, and how many of the newest do. */
export interface PermissionInUse {
  permission: string
  keys: number
}

export function permissionsQuery(organization: string | undefined) {
  const path = `/v1/keys/permissions${query({ organization_id: organization })}`
  return queryOptions({
    queryKey: ['keys', 'permissions', path],
    queryFn: ({ signal }) => call<PermissionInUse[]>('GET', path, { signal }),
    staleTime: 60_000,
  })
}

/** What the tokens of new keys may begin with, the default first. */
export function prefixesQuery() {
  return queryOptions({
    queryKey: ['keys', 'prefixes'],
    queryFn: async ({ signal }) => (await call<WirePrefixes>('GET', '/v1/prefixes', { signal })).prefixes,
    staleTime: 60_000,
  })
}

/** In which ways imported tokens are found, and how many by each; for the operator alone. */
export function recipesQuery() {
  return queryOptions({
    queryKey: ['keys', 'recipes'],
    queryFn: ({ signal }) => call<WireRecipeUse[]>('GET', '/v1/keys/recipes', { signal }),
  })
}

/** What the operator says of the permissions that its API knows. */
export function catalogueQuery() {
  return queryOptions({
    queryKey: ['keys', 'catalogue'],
    queryFn: ({ signal }) => call<WireCatalogueEntry[]>('GET', '/v1/permissions', { signal }),
    staleTime: 60_000,
  })
}

/** How people sign in. */
export const signInQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: ({ signal }) => call<WireSignInOptions>('GET', '/v1/sign-in', { signal }),
})

/** Which version the server is. */
export const versionQuery = queryOptions({
  queryKey: ['version'],
  queryFn: async ({ signal }) =>
    (await call<{ info: { version: string } }>('GET', '/openapi.json', { signal })).info.version,
  staleTime: Number.POSITIVE_INFINITY,
})

/** The sessions of who is signed in. */
export function sessionsQuery() {
  return queryOptions({
    queryKey: ['sessions', 'list'],
    queryFn: ({ signal }) => call<WireSession[]>('GET', '/v1/sessions', { signal }),
  })
}

const mostChoices = 10
/** A search that has found nothing looks on; so many pages at most. */
const mostPages = 20

/** Keys of every status with a text in their names, newest first, to choose from. */
export function findKeys(q: string, organization: string | undefined, signal: AbortSignal) {
  const first = `/v1/keys${query({ q, organization_id: organization, status: 'all', limit: mostChoices })}`
  return findSome<WireKey, SearchOption>(first, signal, ({ id, name, hint, organization_id }) => ({
    id,
    name,
    note: `${hint} · ${organization_id}`,
  }))
}

/** Organizations with a text in their names or ids, to choose from. */
export function findOrganizations(q: string, signal: AbortSignal) {
  const first = `/v1/organizations${query({ q, limit: mostChoices })}`
  return findSome<WireOrganization, SearchOption>(first, signal, ({ id, name }) => ({ id, name, note: id }))
}

async function findSome<Item, Option>(
  first: string,
  signal: AbortSignal,
  toOption: (item: Item) => Option,
): Promise<Option[]> {
  let next: string | undefined = first
  for (let pages = 0; next !== undefined && pages < mostPages; pages++) {
    const page: ListPage<Item> = await getPage<Item>(next, signal)
    if (page.items.length > 0) return page.items.map(toOption)
    next = page.next
  }
  return []
}

/** A list, page by page. */
export type ListQuery<Item> = ReturnType<typeof listOf<Item>>

export function listOf<Item>(name: string, first: string, rowsBefore = 0) {
  return infiniteQueryOptions({
    queryKey: [name, 'list', first],
    queryFn: ({ pageParam, signal }) => getPage<Item>(pageParam, signal),
    initialPageParam: rowsBefore > pageSize ? withLimit(first, rowsBefore) : first,
    getNextPageParam: ({ next }, pages) => {
      if (next === undefined) return undefined
      const rows = pages.reduce((sum, page) => sum + page.items.length, 0)
      // A list that has grown long goes on in long pages: to renew it takes few calls then.
      return rows >= longestPage || rows < rowsBefore ? withLimit(next, longestPage) : next
    },
    // Comparing every row of a long list with what it was would hold the page up.
    structuralSharing: false,
  })
}

function withLimit(address: string, rows: number): string {
  const [path, parameters] = address.split('?')
  const given = new URLSearchParams(parameters)
  given.set('limit', String(Math.min(rows, longestPage)))
  return `${path}?${given}`
}
