// An event of the log as its reader may have it.
import type { AuditEvent } from '../../core/shapes/audit.ts'
import { toAuditEvent } from '../../store/audit.ts'
import type { SealedRow } from '../../store/events.ts'

/** An organization hears nothing of who acted from outside of it, and from where; the root organization hears all. */
export function showEvent(row: SealedRow, isRoot: boolean): AuditEvent {
  const event = toAuditEvent(row)
  const isForeign = row.actor !== null && row.actor_organization_id !== row.organization_id
  if (isRoot || !isForeign) return event
  return { ...event, actor: null, actorType: 'operator', requestId: null, ip: null }
}
