// The table of audit events. Rows are only ever added.
import { type Selectable, sql } from 'kysely'
import type { AuditAction, AuditEvent } from '../schemas.ts'
import { cutPage, fromCursor } from './pages.ts'
import type { AuditEventsTable, Db, Tx } from './tables.ts'

export type AuditRow = Selectable<AuditEventsTable>

export async function insertAuditEvents(tx: Tx, rows: readonly AuditRow[]): Promise<void> {
  await tx.insertInto('audit_events').values(rows).execute()
}

/** What a list of events is asked for; see `listAuditSchema`. Instants are milliseconds. */
export interface AuditQuery {
  scope: string | undefined
  keyId: string | undefined
  actor: string | undefined
  action: AuditAction | undefined
  since: number | undefined
  until: number | undefined
  limit: number
  after: string | undefined
}

/** Lists events, newest first: their ids are UUIDv7 and so in the order of time. */
export async function listAuditEvents(
  db: Db,
  query: AuditQuery,
): Promise<{ rows: AuditRow[]; next: string | undefined }> {
  const { scope, keyId, actor, action, since, until, limit } = query
  const after = fromCursor(query.after, 'audit', 'string')?.[1]
  const from = since === undefined ? undefined : idAt(since - idSlackMs)
  const to = until === undefined ? undefined : idAt(until + idSlackMs)
  const before = after === undefined || (to !== undefined && to < after) ? to : after
  // One key's events are few: its index is the one to read, not that of a whole organization.
  const column = (name: 'organization_id' | 'actor' | 'action', isFewer: boolean) =>
    isFewer ? sql<string>`${sql.ref(name)} || ''` : sql.ref<string>(name)
  const ofKey = keyId !== undefined
  const ofFew = ofKey || actor !== undefined
  const rows = await db
    .selectFrom('audit_events')
    .selectAll()
    .$if(ofKey, (q) => q.where('key_id', '=', keyId as string))
    .$if(actor !== undefined, (q) => q.where(column('actor', ofKey), '=', actor as string))
    .$if(scope !== undefined, (q) => q.where(column('organization_id', ofFew), '=', scope as string))
    .$if(action !== undefined, (q) => q.where(column('action', ofFew), '=', action as string))
    .$if(since !== undefined, (q) => q.where('at', '>=', since as number))
    .$if(until !== undefined, (q) => q.where('at', '<', until as number))
    .$if(from !== undefined, (q) => q.where('id', '>=', from as string))
    .$if(before !== undefined, (q) => q.where('id', '<', before as string))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return cutPage(rows, limit, 'audit', (row) => [row.id, row.id])
}

/** An event's id was made a moment before its instant was taken: by then the clock may have been set. */
const idSlackMs = 1000

/** The text with which every UUIDv7 (RFC 9562, section 5.7) of an instant begins, and before which no later one is. */
function idAt(instant: number): string {
  const hex = Math.max(0, instant).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

export function toAuditEvent(row: AuditRow): AuditEvent {
  return {
    id: row.id,
    at: new Date(row.at),
    action: row.action as AuditAction,
    actor: row.actor,
    organizationId: row.organization_id,
    keyId: row.key_id,
    changes: JSON.parse(row.changes),
    requestId: row.request_id,
    ip: row.ip,
  }
}
