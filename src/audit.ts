// Who did what: each change records its event in its own transaction; see `commit.ts`.
import { narrowScope, turnOf, unknownOrganization } from './authority.ts'
import { type Engine, newId } from './engine.ts'
import { readPage } from './listing.ts'
import {
  type AuditAction,
  type AuditEvent,
  type Caller,
  type ListAuditInput,
  listAuditSchema,
  type Page,
  parseInput,
  type ReadOptions,
} from './schemas.ts'
import { type AuditRow, readAuditSlice, toAuditEvent } from './store/audit.ts'
import { findOrganization } from './store/organizations.ts'
import { toWire } from './wire.ts'

/** What a change did, to be recorded with it. `changes` gets the wire's names. */
export interface Deed {
  action: AuditAction
  organizationId: string
  keyId?: string
  changes?: Record<string, unknown>
}

/** Puts a deed into the form in which it is recorded. */
export function toEvent(
  clock: Pick<Engine, 'now' | 'random'>,
  caller: Caller | undefined,
  deed: Deed,
): AuditRow {
  return {
    id: newId(clock),
    at: clock.now(),
    action: deed.action,
    actor: caller?.keyId ?? null,
    organization_id: deed.organizationId,
    key_id: deed.keyId ?? null,
    changes: JSON.stringify(toWire(deed.changes ?? {})),
    request_id: caller?.requestId ?? null,
    ip: caller?.ip ?? null,
  }
}

/** Lists events, newest first. Throws `invalid_input`, `organization_not_found`, `too_many_reads`, `store_unavailable`. */
export async function listAudit(
  engine: Engine,
  input: ListAuditInput = {},
  caller?: Caller,
  options?: ReadOptions,
): Promise<Page<AuditEvent>> {
  const { organizationId, keyId, actor, action, limit, after, ...range } = parseInput(listAuditSchema, input)
  const scope = narrowScope(caller, organizationId)
  const turn = turnOf(caller, options)
  if (organizationId !== undefined) {
    if (!(await engine.store.read((db) => findOrganization(db, organizationId), turn)))
      throw unknownOrganization()
  }
  const [since, until] = [range.since?.getTime(), range.until?.getTime()]
  return readPage(
    engine,
    {
      name: 'audit',
      type: 'string',
      limit,
      after,
      turn,
      read: (db, position, bounds) =>
        readAuditSlice(db, { scope, keyId, actor, action, since, until, after: position }, bounds),
    },
    toAuditEvent,
  )
}
