// The table of requests that came with an Idempotency-Key: each is claimed first by its transaction, and has its answer with it.
import { type Selectable, sql } from 'kysely'
import type { IdempotentRequestsTable } from './answer-tables.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import type { Instant } from './instants.ts'
import type { Tx } from './tables.ts'

export type IdempotentRequestRow = Selectable<IdempotentRequestsTable>
export type ClaimRow = Pick<IdempotentRequestRow, 'id' | 'key_id' | 'kept_until'>
/** One that was done. */
export type AnsweredRow = { [Name in keyof IdempotentRequestRow]: NonNullable<IdempotentRequestRow[Name]> }

/** Any number: it keeps these locks apart from those of keys. */
const seed = 0x6964_656d
/** So many of a caller's rows over its bound go at once. */
const prunedAtOnce = 200

/**
 * Claims requests that nobody has done; gives the ids of those that it has claimed. It never waits: a request that another
 * transaction is doing at this moment is left out, as one is that was done.
 */
export async function claimRequests(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  rows: readonly ClaimRow[],
): Promise<Set<string>> {
  if (!skipsLocked) {
    const claimed = await tx
      .insertInto('idempotent_requests')
      .values([...rows])
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute()
    return new Set(claimed.map(({ id }) => id))
  }
  // Who inserts a row has this lock until its transaction ends, so that no other waits for its row.
  const values = sql.join(
    rows.map((row) => sql`(${row.id}::text, ${row.key_id}::text, ${row.kept_until}::bigint)`),
  )
  const { rows: claimed } = await sql<{ id: string }>`insert into ${sql.table('idempotent_requests')}
      (id, key_id, kept_until)
    select wanted.id, wanted.key_id, wanted.kept_until from (values ${values}) as wanted (id, key_id, kept_until)
    where pg_try_advisory_xact_lock(hashtextextended(wanted.id, ${sql.lit(seed)}))
    on conflict (id) do nothing returning id`.execute(tx)
  return new Set(claimed.map(({ id }) => id))
}

/** Finds requests that were done. */
export async function findRequests(tx: Tx, ids: readonly string[]): Promise<AnsweredRow[]> {
  const rows = await tx.selectFrom('idempotent_requests').selectAll().where('id', 'in', ids).execute()
  return rows as AnsweredRow[]
}

/** Writes the answers of requests that were claimed. */
export async function answerRequests(tx: Tx, rows: readonly AnsweredRow[]): Promise<void> {
  await tx
    .insertInto('idempotent_requests')
    .values([...rows])
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        made_id: eb.ref('excluded.made_id'),
        salt: eb.ref('excluded.salt'),
        body_mac: eb.ref('excluded.body_mac'),
        answer: eb.ref('excluded.answer'),
      })),
    )
    .execute()
}

/** Forgets requests: those that came to nothing, and those that are over. */
export async function deleteRequests(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.deleteFrom('idempotent_requests').where('id', 'in', ids).execute()
}

/** Forgets some of a caller's requests beyond its newest so many, the oldest first. */
export async function pruneRequests(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  keyId: string,
  kept: number,
): Promise<void> {
  const own = tx.selectFrom('idempotent_requests').where('key_id', '=', keyId)
  const newestOver = own.select(['kept_until', 'id']).orderBy('kept_until', 'desc').orderBy('id', 'desc')
  await tx
    .with('old', () =>
      own
        .select('id')
        .where(sql<boolean>`(kept_until, id) <= (${newestOver.limit(1).offset(kept)})`)
        .orderBy('kept_until')
        .orderBy('id')
        .limit(prunedAtOnce)
        .$if(skipsLocked, (query) => query.forUpdate().skipLocked()),
    )
    .deleteFrom('idempotent_requests')
    .where('id', 'in', (eb) => eb.selectFrom('old').select('old.id'))
    .execute()
}

/** Deletes some of the requests that are over; tells how many. */
export function deleteOverRequests(
  tx: Tx,
  dialect: StoreDialect,
  { limit }: { limit: number },
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('idempotent_requests')
    .where('kept_until', '<=', at)
    .orderBy('kept_until')
    .limit(limit)
  return deleteFound(tx, dialect, 'idempotent_requests', ['id'], over)
}
