// An event of the log as its reader may have it.
import type { AuditEvent } from '../../core/shapes/audit.ts'
import { type NumberedEvent, toAuditEvent } from '../../store/audit.ts'
import { withoutActor } from '../../transparency/leaf.ts'

/** An organization hears nothing of who acted from outside of it, and from where; the root organization hears all. */
export function showEvent(row: NumberedEvent, isRoot: boolean): AuditEvent {
  const event = toAuditEvent(row)
  const isForeign = row.actor !== null && row.actor_organization_id !== row.organization_id
  if (isRoot || !isForeign) return event
  const changes = withoutActor(event.changes, row.actor)
  return { ...event, changes, actor: null, actorType: 'operator', requestId: null, ip: null }
}
