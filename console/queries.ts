// What the console asks the API for, each under one name, so that a change renews all that shows it.
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
  call,
  getPage,
  query,
  type WireAuditEvent,
  type WireKey,
  type WireKeyDetails,
  type WireOrganization,
} from './api.ts'

const pageSize = 100

export interface KeyFilter {
  organization?: string | undefined
  q?: string | undefined
  status?: 'active' | 'expired' | 'revoked' | 'all' | undefined
  sort?: '-created_at' | '-last_used_at' | 'name' | undefined
}

/** Keys page by page, newest first unless sorted otherwise. */
export function keysQuery({ organization, q, status, sort }: KeyFilter) {
  const first = `/v1/keys${query({ organization_id: organization, q, status, sort, limit: pageSize })}`
  return listOf<WireKey>('keys', first)
}

export function organizationsQuery(filter: { q?: string | undefined }) {
  return listOf<WireOrganization>(
    'organizations',
    `/v1/organizations${query({ q: filter.q, limit: pageSize })}`,
  )
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

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ['keys', 'one', id],
    queryFn: ({ signal }) => call<WireKeyDetails>('GET', `/v1/keys/${encodeURIComponent(id)}`, { signal }),
  })
}

export function organizationQuery(id: string) {
  return queryOptions({
    queryKey: ['organizations', 'one', id],
    queryFn: ({ signal }) =>
      call<WireOrganization>('GET', `/v1/organizations/${encodeURIComponent(id)}`, { signal }),
  })
}

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

function listOf<Item>(name: string, first: string) {
  return infiniteQueryOptions({
    queryKey: [name, 'list', first],
    queryFn: ({ pageParam, signal }) => getPage<Item>(pageParam, signal),
    initialPageParam: first,
    getNextPageParam: (page) => page.next,
  })
}
