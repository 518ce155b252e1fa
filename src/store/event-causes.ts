// What Latchkey tells by itself, once for each cause: the causes that it has told of, and how far it has looked for them.
//
// Why there is one event for each cause, whatever ends when and whichever way a clock goes:
// 1. A cause is a primary key, and its event is recorded by the transaction that has inserted it.
// 2. The marks only say from where on to look. One that is behind costs time: what is found again has its cause. One is ahead
//    only of a clock that was set back, and then it goes back as well, but never behind the instant at which the first was made.
// 3. A cause is deleted long after it was due, and not before every mark is past that: a clock that is set back by more, and
//    forward again, would double it.
import { type Selectable, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import type { EventCausesTable, EventMarksTable } from './event-tables.ts'
import { givenTexts, insertGiven } from './given-rows.ts'
import type { Instant } from './instants.ts'
import type { Store } from './store.ts'
import type { Db, Tx } from './tables.ts'

export type EventMark = Selectable<EventMarksTable>

/** The mark of what is found when it comes about: it says since when alone. */
export const reachedMark = 'limit.reached'

/** Notes causes; gives those that nobody had noted. */
export async function noteCauses(
  tx: Tx,
  dialect: StoreDialect,
  causes: readonly Selectable<EventCausesTable>[],
): Promise<Set<string>> {
  if (causes.length === 0) return new Set()
  // In one order: two transactions with the same ones wait for each other, and not in a circle.
  const rows = [...causes].sort((one, other) => (one.cause < other.cause ? -1 : 1))
  const inserted = await insertGiven(
    tx,
    dialect,
    'event_causes',
    { cause: 'text', kept_until: 'whole' },
    rows,
  )
    .onConflict((conflict) => conflict.column('cause').doNothing())
    .returning('cause')
    .execute()
  return new Set(inserted.map(({ cause }) => cause))
}

/** Finds which of some causes are noted. */
export async function findCauses(
  db: Db,
  dialect: StoreDialect,
  causes: readonly string[],
): Promise<Set<string>> {
  if (causes.length === 0) return new Set()
  const rows = await db
    .selectFrom('event_causes')
    .select('cause')
    .where('cause', 'in', givenTexts(dialect, causes))
    .execute()
  return new Set(rows.map(({ cause }) => cause))
}

/** Deletes some of the causes that were due so long ago, and behind all that will be looked at; tells how many. */
export function deleteCauses(
  tx: Tx,
  dialect: StoreDialect,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<number> {
  const looked = tx
    .selectFrom('event_marks')
    .select(sql<number>`min(due_at) + ${sql.lit(keptMs)}`.as('until'))
    .where('name', '!=', reachedMark)
  const over = tx
    .selectFrom('event_causes')
    .where('kept_until', '<=', at)
    .where('kept_until', '<=', looked)
    .orderBy('kept_until')
    .limit(limit)
  return deleteFound(tx, dialect, 'event_causes', ['cause'], over)
}

/** Reads the marks, and the time. */
export async function readMarks(
  db: Db,
  at: Instant,
): Promise<{ now: number; marks: ReadonlyMap<string, EventMark> }> {
  const { now } = await db.selectNoFrom(at.as('now')).executeTakeFirstOrThrow()
  const rows = await db.selectFrom('event_marks').selectAll().execute()
  return { now: Number(now), marks: new Map(rows.map((row) => [row.name, row])) }
}

/** Reads one mark; undefined if nobody looks for that yet. */
export async function readMark(db: Db, name: string): Promise<EventMark | undefined> {
  return db.selectFrom('event_marks').selectAll().where('name', '=', name).executeTakeFirst()
}

/** Begins to look from an instant on, for what nobody has looked for yet. */
export async function beginMarks(
  store: Pick<Store, 'write'>,
  names: readonly string[],
  at: Instant,
): Promise<void> {
  await store.write((tx) =>
    tx
      .insertInto('event_marks')
      .values(names.map((name) => ({ name, since: at, due_at: at, id: '' })))
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute(),
  )
}

/** Up to where was looked. */
export type Looked = Pick<EventMark, 'due_at' | 'id'>

/** Moves marks that nobody has moved meanwhile. */
export async function moveMarks(
  store: Pick<Store, 'write'>,
  moves: readonly { mark: EventMark; to: Looked }[],
): Promise<void> {
  if (moves.length === 0) return
  await store.write(async (tx) => {
    for (const { mark, to } of moves)
      await tx
        .updateTable('event_marks')
        .set({ due_at: to.due_at, id: to.id })
        .where('name', '=', mark.name)
        .where('due_at', '=', mark.due_at)
        .where('id', '=', mark.id)
        .execute()
  })
}
