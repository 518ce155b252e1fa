// Who did what, as lists have it. `commit/audit-trail.ts` writes it.
import { narrowScope, scopeOf } from '../../core/access.ts'
import { parseInput } from '../../core/input.ts'
import { type AuditEvent, type ListAuditInput, listAuditSchema } from '../../core/shapes/audit.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { readAuditSlice } from '../../store/audit.ts'
import { findKey } from '../../store/keys.ts'
import { findMember } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readPage } from '../listing.ts'
import { showEvent } from './shown.ts'

/** Lists events, newest first. Throws `invalid_input`, `organization_not_found`, `too_many_reads`, `store_unavailable`. */
export async function listAudit(
  engine: Engine,
  input: ListAuditInput = {},
  options: CommandOptions = {},
): Promise<Page<AuditEvent>> {
  const { organizationId, keyId, actor, action, limit, after, ...range } = parseInput(listAuditSchema, input)
  const by = actorOf(options)
  const scope = narrowScope(by, organizationId)
  const turn = turnOf(by, options)
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turn)
  const [since, until] = [range.since?.getTime(), range.until?.getTime()]
  const isRoot = scopeOf(by) === undefined
  // Which events were caused from outside is not to be found out by asking for each that it may have been.
  const findOwn = (id: string) =>
    engine.store.read(async (db) => (await findKey(db, id, scope)) ?? findMember(db, id, scope), turn)
  // A user acts for the organization itself, and may have the id of anybody outside.
  const onlyUser = !isRoot && actor !== undefined && (await findOwn(actor)) === undefined
  return readPage(
    engine,
    {
      name: 'audit',
      type: 'string',
      limit,
      after,
      turn,
      read: (db, position, bounds) =>
        readAuditSlice(db, { scope, keyId, actor, onlyUser, action, since, until, after: position }, bounds),
    },
    (row) => showEvent(row, isRoot),
  )
}
