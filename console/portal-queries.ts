// What the console asks the API for about customer pages: the sessions that users have there.
import { query, type WirePortalSession } from './api.ts'
import { listOf } from './queries.ts'

const pageSize = 100

/** The portal sessions of an organization page by page, newest first, with those that ended. */
export function portalSessionsQuery(organization: string) {
  const first = `/v1/portal-sessions${query({ organization_id: organization, limit: pageSize })}`
  return listOf<WirePortalSession>('portal-sessions', first)
}
