// The sealed log: events in their order, numbered and hashed once for ever. `jobs/sealing.ts` writes it.
//
// | table           | a row is                                          | written by                                        |
// | --------------- | ------------------------------------------------- | ------------------------------------------------- |
// | `audit_queue`   | an event that is not sealed yet                   | the change that records it; deleted by the sealer |
// | `audit_log`     | a sealed event: its numbers and its leaf          | the sealer                                        |
// | `audit_heads`   | how far a log goes, and the peaks of its tree     | the sealer                                        |
// | `audit_nodes`   | the hash of a complete subtree of 256^n leaves    | the sealer                                        |
// | `audit_backlog` | how far the events of before are sealed           | the sealer                                        |
//
// Sealing is one transaction, whose first write is the head of all with the size that was read before. Of two sealers at once
// the later finds another size, and changes nothing. Arrivals are given in the order of statements: what was committed before
// another change began has a lower one, and is visible wherever that change is.
import { sql } from 'kysely'
import type { AuditRow } from './audit.ts'
import type { StoreDialect } from './backend.ts'
import { givenTexts, insertGiven, keepInsert, selectGiven } from './given-rows.ts'
import type { AuditHeadsTable, AuditLogTable, AuditNodesTable } from './log-tables.ts'
import { allDone } from './statements.ts'
import type { Db, Tx } from './tables.ts'

/** The log of all events; an organization's has the organization's id. */
export const wholeLog = ''

/** An event that is to be sealed, and the organization of the key that made the change. */
export interface UnsealedEvent {
  event: AuditRow
  actorOrganizationId: string | undefined
}

/** Lets events wait to be sealed, in their order; goes into the transaction that records them. */
export async function queueEvents(
  tx: Tx,
  dialect: StoreDialect,
  events: readonly Pick<AuditRow, 'id'>[],
): Promise<void> {
  await insertQueued(
    tx,
    dialect,
    events.map(({ id }) => ({ event_id: id })),
  )
}

const insertQueued = keepInsert('audit_queue', { event_id: 'text' })

/** Reads the events that wait, the first so many, by their arrivals; those that are sealed already have an arrival alone. */
export async function readQueue(
  tx: Tx,
  dialect: StoreDialect,
  limit: number,
): Promise<{ arrivals: number[]; events: UnsealedEvent[] }> {
  const queued = await tx.selectFrom('audit_queue').selectAll().orderBy('arrival').limit(limit).execute()
  const arrivals = queued.map(({ arrival }) => arrival)
  const sealed = await tx
    .selectFrom('audit_log')
    .select('event_id')
    .where(
      'event_id',
      'in',
      givenTexts(
        dialect,
        queued.map(({ event_id }) => event_id),
      ),
    )
    .execute()
  // One that was found by a sweep just when another process sealed it: left in the queue, it would hold up all others.
  const known = new Set(sealed.map(({ event_id }) => event_id))
  const ids = queued.map(({ event_id }) => event_id).filter((id) => !known.has(id))
  const rows = await tx
    .selectFrom('audit_events')
    .selectAll()
    .where('id', 'in', givenTexts(dialect, ids))
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  const events = ids.map((id) => {
    const event = byId.get(id)
    if (event === undefined) throw new TypeError('An event that waits to be sealed is not there.')
    return event
  })
  return { arrivals, events: await withActors(tx, dialect, events) }
}

/** How far the events are sealed that were recorded by programs which did not queue them. */
export type Backlog = Awaited<ReturnType<typeof readBacklog>>

/** Reads it, and of the queue an arrival, null if nothing waits: by one statement, since the sealer looks all the time. */
export function readBacklog(db: Db) {
  return db
    .selectFrom('audit_backlog')
    .selectAll()
    .select((eb) => eb.selectFrom('audit_queue').select('arrival').limit(1).as('queued'))
    .executeTakeFirstOrThrow()
}

/** Reads the next events of before there was a log, in the order of their ids. */
export async function readBacklogEvents(
  tx: Tx,
  dialect: StoreDialect,
  { sealed_until, until }: Backlog,
  limit: number,
): Promise<UnsealedEvent[]> {
  const events = await unqueued(tx, sealed_until, until).selectAll().limit(limit).execute()
  return withActors(tx, dialect, events)
}

/** Notes how far the backlog is sealed. */
export async function moveBacklog(tx: Tx, { sealed_until }: Backlog, to: string): Promise<void> {
  await tx
    .updateTable('audit_backlog')
    .set({ sealed_until: to })
    .where('sealed_until', '=', sealed_until)
    .execute()
}

/**
 * Queues what programs of before there was a log have recorded beside this one, up to an id; looks at so many events. False if
 * there may be more.
 */
export async function sweepUnqueued(tx: Tx, limit: number, before: string): Promise<boolean> {
  const { swept_until } = await readBacklog(tx)
  const seen = await tx
    .selectFrom('audit_events')
    .select('id')
    .where('id', '>', swept_until)
    .where('id', '<', before)
    .orderBy('id')
    .limit(limit)
    .execute()
  const last = seen.at(-1)?.id
  if (last === undefined) return true
  // First: another process that looks at the same events waits here, and what was queued before is seen by what follows.
  const { numUpdatedRows } = await tx
    .updateTable('audit_backlog')
    .set({ swept_until: last })
    .where('swept_until', '=', swept_until)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) return true
  const missed = unqueued(tx, swept_until, last).select('id')
  await tx.insertInto('audit_queue').columns(['event_id']).expression(missed).execute()
  return seen.length < limit
}

