// The table of audit events. Rows are only ever added.
import type { Selectable } from 'kysely'
import type { AuditAction, AuditEvent } from '../schemas.ts'
import { cutPage, fromCursor } from './pages.ts'
import type { AuditEventsTable, Db, Tx } from './tables.ts'

export type AuditRow = Selectable<AuditEventsTable>

export async function insertAuditEvents(tx: Tx, rows: readonly AuditRow[]): Promise<void> {
  await tx.insertInto('audit_events').values(rows).execute()
}

/** Lists events, newest first: their ids are UUIDv7 and so in the order of time. */
export async function listAuditEvents(
  db: Db,
  query: {
    scope: string | undefined
    keyId: string | undefined
    action: AuditAction | undefined
    limit: number
    after: string | undefined
  },
): Promise<{ rows: AuditRow[]; next: string | undefined }> {
  const after = fromCursor(query.after, 'audit', 'string')
  const rows = await db
    .selectFrom('audit_events')
    .selectAll()
    .$if(query.scope !== undefined, (q) => q.where('organization_id', '=', query.scope as string))
    .$if(query.keyId !== undefined, (q) => q.where('key_id', '=', query.keyId as string))
    .$if(query.action !== undefined, (q) => q.where('action', '=', query.action as string))
    .$if(after !== undefined, (q) => q.where('id', '<', after?.[1] as string))
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  return cutPage(rows, query.limit, 'audit', (row) => [row.id, row.id])
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
