// The table of portal sessions. Every statement on one names its organization, but those that a secret finds.
import type { Selectable } from 'kysely'
import type { Scope } from '../core/scope.ts'
import type { StoreDialect } from './backend.ts'
import { bytesSoFar, isAfter, type Position, type Slice, type SliceBounds, toSlice } from './cursors.ts'
import { deleteFound } from './deletions.ts'
import { after, type Instant } from './instants.ts'
import type { PortalSessionsTable } from './portal-tables.ts'
import type { Db, Tx } from './tables.ts'

/** A session, with what its user is called. */
export type PortalSessionRow = Selectable<PortalSessionsTable> & { user_name: string | null }
/** The same with what its organization is called, and whether that is suspended. */
export type FoundPortalSession = PortalSessionRow & {
  organization_name: string
  organization_suspended_at: number | null
}

export async function insertPortalSession(tx: Tx, { user_name: _, ...row }: PortalSessionRow): Promise<void> {
  await tx.insertInto('portal_sessions').values(row).execute()
}

/** Notes what a user of an organization is called. */
export async function namePortalUser(
  tx: Tx,
  user: { organization_id: string; id: string; name: string },
): Promise<void> {
  await tx
    .insertInto('portal_users')
    .values(user)
    .onConflict((conflict) => conflict.columns(['organization_id', 'id']).doUpdateSet({ name: user.name }))
    .execute()
}

/** Forgets what a user of an organization is called; tells whether that was known. */
export async function forgetPortalUser(tx: Tx, organizationId: string, userId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('portal_users')
    .where('organization_id', '=', organizationId)
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

function sessionsWithNames(db: Db) {
  return db
    .selectFrom('portal_sessions')
    .leftJoin('portal_users', (join) =>
      join
        .onRef('portal_users.organization_id', '=', 'portal_sessions.organization_id')
        .onRef('portal_users.id', '=', 'portal_sessions.user_id'),
    )
    .selectAll('portal_sessions')
    .select('portal_users.name as user_name')
}

function foundSessions(db: Db) {
  return sessionsWithNames(db)
    .innerJoin('organizations', 'organizations.id', 'portal_sessions.organization_id')
    .select([
      'organizations.name as organization_name',
      'organizations.suspended_at as organization_suspended_at',
    ])
}

/** Finds a session, over or not, by the digest of its token, or of its link. An index may look up what only 256 random bits give. */
export async function findPortalSession(
  db: Db,
  by: 'digest' | 'link_digest',
  digest: Uint8Array,
): Promise<FoundPortalSession | undefined> {
  return foundSessions(db).where(`portal_sessions.${by}`, '=', digest).executeTakeFirst()
}

/** Finds sessions by their ids, over or not. */
export async function findPortalSessions(db: Db, ids: readonly string[]): Promise<FoundPortalSession[]> {
  return foundSessions(db).where('portal_sessions.id', 'in', ids).execute()
}

/** The newest sessions of an organization, or of one of its users, that are neither ended nor expired, the newest first. */
export async function listLivePortalSessions(
  tx: Tx,
  { organizationId, userId, limit }: { organizationId: string; userId: string | undefined; limit: number },
  now: number,
): Promise<PortalSessionRow[]> {
  return sessionsWithNames(tx)
    .where('portal_sessions.organization_id', '=', organizationId)
    .$if(userId !== undefined, (query) => query.where('portal_sessions.user_id', '=', userId as string))
    .where('portal_sessions.ended_at', 'is', null)
    .where('portal_sessions.expires_at', '>', now)
    .orderBy('portal_sessions.id', 'desc')
    .limit(limit)
    .execute()
}

/** Gives a session its token, in the place of its link, which opens nothing any more. */
export async function openPortalSession(
  tx: Tx,
  { id, organization_id }: Pick<PortalSessionRow, 'id' | 'organization_id'>,
  digest: Uint8Array,
): Promise<void> {
  await tx
    .updateTable('portal_sessions')
    .set({ digest, link_digest: null, link_expires_at: null })
    .where('id', '=', id)
    .where('organization_id', '=', organization_id)
    .execute()
}

/** Ends the sessions of an organization that live: all, or those that are named. */
export async function endPortalSessions(
  tx: Tx,
  organizationId: string,
  now: number,
  ids?: readonly string[],
): Promise<void> {
  if (ids?.length === 0) return
  await tx
    .updateTable('portal_sessions')
    .set({ ended_at: now })
    .where('organization_id', '=', organizationId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .$if(ids !== undefined, (query) => query.where('id', 'in', ids as string[]))
    .execute()
}

/** Which sessions are listed. */
export interface PortalSessionQuery {
  scope: Scope
  userId: string | undefined
  after: Position | undefined
}

const newestFirst = { column: 'id', direction: 'desc' } as const
const longColumns = ['permissions']

/** Reads the next sessions of a list, newest first, over or not. */
export async function readPortalSessionSlice(
  db: Db,
  { scope, userId, after: position }: PortalSessionQuery,
  bounds: SliceBounds,
): Promise<Slice<PortalSessionRow>> {
  const slice = db
    .selectFrom('portal_sessions')
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .$if(userId !== undefined, (query) => query.where('user_id', '=', userId as string))
    .$if(position !== undefined, (query) =>
      query.where((eb) => isAfter(eb, newestFirst, position as Position)),
    )
    .selectAll()
    .select(bytesSoFar(newestFirst, longColumns).as('bytes'))
    .orderBy('id', 'desc')
    .limit(bounds.limit + 1)
    .as('slice')
  const rows = await db
    .selectFrom(slice)
    .leftJoin('portal_users', (join) =>
      join
        .onRef('portal_users.organization_id', '=', 'slice.organization_id')
        .onRef('portal_users.id', '=', 'slice.user_id'),
    )
    .selectAll('slice')
    .select('portal_users.name as user_name')
    .execute()
  return toSlice(rows, bounds, undefined, (row) => [row.id, row.id])
}

/** Deletes sessions that expired so long ago, and tells how many: the oldest first, at most `limit`. */
export async function deleteOldPortalSessions(
  tx: Tx,
  dialect: StoreDialect,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('portal_sessions')
    .where('expires_at', '<=', after(at, -keptMs))
    .orderBy('expires_at')
    .limit(limit)
  return deleteFound(tx, dialect, 'portal_sessions', ['organization_id', 'id'], over)
}
