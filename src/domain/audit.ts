// Who did what: the audit log as it is read. `commit/audit-trail.ts` writes it.
import { narrowScope, unknownOrganization } from '../core/access.ts'
import {
  type AuditEvent,
  type Caller,
  type ListAuditInput,
  listAuditSchema,
  type Page,
  parseInput,
  type ReadOptions,
} from '../core/schemas.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import { readAuditSlice, toAuditEvent } from '../store/audit.ts'
import { findOrganization } from '../store/organizations.ts'
import type { Engine } from './engine.ts'
import { readPage } from './listing.ts'

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
