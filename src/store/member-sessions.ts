// The table of the sessions of people. Each is of an identity, which may stand at members of several organizations.
import type { Selectable } from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import { after, type Instant } from './instants.ts'
import type { MemberSessionsTable } from './member-tables.ts'
import type { SessionLimits } from './sessions.ts'
import type { Db, Tx } from './tables.ts'

export type MemberSessionRow = Selectable<MemberSessionsTable>

export async function insertMemberSession(tx: Tx, row: MemberSessionRow): Promise<void> {
  await tx.insertInto('member_sessions').values(row).execute()
}

/** Finds a session, over or not, by the digest of its value. */
export async function findMemberSession(db: Db, digest: Uint8Array): Promise<MemberSessionRow | undefined> {
  return db.selectFrom('member_sessions').selectAll().where('digest', '=', digest).executeTakeFirst()
}

/** Finds those of these sessions that are still there. */
export async function findMemberSessions(
  db: Db,
  ids: readonly string[],
): Promise<Pick<MemberSessionRow, 'id' | 'identity_id' | 'expires_at' | 'last_seen_at' | 'fresh_until'>[]> {
  return db
    .selectFrom('member_sessions')
    .select(['id', 'identity_id', 'expires_at', 'last_seen_at', 'fresh_until'])
    .where('id', 'in', ids)
    .execute()
}

/** The sessions of an identity that are not over, the last seen first. */
export async function listIdentitySessions(
  db: Db,
  identityId: string,
  limits: SessionLimits,
): Promise<MemberSessionRow[]> {
  return db
    .selectFrom('member_sessions')
    .selectAll()
    .where('identity_id', '=', identityId)
    .where('last_seen_at', '>', limits.idleSince)
    .where('expires_at', '>', limits.now)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

/** Notes that a session was seen, unless it was as late as `unlessAfter` already: never backwards. */
export async function markMemberSessionSeen(
  tx: Tx,
  row: MemberSessionRow,
  now: number,
  unlessAfter: number,
): Promise<void> {
  await tx
    .updateTable('member_sessions')
    .set({ last_seen_at: now })
    .where('id', '=', row.id)
    .where('identity_id', '=', row.identity_id)
    .where('last_seen_at', '<=', unlessAfter)
    .execute()
}

/** Makes the sign-in of a session fresh until an instant; tells whether it is there. */
export async function refreshMemberSession(
  tx: Tx,
  id: string,
  identityId: string,
  freshUntil: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('member_sessions')
    .set({ fresh_until: freshUntil })
    .where('id', '=', id)
    .where('identity_id', '=', identityId)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Deletes a session of an identity; tells whether it was there. */
export async function deleteMemberSession(tx: Tx, id: string, identityId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('member_sessions')
    .where('id', '=', id)
    .where('identity_id', '=', identityId)
    .executeTakeFirstOrThrow()
  if (numDeletedRows > 1n)
    throw new LatchkeyError('internal', `A change of one session affected ${numDeletedRows} rows.`)
  return numDeletedRows === 1n
}

/**
 * Deletes the sessions of those of these identities that stand at no active member any more, and tells how many. The locks of
 * their organization's members are held.
 */
export async function deleteLooseSessions(tx: Tx, identityIds: readonly string[]): Promise<number> {
  if (identityIds.length === 0) return 0
  const { numDeletedRows } = await tx
    .deleteFrom('member_sessions')
    .where('identity_id', 'in', identityIds)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('member_identities')
            .innerJoin('members', 'members.id', 'member_identities.member_id')
            .select('members.id')
            .whereRef('member_identities.identity_id', '=', 'member_sessions.identity_id')
            .where('members.suspended_at', 'is', null)
            .where('members.removed_at', 'is', null),
        ),
      ),
    )
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** Deletes sessions that are over, and tells how many: at most `limit` of each kind. */
export async function deleteOverMemberSessions(
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
    const over = tx.selectFrom('member_sessions').where(end, '<=', until).orderBy(end).limit(limit)
    deleted += await deleteFound(tx, dialect, 'member_sessions', ['id'], over)
  }
  return deleted
}
