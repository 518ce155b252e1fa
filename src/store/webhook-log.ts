// What a webhook reads of the sealed log: the events behind its cursor, and what its keys were at each of them.
import { sql } from 'kysely'
import { idAt } from './audit.ts'
import type { StoreDialect } from './backend.ts'
import type { SealedRow } from './events.ts'
import { givenTexts } from './given-rows.ts'
import type { KeyRow } from './keys.ts'
import { wholeLog } from './sealed-log.ts'
import type { Db, Tx } from './tables.ts'

/** The number of an event in the log from which it was read. */
export function placeIn(
  log: string,
  { position, sequence }: Pick<SealedRow, 'position' | 'sequence'>,
): number {
  return log === wholeLog ? position : sequence
}

/** What of an event tells whether a webhook sends it, and how long its message is about. */
export interface LogEntry {
  place: number
  id: string
  action: string
  at: number
  /** How long its changes are, in characters. */
  length: number
}

/** Reads the next events of a log behind a number: most of them are nothing to most webhooks. */
export async function readLogEntries(
  db: Db,
  { log, after, limit }: { log: string; after: number; limit: number },
): Promise<LogEntry[]> {
  const number = log === wholeLog ? 'audit_log.position' : 'audit_log.sequence'
  return (
    db
      .selectFrom('audit_log')
      .innerJoin('audit_events', 'audit_events.id', 'audit_log.event_id')
      .select([`${number} as place`, 'audit_events.id', 'action', 'at'])
      .select((eb) => eb.fn<number>('length', ['changes']).as('length'))
      .$if(log !== wholeLog, (query) => query.where('audit_log.organization_id', '=', log))
      .where(number, '>', after)
      // Not one by one past what was cut.
      .where(number, '>', (eb) => eb.selectFrom('audit_heads').select('cut').where('log', '=', log))
      .orderBy(number)
      .limit(limit)
      .execute()
  )
}

/** Finds the number of an event in a log; undefined if it is not in it. */
export async function findPlace(db: Db, log: string, eventId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('audit_log')
    .select(['position', 'sequence'])
    .where('event_id', '=', eventId)
    .$if(log !== wholeLog, (query) => query.where('organization_id', '=', log))
    .executeTakeFirst()
  return row && placeIn(log, row)
}

/** The number of the last event of a log. */
async function readLogEnd(db: Db, log: string): Promise<number> {
  const head = await db.selectFrom('audit_heads').select('size').where('log', '=', log).executeTakeFirst()
  return head?.size ?? 0
}

/** The number that the last event of a log has or gets that this transaction sees: some may not be sealed yet. */
export async function readLogEndSoon(tx: Tx, log: string): Promise<number> {
  const { count } = await tx
    .selectFrom('audit_queue')
    .innerJoin('audit_events', 'audit_events.id', 'audit_queue.event_id')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .$if(log !== wholeLog, (query) => query.where('organization_id', '=', log))
    .executeTakeFirstOrThrow()
  return (await readLogEnd(tx, log)) + Number(count)
}

/** Ids are made by clocks that differ, and what an older program has recorded is found minutes later: so far the order of ids is not that of the log. */
const disorderMs = 15 * 60_000

/**
 * Finds a number up to which a log has nothing of an instant and after; some of what is behind it is older. Looked for by
 * halves: a log may have any number of events, and others wait for the transaction of a change.
 */
export async function readPlaceBefore(db: Db, log: string, instant: number): Promise<number> {
  const number = log === wholeLog ? 'position' : 'sequence'
  const first = idAt(instant - disorderMs)
  let before = 0
  let behind = (await readLogEnd(db, log)) + 1
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2)
    const { event_id } = await db
      .selectFrom('audit_log')
      .select('event_id')
      .$if(log !== wholeLog, (query) => query.where('organization_id', '=', log))
      .where(number, '=', middle)
      .executeTakeFirstOrThrow()
    if (event_id < first) before = middle
    else behind = middle
  }
  return before
}

/** A later change of a key, by which it is told what the key was before. */
export interface LaterChange {
  key_id: string
  action: string
  changes: string
  /** Null while it is not sealed, and so later than all that is. */
  position: number | null
}

/** So many later changes of all keys of a round are looked at, and so many characters. What is hidden behind them is told as it is now. */
const maxLaterChanges = 2_000
const maxLaterLength = 2 ** 21

/** Reads keys as they are, and what was changed of them after a position of the log of all, in that order. */
export async function readKeysSince(
  db: Db,
  dialect: StoreDialect,
  keyIds: readonly string[],
  position: number,
): Promise<{ keys: Map<string, KeyRow>; later: LaterChange[] }> {
  if (keyIds.length === 0) return { keys: new Map(), later: [] }
  const rows = await db
    .selectFrom('keys')
    .selectAll()
    .where('id', 'in', givenTexts(dialect, keyIds))
    .execute()
  const place = sql<number>`coalesce(${sql.ref('audit_log.position')}, ${sql.lit(Number.MAX_SAFE_INTEGER)})`
  const changed = db
    .selectFrom('audit_events')
    .leftJoin('audit_log', 'audit_log.event_id', 'audit_events.id')
    .select(['audit_events.id', 'audit_events.key_id', 'action', 'changes', 'audit_log.position'])
    .select(place.as('place'))
    .select(
      sql<number>`sum(length(changes)) over (order by ${place}, ${sql.ref('audit_events.id')})`.as('length'),
    )
    .where('audit_events.key_id', 'in', givenTexts(dialect, keyIds))
    // A key has few events, an action may have millions: only the index of keys fits this.
    .where(sql`coalesce(action, '')`, 'in', ['key.updated', 'key.rotated', 'key.revoked'])
    .where((eb) => eb.or([eb('audit_log.position', 'is', null), eb('audit_log.position', '>', position)]))
    .orderBy('place')
    .orderBy('audit_events.id')
    .limit(maxLaterChanges)
  const later = await db
    .selectFrom(changed.as('changed'))
    .select(['key_id', 'action', 'changes', 'position'])
    .where('length', '<=', maxLaterLength)
    .orderBy('place')
    .orderBy('id')
    .execute()
  return {
    keys: new Map(rows.map((row) => [row.id, row])),
    later: later.map((change) => ({ ...change, key_id: change.key_id as string })),
  }
}
