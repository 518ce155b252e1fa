// The table of deliveries: events that a webhook has tried. An event that was never tried has no row; the cursor of the
// webhook stands before it.
import { type Selectable, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import type { Position, Slice, SliceBounds } from './cursors.ts'
import { deleteFound } from './deletions.ts'
import { lockErased } from './erasures.ts'
import { insertGiven } from './given-rows.ts'
import { after, type Instant } from './instants.ts'
import type { Store } from './store.ts'
import type { Db, Tx } from './tables.ts'
import type { WebhookDeliveriesTable, WebhookStatesTable } from './webhook-tables.ts'

export type DeliveryRow = Selectable<WebhookDeliveriesTable>
/** What of the state of a webhook a round of deliveries changes. */
export type StateChange = Partial<Omit<WebhookStatesTable, 'webhook_id' | 'version'>>

/** What a round of attempts came to. */
export interface Round {
  webhookId: string
  /** The version of the state that was read before. */
  version: number
  state: StateChange
  /** The rows of events that were tried for the first time, and of those that were tried again. */
  rows: readonly DeliveryRow[]
}

/** Writes a round in a transaction of its own. Throws if somebody else has written since it was read. */
export async function saveRound(store: Pick<Store, 'write' | 'dialect'>, round: Round): Promise<void> {
  await store.write((tx) => writeRound(tx, store.dialect, round))
}

/** Writes a round. Throws if somebody else has written since it was read: the next run reads what stands then. */
export async function writeRound(
  tx: Tx,
  dialect: StoreDialect,
  { webhookId, version, state, rows }: Round,
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('webhook_states')
    .set({ ...state, version: version + 1 })
    .where('webhook_id', '=', webhookId)
    .where('version', '=', version)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new Error('Another process has delivered for this webhook.')
  const kept = await withoutErased(tx, dialect, rows)
  if (kept.length > 0) await upsert(tx, dialect, kept)
}

const columns = {
  webhook_id: 'text',
  place: 'whole',
  id: 'text',
  action: 'text',
  state: 'text',
  attempts: 'whole',
  attempted_at: 'whole',
  next_at: 'whole',
  duration_ms: 'whole',
  http_status: 'whole',
  error: 'text',
  answer: 'text',
  payload: 'text',
} as const satisfies Record<keyof DeliveryRow, 'text' | 'whole'>

/** Of what was erased while it was sent nothing is kept, neither for later nor as its receiver sent it back. */
async function withoutErased(
  tx: Tx,
  dialect: StoreDialect,
  rows: readonly DeliveryRow[],
): Promise<readonly DeliveryRow[]> {
  const kept = rows.flatMap(({ id, payload, answer }) => (payload === null && answer === null ? [] : [id]))
  if (kept.length === 0) return rows
  const erased = await lockErased(tx, dialect, kept)
  if (erased.size === 0) return rows
  return rows.map((row) => (erased.has(row.id) ? { ...row, payload: null, answer: null } : row))
}

async function upsert(tx: Tx, dialect: StoreDialect, rows: readonly DeliveryRow[]): Promise<void> {
  await insertGiven(tx, dialect, 'webhook_deliveries', columns, rows)
    .onConflict((conflict) =>
      conflict.columns(['webhook_id', 'place']).doUpdateSet((eb) => ({
        state: eb.ref('excluded.state'),
        attempts: eb.ref('excluded.attempts'),
        attempted_at: eb.ref('excluded.attempted_at'),
        next_at: eb.ref('excluded.next_at'),
        duration_ms: eb.ref('excluded.duration_ms'),
        http_status: eb.ref('excluded.http_status'),
        error: eb.ref('excluded.error'),
        answer: eb.ref('excluded.answer'),
        payload: eb.ref('excluded.payload'),
      })),
    )
    .execute()
}

/** Reads the deliveries of a webhook that are due at an instant, the one that waits for longest first. */
export async function readDueDeliveries(
  db: Db,
  webhookId: string,
  now: number,
  limit: number,
): Promise<DeliveryRow[]> {
  return pending(db, webhookId)
    .selectAll()
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .limit(limit)
    .execute()
}

/** How many deliveries of webhooks wait, and when the next one is due. */
export interface Pending {
  count: number
  nextAt: number | undefined
}

export async function countPending(db: Db, webhookId: string): Promise<Pending> {
  const { count, next } = await pending(db, webhookId)
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('next_at').as('next')])
    .executeTakeFirstOrThrow()
  return { count: Number(count), nextAt: next === null ? undefined : Number(next) }
}

