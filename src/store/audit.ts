// The table of audit events. Rows are only ever added; what they tell may be erased.
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { ActorType } from '../core/actor.ts'
import type { AuditAction, AuditEvent } from '../core/shapes/audit.ts'
import type { StoreDialect } from './backend.ts'
import { bytesOf, bytesSoFar, type Position, type Slice, type SliceBounds, toSlice } from './cursors.ts'
import { keepInsert } from './given-rows.ts'
import { keep } from './kept-statements.ts'
import type { AuditEventsTable, Db, Tx } from './tables.ts'

export type AuditRow = Selectable<AuditEventsTable>
/** The row of an event, and the organization of the key or member that made the change; null if it was none. */
export type EventOfLog = AuditRow & { actor_organization_id: string | null }
/** The same with its number in the log of its organization; null while it is not sealed. */
export type NumberedEvent = EventOfLog & { sequence: number | null }

const eventColumns = {
  id: 'text',
  at: 'whole',
  action: 'text',
  actor: 'text',
  actor_type: 'text',
  organization_id: 'text',
  key_id: 'text',
  changes: 'text',
  request_id: 'text',
  ip: 'text',
  via: 'text',
} as const satisfies Record<keyof AuditRow, 'text' | 'whole'>

const insertEvents = keepInsert('audit_events', eventColumns)

export async function insertAuditEvents(
  tx: Tx,
  dialect: StoreDialect,
  rows: readonly AuditRow[],
): Promise<void> {
  await insertEvents(tx, dialect, rows)
}

/** What a list of events is asked for; see `listAuditSchema`. Instants are milliseconds. */
export interface AuditQuery {
  scope: string | undefined
  keyId: string | undefined
  actor: string | undefined
  /** Whether the actor is a user alone, and no key or member of its id. */
  onlyUser?: boolean
  action: AuditAction | undefined
  since: number | undefined
  until: number | undefined
  after: Position | undefined
}

/**
 * Reads the next events of a list, newest first, by statements whose cost is bounded however few events fit: their
 * ids are UUIDv7 and so in the order of time.
 */
export async function readAuditSlice(
  db: Db,
  query: AuditQuery,
  bounds: SliceBounds,
): Promise<Slice<NumberedEvent>> {
  const filters = filtersOf(query)
  const upTo = filters.length > 1 ? await findWindowEnd(db, query, bounds.window) : undefined
  const rows = await db
    .selectFrom(
      eventsAfter(db, query)
        .$if(upTo !== undefined, (q) => q.where('id', '>=', upTo as string))
        // Not by their own indexes: that of the first filter is the one to read, in which the window was found.
        .$if(filters.length > 1, (q) =>
          q.where((eb) =>
            eb.and(
              filters
                .slice(1)
                .map(([column, value]) => eb(sql<string>`${sql.ref(column)} || ''`, '=', value)),
            ),
          ),
        )
        .$if(query.onlyUser === true, (q) => q.where('actor_type', '=', 'user'))
        .$if(query.since !== undefined, (q) => q.where('at', '>=', query.since as number))
        .$if(query.until !== undefined, (q) => q.where('at', '<', query.until as number))
        .selectAll()
        .select(bytesSoFar(newestFirst, longColumns).as('bytes'))
        .orderBy('id', 'desc')
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    // By row, so that they stay in their order.
    .select((eb) =>
      eb.fn
        .coalesce(
          ownOrganizationOfUser('slice'),
          eb.selectFrom('keys').select('keys.organization_id').whereRef('keys.id', '=', 'slice.actor'),
          eb
            .selectFrom('members')
            .select('members.organization_id')
            .whereRef('members.id', '=', 'slice.actor'),
        )
        .as('actor_organization_id'),
    )
    .select((eb) =>
      eb
        .selectFrom('audit_log')
        .select('audit_log.sequence')
        .whereRef('audit_log.event_id', '=', 'slice.id')
        .as('sequence'),
    )
    .where((eb) => eb(eb('bytes', '-', bytesOf(longColumns)), '<', bounds.maxBytes))
    .execute()
  const end = upTo === undefined ? undefined : ([upTo, upTo] as const)
  return toSlice(rows, bounds, end, (row) => [row.id, row.id])
}

/** The organization of an event that a user has made, in SQL; null of any other: it acts for that one alone, and its id is no id of ours. */
export function ownOrganizationOfUser(table: string): RawBuilder<string | null> {
  return sql`case when ${sql.ref(`${table}.actor_type`)} = 'user' then ${sql.ref(`${table}.organization_id`)} end`
}

const newestFirst = { column: 'id', direction: 'desc' } as const
const longColumns = ['changes']

/** What an event must have, beginning with that which the fewest have: one key's events are few. */
function filtersOf({ keyId, actor, onlyUser, scope, action }: AuditQuery) {
  const byActor = ['actor', actor] as const
  const ofScope = ['organization_id', scope] as const
  // How much others of a user's id have done is not to be found out by how long a search takes.
  const narrowest = onlyUser === true ? [ofScope, byActor] : [byActor, ofScope]
  const filters = [['key_id', keyId] as const, ...narrowest, ['action', action] as const]
  return filters.flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const]))
}

