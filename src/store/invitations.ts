// The table of invitations. Every statement on one names its organization, but for the one that finds it by its secret.
import type { Selectable } from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import type { Scope } from '../core/scope.ts'
import type { InvitationStatus } from '../core/shapes/invitations.ts'
import type { StoreDialect } from './backend.ts'
import { bytesSoFar, isAfter, type Position, type Slice, type SliceBounds, toSlice } from './cursors.ts'
import { deleteFound } from './deletions.ts'
import { after, type Instant } from './instants.ts'
import type { InvitationsTable } from './member-tables.ts'
import type { MemberRow } from './members.ts'
import type { Db, Tx } from './tables.ts'

export type InvitationRow = Selectable<InvitationsTable>

export async function insertInvitation(tx: Tx, row: InvitationRow): Promise<void> {
  await tx.insertInto('invitations').values(row).execute()
}

/** Finds an invitation of a scope. */
export async function findInvitation(db: Db, id: string, scope: Scope): Promise<InvitationRow | undefined> {
  return db
    .selectFrom('invitations')
    .selectAll()
    .where('id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .executeTakeFirst()
}

/** Finds an invitation, pending or not, by the digest of its secret. */
export async function findInvitationBySecret(db: Db, digest: Uint8Array): Promise<InvitationRow | undefined> {
  return db.selectFrom('invitations').selectAll().where('digest', '=', digest).executeTakeFirst()
}

/** Changes an invitation. Throws if it is not there. */
export async function changeInvitation(
  tx: Tx,
  row: InvitationRow,
  change: Partial<
    Pick<
      InvitationRow,
      | ('digest' | 'sent' | 'expires_at' | 'accepted_at' | 'revoked_at' | 'member_id')
      | ('created_by' | 'created_by_type')
    >
  >,
): Promise<InvitationRow> {
  return tx
    .updateTable('invitations')
    .set(change)
    .where('id', '=', row.id)
    .where('organization_id', '=', row.organization_id)
    .returningAll()
    .executeTakeFirstOrThrow(
      () => new LatchkeyError('internal', 'The change of an invitation affected no row.'),
    )
}

/** The pending invitations of an organization: all, or those for an address. There are few. */
export async function listPendingInvitations(
  db: Db,
  organizationId: string,
  now: number,
  emailFolded?: string,
): Promise<InvitationRow[]> {
  return db
    .selectFrom('invitations')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .$if(emailFolded !== undefined, (query) => query.where('email_folded', '=', emailFolded as string))
    .execute()
}

/** What a list of invitations is asked for. */
export interface InvitationQuery {
  scope: Scope
  status: InvitationStatus | 'all'
  now: number
  after: Position | undefined
}

const newestFirst = { column: 'created_at', direction: 'desc' } as const
// The others are short.
const longColumns = ['email']

/** Reads the next invitations of a list, newest first. */
export async function readInvitationSlice(
  db: Db,
  { scope, status, now, after: position }: InvitationQuery,
  bounds: SliceBounds,
): Promise<Slice<InvitationRow>> {
  const rows = await db
    .selectFrom('invitations')
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .$if(position !== undefined, (query) =>
      query.where((eb) => isAfter(eb, newestFirst, position as Position)),
    )
    .$if(status === 'accepted', (query) => query.where('accepted_at', 'is not', null))
    .$if(status === 'revoked', (query) => query.where('revoked_at', 'is not', null))
    .$if(status === 'pending' || status === 'expired', (query) =>
      query
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        .where('expires_at', status === 'pending' ? '>' : '<=', now),
    )
    .selectAll()
    .select(bytesSoFar(newestFirst, longColumns).as('bytes'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(bounds.limit + 1)
    .execute()
  return toSlice(rows, bounds, undefined, (row) => [row.created_at, row.id])
}

/** Deletes the invitations of a member that is erased, and those for its address that are of no use any more. */
export async function deleteInvitationsOf(
  tx: Tx,
  { id, organization_id, email_folded }: MemberRow,
  now: number,
): Promise<void> {
  await tx
    .deleteFrom('invitations')
    .where('organization_id', '=', organization_id)
    .where((eb) => {
      const isOver = eb.or([
        eb('accepted_at', 'is not', null),
        eb('revoked_at', 'is not', null),
        eb('expires_at', '<=', now),
      ])
      return eb.or([eb('member_id', '=', id), eb.and([eb('email_folded', '=', email_folded ?? ''), isOver])])
    })
    .execute()
}

/** Deletes invitations some time after they can no longer be used, and tells how many. */
export async function deleteOldInvitations(
  tx: Tx,
  dialect: StoreDialect,
  { keptMs, limit }: { keptMs: number; limit: number },
  at: Instant,
): Promise<number> {
  const old = tx
    .selectFrom('invitations')
    .where('expires_at', '<=', after(at, -keptMs))
    .orderBy('expires_at')
    .limit(limit)
  return deleteFound(tx, dialect, 'invitations', ['id'], old)
}