/** Finds which of some events nothing will ever seal: somebody has written them into the table by hand. */
export async function findUnsealable(
  tx: Tx,
  dialect: StoreDialect,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const { sealed_until, until, swept_until } = await readBacklog(tx)
  const rows = await unqueued(tx, '', swept_until)
    .select('id')
    .where('id', 'in', givenTexts(dialect, ids))
    .execute()
  return new Set(rows.flatMap(({ id }) => (id <= sealed_until || id > until ? [id] : [])))
}

/** Events behind an id up to another one that are neither sealed nor queued, in the order of their ids. */
function unqueued(tx: Tx, from: string, to: string) {
  return (
    tx
      .selectFrom('audit_events')
      .where('id', '>', from)
      .where('id', '<=', to)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('audit_log').select('position').whereRef('audit_log.event_id', '=', 'audit_events.id'),
          ),
        ),
      )
      // The queue has no index of its events, each of which would be written at every change: it is read once, as a list.
      .where('id', 'not in', (eb) =>
        eb
          .selectFrom('audit_queue')
          .select('event_id')
          .where('event_id', '>', from)
          .where('event_id', '<=', to),
      )
      .orderBy('id')
  )
}

/** How far a log goes. */
export type LogHead = Pick<AuditHeadsTable, 'log' | 'size' | 'peaks'>

/** Reads how far logs go; those that have nothing yet are left out. */
export async function readHeads(db: Db, dialect: StoreDialect, logs: readonly string[]): Promise<LogHead[]> {
  return db
    .selectFrom('audit_heads')
    .select(['log', 'size', 'peaks'])
    .where('log', 'in', givenTexts(dialect, logs))
    .execute()
}

/** What a sealing writes. */
export interface Sealing {
  /** The size of the log of all as it was read. */
  size: number
  heads: readonly LogHead[]
  rows: readonly AuditLogTable[]
  nodes: readonly AuditNodesTable[]
  /** The arrivals of what was queued. */
  arrivals: readonly number[]
}

/** Writes sealed events; false if another sealer came before, and then nothing is written. */
export async function writeSealing(
  tx: Tx,
  dialect: StoreDialect,
  { size, heads, rows, nodes, arrivals }: Sealing,
): Promise<boolean> {
  const [whole, ...others] = heads
  if (whole?.log !== wholeLog) throw new TypeError('The head of all comes first.')
  const { numUpdatedRows } = await tx
    .updateTable('audit_heads')
    .set({ size: whole.size, peaks: whole.peaks })
    .where('log', '=', wholeLog)
    .where('size', '=', size)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) return false
  const [deleted] = await allDone([
    deleteQueued(tx, dialect, arrivals),
    insertRows(tx, dialect, rows),
    upsertHeads(tx, dialect, others),
    ...(nodes.length === 0 ? [] : [tx.insertInto('audit_nodes').values(nodes).execute()]),
  ])
  if (deleted !== arrivals.length)
    throw new Error('Events were taken out of the queue, and the log did not grow.')
  return true
}

/** Takes events out of the queue, and tells how many were there. */
export async function deleteQueued(
  tx: Tx,
  dialect: StoreDialect,
  arrivals: readonly number[],
): Promise<number> {
  if (arrivals.length === 0) return 0
  const given = selectGiven(
    dialect,
    { arrival: 'whole' },
    arrivals.map((arrival) => ({ arrival })),
  )
  const { numDeletedRows } = await tx
    .deleteFrom('audit_queue')
    .where('arrival', 'in', sql<number>`(${given})`)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

const logColumns = {
  position: 'whole',
  sequence: 'whole',
  organization_id: 'text',
  event_id: 'text',
  leaf: 'text',
  details_salt: 'text',
  origin_salt: 'text',
} as const satisfies Record<keyof AuditLogTable, 'text' | 'whole'>

/** Inserts sealed events. */
export async function insertRows(
  tx: Tx,
  dialect: StoreDialect,
  rows: readonly AuditLogTable[],
): Promise<void> {
  await insertGiven(tx, dialect, 'audit_log', logColumns, rows).execute()
}

const headColumns = { log: 'text', size: 'whole', peaks: 'text' } as const

async function upsertHeads(tx: Tx, dialect: StoreDialect, heads: readonly LogHead[]): Promise<void> {
  await insertGiven(tx, dialect, 'audit_heads', headColumns, heads)
    .onConflict((conflict) =>
      conflict
        .column('log')
        .doUpdateSet((eb) => ({ size: eb.ref('excluded.size'), peaks: eb.ref('excluded.peaks') })),
    )
    .execute()
}

async function withActors(
  tx: Tx,
  dialect: StoreDialect,
  events: readonly AuditRow[],
): Promise<UnsealedEvent[]> {
  const actors = [...new Set(events.flatMap(({ actor }) => actor ?? []))]
  if (actors.length === 0) return events.map((event) => ({ event, actorOrganizationId: undefined }))
  const found = await tx
    .selectFrom('keys')
    .select(['id', 'organization_id'])
    .where('id', 'in', givenTexts(dialect, actors))
    .unionAll((eb) =>
      eb
        .selectFrom('members')
        .select(['id', 'organization_id'])
        .where('id', 'in', givenTexts(dialect, actors)),
    )
    .execute()
  const byId = new Map(found.map(({ id, organization_id }) => [id, organization_id]))
  // A user acts for no other organization, and its id is no id of ours.
  const organizationOf = ({ actor, actor_type, organization_id }: AuditRow) =>
    actor_type === 'user' ? organization_id : byId.get(actor ?? '')
  return events.map((event) => ({ event, actorOrganizationId: organizationOf(event) }))
}