async function findWindowEnd(db: Db, query: AuditQuery, window: number): Promise<string | undefined> {
  const row = await eventsAfter(db, query)
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(window - 1)
    .executeTakeFirst()
  return row?.id
}

/** The events that have what the first filter wants, from the position on, in the range of time. */
function eventsAfter(db: Db, query: AuditQuery) {
  const { since, until, after } = query
  const first = filtersOf(query)[0]
  const from = since === undefined ? undefined : idAt(since - idSlackMs)
  const to = until === undefined ? undefined : idAt(until + idSlackMs)
  const last = after?.[1]
  const before = last === undefined || (to !== undefined && to < last) ? to : last
  return db
    .selectFrom('audit_events')
    .$if(first !== undefined, (q) => q.where(first?.[0] as 'action', '=', first?.[1] as string))
    .$if(from !== undefined, (q) => q.where('id', '>=', from as string))
    .$if(before !== undefined, (q) => q.where('id', '<', before as string))
}

/**
 * When a key signed in, or did so again, in the time from `since` to `now`: the newest so many, in milliseconds since
 * 1970. Reads what was done to this key alone, and no further back than `since`.
 */
export async function listSignIns(db: Db, window: SignInWindow): Promise<number[]> {
  const { rows } = await findSignIns(db, { ...window, from: idAt(window.since - idSlackMs) })
  return rows.map(({ at }) => at)
}

/** Whose sign-ins, and in which time: instants are milliseconds since 1970. */
export interface SignInWindow {
  keyId: string
  organizationId: string
  since: number
  now: number
  limit: number
}

const findSignIns = keep(
  (db, { keyId, organizationId, since, from, now, limit }: SignInWindow & { from: string }) =>
    db
      .selectFrom('audit_events')
      .select('at')
      .where('key_id', '=', keyId)
      .where('id', '>=', from)
      // One key's events are few: its index is the one to read.
      .where(sql<string>`organization_id || ''`, '=', organizationId)
      .where(sql<string>`action || ''`, 'in', ['session.started', 'session.refreshed'])
      .where('at', '>', since)
      .where('at', '<=', now)
      .orderBy('id', 'desc')
      .limit(limit),
)

/** An event's id was made a moment before its instant was taken: by then the clock may have been set. */
export const idSlackMs = 1000

/** The text with which every UUIDv7 (RFC 9562, section 5.7) of an instant begins, and before which no later one is. */
export function idAt(instant: number): string {
  const hex = Math.max(0, instant).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** What the changes of an event are once they were erased: no change is null. */
export const erasedChanges = 'null'

/** Tells whether what an event told was erased; see `erasures.ts`. */
export function isErased({ changes }: Pick<AuditRow, 'changes'>): boolean {
  return changes === erasedChanges
}

export function toAuditEvent(row: AuditRow & Pick<NumberedEvent, 'sequence'>): AuditEvent {
  return {
    id: row.id,
    at: new Date(row.at),
    action: row.action as AuditAction,
    actor: row.actor,
    actorType: (row.actor_type as ActorType | null) ?? (row.actor === null ? 'operator' : 'key'),
    organizationId: row.organization_id,
    keyId: row.key_id,
    changes: isErased(row) ? {} : JSON.parse(row.changes),
    requestId: row.request_id,
    ip: row.ip,
    isErased: isErased(row),
    sequence: row.sequence,
    via: row.via,
  }
}
