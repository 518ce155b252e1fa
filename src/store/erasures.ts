// Erasure in the tables of events: what an event tells goes, with the salts of its leaf; the leaf stays.
import { type RawBuilder, sql } from 'kysely'
import { rootOrganizationId } from '../core/access.ts'
import { erasedChanges, idAt, idSlackMs } from './audit.ts'
import type { StoreDialect } from './backend.ts'
import { givenTexts } from './given-rows.ts'
import type { Db, Tx } from './tables.ts'

/** An event that may be erased: `leaf` is null while it is not sealed. */
export interface Erasable {
  id: string
  organization_id: string
  action: string
  key_id: string | null
  leaf: string | null
  position: number | null
  sequence: number | null
}

/** Which events are looked at: those of one organization, to one key or by one, in the order of their ids. */
export interface ErasureRange {
  column: 'organization_id' | 'key_id' | 'actor'
  value: string
  /** Of these, only what somebody of this id has done, and what names a user of it; all if absent. */
  about: string | undefined
  /** Milliseconds since 1970. */
  before: number
  /** Only events with higher ids. */
  after: string
  limit: number
}

/** So many times as many events as may be found are looked through for those that are about somebody. */
const lookedThroughForOne = 25

/** A part of a range: `end` is up to which id it was read, and undefined if it ends there. */
export interface ErasablePart {
  events: Erasable[]
  end: string | undefined
}

/** Reads the next events of a range, erased ones too. */
export async function readErasableRange(db: Db, range: ErasureRange): Promise<ErasablePart> {
  const { column, value, about, before, after, limit } = range
  const upTo = about === undefined ? undefined : await findPartEnd(db, range)
  const rows = await erasable(db)
    .select(['audit_events.actor', 'audit_events.changes'])
    .where(`audit_events.${column}`, '=', value)
    .where('audit_events.id', '>', after)
    .where('audit_events.id', '<', idAt(before + idSlackMs))
    .where('audit_events.at', '<', before)
    .$if(upTo !== undefined, (query) => query.where('audit_events.id', '<=', upTo as string))
    .$if(about !== undefined, (query) => query.where(mayBeAbout(about as string)))
    .orderBy('audit_events.id')
    .limit(limit)
    .execute()
  const events = about === undefined ? rows : rows.filter((row) => isAbout(row, about))
  return { events, end: rows.length < limit ? upTo : rows.at(-1)?.id }
}

/** The last of the events that one call looks through; undefined if these are all. */
async function findPartEnd(
  db: Db,
  { column, value, before, after, limit }: ErasureRange,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('audit_events')
    .select('id')
    .where(column, '=', value)
    .where('id', '>', after)
    .where('id', '<', idAt(before + idSlackMs))
    .orderBy('id')
    .limit(1)
    .offset(limit * lookedThroughForOne - 1)
    .executeTakeFirst()
  return row?.id
}

/** Whether an event may be about somebody, in SQL: the id is its actor's, or stands in its changes. */
function mayBeAbout(id: string): RawBuilder<boolean> {
  const text = JSON.stringify(id).replace(/[\\%_]/g, '\\$&')
  return sql`(audit_events.actor = ${id} or audit_events.changes like ${`%${text}%`} escape ${'\\'})`
}

/** Whether an event is: somebody of this id did it, or it was done to the sessions or the keys of a user of it. */
function isAbout({ actor, changes }: { actor: string | null; changes: string }, id: string): boolean {
  if (actor === id) return true
  const told = JSON.parse(changes) as { user_id?: unknown; created_by?: unknown } | null
  return told?.user_id === id || told?.created_by === id
}

/** Reads events by their ids. */
export function findErasable(db: Db, ids: readonly string[]): Promise<Erasable[]> {
  return erasable(db).where('audit_events.id', 'in', ids).orderBy('audit_events.id').execute()
}

function erasable(db: Db) {
  return db
    .selectFrom('audit_events')
    .leftJoin('audit_log', 'audit_log.event_id', 'audit_events.id')
    .select(['audit_events.id', 'audit_events.organization_id', 'audit_events.action', 'audit_events.key_id'])
    .select(['audit_log.leaf', 'audit_log.position', 'audit_log.sequence'])
}

/** Erases what sealed events tell, and returns the ids of those of which it was not erased before. */
export async function eraseRows(
  tx: Tx,
  dialect: StoreDialect,
  events: readonly Erasable[],
): Promise<Set<string>> {
  const ids = givenTexts(
    dialect,
    events.map(({ id }) => id),
  )
  // First: who writes a message of one of them for later holds these rows, and it is found below.
  const rows = await tx
    .updateTable('audit_log')
    .set({ details_salt: null, origin_salt: null })
    .where('event_id', 'in', ids)
    .where('details_salt', 'is not', null)
    .returning('event_id')
    .execute()
  const erased = new Set(rows.map(({ event_id }) => event_id))
  const byType = Map.groupBy(
    events.filter(({ id }) => erased.has(id)),
    ({ leaf }) => (JSON.parse(leaf as string) as { actor_type: string }).actor_type,
  )
  for (const [actorType, ofType] of byType) {
    const own = givenTexts(
      dialect,
      ofType.map(({ id }) => id),
    )
    await tx
      .updateTable('audit_events')
      .set({
        ...{ actor: null, actor_type: actorType, changes: erasedChanges },
        ...{ request_id: null, ip: null, via: null },
      })
      .where('id', 'in', own)
      .execute()
  }
  await eraseDeliveries(tx, ids, events)
  return erased
}

/** Erases messages that wait to be sent again, and what receivers have answered: they may have sent a message back. */
async function eraseDeliveries(tx: Tx, ids: RawBuilder<string>, events: readonly Erasable[]): Promise<void> {
  const owners = [rootOrganizationId, ...new Set(events.map((event) => event.organization_id))]
  // By their numbers, of which there is an index: there may be many deliveries.
  const places = events.flatMap(({ position, sequence }) => [position ?? 0, sequence ?? 0])
  const theirs = tx
    .updateTable('webhook_deliveries')
    .set({ payload: null, answer: null })
    .where('webhook_id', 'in', (eb) =>
      eb.selectFrom('webhooks').select('id').where('organization_id', 'in', owners),
    )
  await theirs.where('place', 'in', places).where('id', 'in', ids).execute()
  // What waits of other events tells what their keys were then, which may follow from what is erased: it is written anew.
  const keyIds = [...new Set(events.flatMap(({ key_id }) => key_id ?? []))]
  if (keyIds.length === 0) return
  await theirs
    .where('next_at', 'is not', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('audit_events')
          .select('audit_events.id')
          .whereRef('audit_events.id', '=', 'webhook_deliveries.id')
          .where('audit_events.key_id', 'in', keyIds),
      ),
    )
    .execute()
}

/** Tells which of some events are erased, and keeps all of them from being erased until the transaction ends. */
export async function lockErased(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('audit_log')
    .select(['event_id', 'details_salt'])
    .where('event_id', 'in', ids)
    .$if(skipsLocked, (query) => query.forShare())
    .execute()
  return new Set(rows.flatMap(({ event_id, details_salt }) => (details_salt === null ? [event_id] : [])))
}
