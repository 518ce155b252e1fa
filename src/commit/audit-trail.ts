// What a change did, as its own transaction records it; see `commit.ts`.
import { type Actor, type Anonymous, callerIdOf, holdsDatabase, type ProviderActor } from '../core/actor.ts'
import { type IdSource, newId } from '../core/ids.ts'
import type { AuditAction } from '../core/shapes/audit.ts'
import { toWire } from '../core/wire.ts'
import type { AuditRow } from '../store/audit.ts'

/** What a change did, to be recorded with it. `changes` gets the wire's names. */
export interface Deed {
  action: AuditAction
  organizationId: string
  keyId?: string
  /** What the log tells of, if that is not the key: an organization, a plan, a counter of a limit. */
  subject?: string | undefined
  changes?: Record<string, unknown>
}

/** Puts a deed into the form in which it is recorded, with an id and an instant taken now: inside its transaction. */
export function toEvent(source: IdSource, actor: Actor | Anonymous | ProviderActor, deed: Deed): AuditRow {
  const isNobody = actor.type === 'anonymous' || actor.type === 'provider' || holdsDatabase(actor)
  const caller = isNobody ? undefined : actor
  return {
    id: newId(source),
    at: source.now(),
    action: deed.action,
    actor: caller === undefined ? (actor.type === 'provider' ? actor.providerId : null) : callerIdOf(caller),
    actor_type: actor.type,
    organization_id: deed.organizationId,
    key_id: deed.keyId ?? null,
    changes: JSON.stringify(toWire(deed.changes ?? {})),
    request_id: ('requestId' in actor ? actor.requestId : undefined) ?? null,
    ip: caller?.ip ?? null,
    via: caller?.type === 'user' ? caller.sessionId : null,
  }
}
