// The table of sessions. Every statement on one names its organization.
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import { keepInsert, selectGiven } from './given-rows.ts'
import { after, type Instant } from './instants.ts'
import { keep } from './kept-statements.ts'
import type { KeyRow } from './keys.ts'
import type { Db, SessionsTable, Tx } from './tables.ts'

export type SessionRow = Selectable<SessionsTable>

/** By what a session is over; in milliseconds since 1970. */
export interface SessionLimits {
  now: number
  /** A session that was not seen after this instant is idle. */
  idleSince: number
}

type OwnerIds = Pick<SessionRow, 'key_id' | 'organization_id'>

const columns = {
  id: 'text',
  digest: 'bytes',
  key_id: 'text',
  organization_id: 'text',
  kid: 'text',
  created_at: 'whole',
  expires_at: 'whole',
  last_seen_at: 'whole',
  ip: 'text',
  user_agent: 'text',
  page_digest: 'bytes',
  fresh_until: 'whole',
} as const satisfies Record<keyof SessionRow, 'text' | 'whole' | 'bytes'>
const insertSessions = keepInsert('sessions', columns)

export async function insertSession(tx: Tx, dialect: StoreDialect, row: SessionRow): Promise<void> {
  await insertSessions(tx, dialect, [row])
}

/** Finds a session, over or not, by the digest of its value. An index may look up what only 256 random bits give. */
export async function findSession(db: Db, digest: Uint8Array): Promise<SessionRow | undefined> {
  return db.selectFrom('sessions').selectAll().where('digest', '=', digest).executeTakeFirst()
}

/** The sessions of a key that are not over, and whose secrets are not, the last seen first. */
export async function listKeySessions(
  db: Db,
  { key_id, organization_id }: OwnerIds,
  limits: SessionLimits,
): Promise<SessionRow[]> {
  return (await findLiveSessions(db, { key_id, organization_id, ...limits })).rows
}

const findLiveSessions = keep((db, { key_id, organization_id, now, idleSince }: OwnerIds & SessionLimits) =>
  db
    .selectFrom('sessions')
    .select(Object.keys(columns) as (keyof SessionRow)[])
    .where('key_id', '=', key_id)
    .where('organization_id', '=', organization_id)
    .where('last_seen_at', '>', idleSince)
    .where('expires_at', '>', now)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('secrets')
          .select('secrets.kid')
          .whereRef('secrets.kid', '=', 'sessions.kid')
          .where('secrets.ended_at', 'is', null)
          .where((e) => e.or([e('secrets.grace_ends_at', 'is', null), e('secrets.grace_ends_at', '>', now)])),
      ),
    )
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc'),
)

/**
 * Deletes sessions of all organizations that are over, and tells how many: those that are idle and those that are too old,
 * the oldest first, at most `limit` of each. It passes over those that another change has locked.
 */
export async function deleteOverSessions(
  tx: Tx,
  dialect: StoreDialect,
  { maxIdleMs, limit }: { maxIdleMs: number; limit: number },
  at: Instant,
): Promise<number> {
  let deleted = 0
  for (const [end, until] of [
    ['last_seen_at', after(at, -maxIdleMs)],
    ['expires_at', at],
  ] as const) {
    const over = tx.selectFrom('sessions').where(end, '<=', until).orderBy(end).limit(limit)
    deleted += await deleteFound(tx, dialect, 'sessions', ['organization_id', 'id'], over)
  }
  return deleted
}

/** Notes that a session was seen, unless it was as late as `unlessAfter` already: never backwards. */
export async function markSeen(tx: Tx, row: SessionRow, now: number, unlessAfter: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('sessions')
    .set({ last_seen_at: now })
    .where('id', '=', row.id)
    .where('organization_id', '=', row.organization_id)
    .where('last_seen_at', '<=', unlessAfter)
    .executeTakeFirstOrThrow()
  requireOneAtMost(numUpdatedRows)
}

/** Makes the sign-in of a session of a key fresh until an instant; undefined if there is no such session. */
export async function refreshRow(
  tx: Tx,
  id: string,
  owner: OwnerIds,
  change: Pick<SessionRow, 'fresh_until'>,
): Promise<SessionRow | undefined> {
  const rows = await tx
    .updateTable('sessions')
    .set(change)
    .where('id', '=', id)
    .where('key_id', '=', owner.key_id)
    .where('organization_id', '=', owner.organization_id)
    .returningAll()
    .execute()
  requireOneAtMost(BigInt(rows.length))
  return rows[0]
}

/** Deletes a session of a key; tells whether it was there. */
export async function deleteSession(tx: Tx, id: string, owner: OwnerIds): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('id', '=', id)
    .where('key_id', '=', owner.key_id)
    .where('organization_id', '=', owner.organization_id)
    .executeTakeFirstOrThrow()
  requireOneAtMost(numDeletedRows)
  return numDeletedRows === 1n
}

/**
 * Deletes sessions, and returns the ids of those that were still there. It deletes them one by one in the order of
 * their ids, so that two changes which delete the same sessions cannot deadlock.
 */
export async function deleteSessions(
  tx: Tx,
  sessions: readonly Pick<SessionRow, 'id' | 'organization_id'>[],
): Promise<Set<string>> {
  const deleted = new Set<string>()
  for (const { id, organization_id } of sessions.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const { numDeletedRows } = await tx
      .deleteFrom('sessions')
      .where('id', '=', id)
      .where('organization_id', '=', organization_id)
      .executeTakeFirstOrThrow()
    requireOneAtMost(numDeletedRows)
    if (numDeletedRows === 1n) deleted.add(id)
  }
  return deleted
}

/** Deletes the sessions of a key whose lock the change holds: all, or those that the given secrets opened. */
export async function deleteKeySessions(tx: Tx, key: KeyRow, kids?: readonly string[]): Promise<void> {
  const rows = await tx
    .selectFrom('sessions')
    .select(['id', 'organization_id'])
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .$if(kids !== undefined, (query) => query.where('kid', 'in', kids as string[]))
    .execute()
  await deleteSessions(tx, rows)
}

/** Deletes the sessions of keys whose locks the change holds. */
export async function deleteSessionsOfKeys(
  tx: Tx,
  dialect: StoreDialect,
  keys: readonly Pick<KeyRow, 'id' | 'organization_id'>[],
): Promise<void> {
  if (keys.length === 0) return
  const given = selectGiven(dialect, { id: 'text', organization_id: 'text' }, keys)
  await deleteInOrder(tx, dialect, sql<boolean>`(key_id, organization_id) in (${given})`)
}

/** Deletes the sessions of an organization. */
export async function deleteOrganizationSessions(
  tx: Tx,
  dialect: StoreDialect,
  organizationId: string,
): Promise<void> {
  await deleteInOrder(tx, dialect, sql<boolean>`organization_id = ${organizationId}`)
}

/** Locks sessions in the order of their ids before it deletes them: it and a change that deletes some of the same cannot deadlock. */
async function deleteInOrder(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  which: RawBuilder<boolean>,
): Promise<void> {
  const locked = tx
    .selectFrom('sessions')
    .select('id')
    .where(which)
    .orderBy('id')
    .$if(skipsLocked, (query) => query.forUpdate())
  await tx.deleteFrom('sessions').where(which).where('id', 'in', locked).execute()
}

function requireOneAtMost(touched: bigint): void {
  if (touched <= 1n) return
  throw new LatchkeyError('internal', `A change of one session affected ${touched} rows.`)
}