/** Counts those that wait of several webhooks. */
export async function countPendingOfEach(
  db: Db,
  webhookIds: readonly string[],
): Promise<Map<string, number>> {
  if (webhookIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('webhook_deliveries')
    .select((eb) => ['webhook_id', eb.fn.countAll<number>().as('count')])
    .where('webhook_id', 'in', webhookIds)
    .where('next_at', 'is not', null)
    .groupBy('webhook_id')
    .execute()
  return new Map(rows.map(({ webhook_id, count }) => [webhook_id, Number(count)]))
}

export async function findDelivery(
  db: Db,
  webhookId: string,
  place: number,
): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', webhookId)
    .where('place', '=', place)
    .executeTakeFirst()
}

/** Lets a delivery be tried again at once, before all others that wait. */
export async function dueFirst(tx: Tx, { webhook_id, place }: DeliveryRow, now: number): Promise<void> {
  const { nextAt = now } = await countPending(tx, webhook_id)
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', next_at: Math.min(now, nextAt - 1) })
    .where('webhook_id', '=', webhook_id)
    .where('place', '=', place)
    .execute()
}

/** Lets all that waits be tried again now: something is new that may let it arrive. */
export async function dueAllNow(tx: Tx, webhookId: string, now: number): Promise<void> {
  await tx
    .updateTable('webhook_deliveries')
    .set({ next_at: now })
    .where('webhook_id', '=', webhookId)
    .where('next_at', '>', now)
    .execute()
}

/** Forgets what waits behind a place: all of it is sent once more. */
export async function forgetPendingBehind(tx: Tx, webhookId: string, place: number): Promise<void> {
  await tx
    .deleteFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('place', '>', place)
    .where('next_at', 'is not', null)
    .execute()
}

/** Sets how far a webhook has come, in its owner's change: whoever delivers at the moment writes nothing after it. */
export async function moveWebhook(tx: Tx, webhookId: string, change: StateChange): Promise<void> {
  await tx
    .updateTable('webhook_states')
    .set((eb) => ({ ...change, version: eb('version', '+', 1) }))
    .where('webhook_id', '=', webhookId)
    .execute()
}

/** A delivery as it is listed: without its message. */
export type ListedDelivery = Omit<DeliveryRow, 'payload'>

const listedColumns = [
  ...(['webhook_id', 'place', 'id', 'action', 'state', 'attempts', 'attempted_at', 'next_at'] as const),
  ...(['duration_ms', 'http_status', 'error', 'answer'] as const),
]
/** What a row takes at most, about: its answer is 1,024 bytes. */
const bytesOfRow = 1_300

/** Reads the next deliveries of a webhook, the newest event first. */
export async function readDeliverySlice(
  db: Db,
  {
    webhookId,
    state,
    after: position,
  }: { webhookId: string; state: string | undefined; after: Position | undefined },
  { limit }: SliceBounds,
): Promise<Slice<ListedDelivery>> {
  const rows = await db
    .selectFrom('webhook_deliveries')
    .select(listedColumns)
    .where('webhook_id', '=', webhookId)
    .$if(state !== undefined, (query) =>
      // Spelled out, so that the index of those that are not delivered is known to fit.
      query.where(sql<boolean>`state = ${sql.lit(state)}`),
    )
    .$if(position !== undefined, (query) => query.where('place', '<', position?.[0] as number))
    .orderBy('place', 'desc')
    .limit(limit + 1)
    .execute()
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return {
    rows: kept,
    next: rows.length > limit && last ? [last.place, last.id] : undefined,
    looked: rows.length,
    bytes: kept.length * bytesOfRow,
  }
}

/** Deletes deliveries that were last tried so long ago and wait for nothing, the oldest first; tells how many. */
export function deleteOldDeliveries(
  tx: Tx,
  dialect: StoreDialect,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('webhook_deliveries')
    .where('next_at', 'is', null)
    .where('attempted_at', '<', after(at, -keptMs))
    .orderBy('attempted_at')
    .limit(limit)
  return deleteFound(tx, dialect, 'webhook_deliveries', ['webhook_id', 'place'], over)
}

function pending(db: Db, webhookId: string) {
  return db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('next_at', 'is not', null)
}
