// The sealed log as it is read: in its order, from any number on.
import type { Selectable } from 'kysely'
import { type EventOfLog, ownOrganizationOfUser } from './audit.ts'
import type { StoreDialect } from './backend.ts'
import { givenTexts } from './given-rows.ts'
import type { AuditLogTable } from './log-tables.ts'
import { wholeLog } from './sealed-log.ts'
import type { Db } from './tables.ts'

/** A sealed event, with what is told of it elsewhere. */
export interface SealedRow extends EventOfLog {
  position: number
  sequence: number
  leaf: string
  details_salt: string | null
  origin_salt: string | null
}

/** Where a reader goes on, and what it reads. */
export interface LogQuery {
  /** The organization; {@link wholeLog} for the log of all. */
  log: string
  /** Only events with higher numbers. */
  after: number
  limit: number
  /** Also those that were cut, of which only the hash is left. */
  withCut?: true
}

/**
 * Reads the next events of a log, whose numbers have no gap: the one reader of all that follows it. `orElse` tells of an event
 * whose row is not there: only a cut deletes one, so it throws TypeError if absent.
 */
export async function readSealed(
  db: Db,
  { log, after, limit, withCut }: LogQuery,
  orElse: (id: string) => EventOfLog = notThere,
): Promise<SealedRow[]> {
  const number = log === wholeLog ? 'position' : 'sequence'
  const rows = await db
    .selectFrom('audit_log')
    .selectAll()
    .$if(log !== wholeLog, (query) => query.where('organization_id', '=', log))
    .where(number, '>', after)
    .$if(withCut === undefined, (query) =>
      query.where(number, '>', (eb) => eb.selectFrom('audit_heads').select('cut').where('log', '=', log)),
    )
    .orderBy(number)
    .limit(limit)
    .execute()
  const events = await readEvents(
    db,
    rows.map(({ event_id }) => event_id),
  )
  return rows.map((row) => toSealedRow(row, events.get(row.event_id) ?? orElse(row.event_id)))
}

/** Reads events of the sealed log by their ids, in the order of these. Throws TypeError for one that is not there. */
export async function readSealedByIds(
  db: Db,
  dialect: StoreDialect,
  ids: readonly string[],
): Promise<SealedRow[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('audit_log')
    .selectAll()
    .where('event_id', 'in', givenTexts(dialect, ids))
    .execute()
  const places = new Map(rows.map((row) => [row.event_id, row]))
  const events = await readEvents(db, ids)
  return ids.map((id) => toSealedRow(places.get(id) ?? notThere(), events.get(id) ?? notThere()))
}

function notThere(): never {
  throw new TypeError('An event that is sealed is not there.')
}

async function readEvents(db: Db, ids: readonly string[]): Promise<Map<string, EventOfLog>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('audit_events')
    .leftJoin('keys', 'keys.id', 'audit_events.actor')
    .leftJoin('members', 'members.id', 'audit_events.actor')
    .selectAll('audit_events')
    .select(({ fn }) =>
      fn
        .coalesce(ownOrganizationOfUser('audit_events'), 'keys.organization_id', 'members.organization_id')
        .as('actor_organization_id'),
    )
    .where('audit_events.id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

function toSealedRow(row: Selectable<AuditLogTable>, event: EventOfLog): SealedRow {
  const { position, sequence, leaf, details_salt, origin_salt } = row
  return { ...event, position, sequence, leaf, details_salt, origin_salt }
}
