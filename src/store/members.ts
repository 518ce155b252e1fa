// The table of members, and as whom an identity may act. Every statement on a member names its organization.
import { type Selectable, type SqlBool, sql } from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import type { Scope } from '../core/scope.ts'
import type { MemberStatus } from '../core/shapes/members.ts'
import { type MayAct, passkeyProvider } from '../core/sign-in-reach.ts'
import type { StoreDialect } from './backend.ts'
import { bytesSoFar, isAfter, type Position, type Slice, type SliceBounds, toSlice } from './cursors.ts'
import { selectGiven } from './given-rows.ts'
import type { MembersTable } from './member-tables.ts'
import { nextRevision } from './revisions.ts'
import type { Db, Tx } from './tables.ts'

export type MemberRow = Selectable<MembersTable>

export async function insertMember(tx: Tx, row: MemberRow): Promise<void> {
  await tx.insertInto('members').values(row).execute()
}

/** Finds a member of a scope. */
export async function findMember(db: Db, id: string, scope: Scope): Promise<MemberRow | undefined> {
  return db
    .selectFrom('members')
    .selectAll()
    .where('id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .executeTakeFirst()
}

/** Finds members by their ids, removed or not. */
export async function findMembers(db: Db, ids: readonly string[]): Promise<MemberRow[]> {
  return db.selectFrom('members').selectAll().where('id', 'in', ids).execute()
}

/** Finds the member of an address that is not removed. */
export async function findMemberByEmail(
  db: Db,
  organizationId: string,
  emailFolded: string,
): Promise<MemberRow | undefined> {
  return db
    .selectFrom('members')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('email_folded', '=', emailFolded)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
}

/** The members at which an identity stands, removed ones too. */
export async function listMembersOfIdentity(db: Db, identityId: string): Promise<MemberRow[]> {
  return db
    .selectFrom('member_identities')
    .innerJoin('members', 'members.id', 'member_identities.member_id')
    .selectAll('members')
    .where('member_identities.identity_id', '=', identityId)
    .execute()
}

type MemberChange = Partial<
  Pick<
    MemberRow,
    | ('name' | 'role' | 'role_source' | 'rule_provider' | 'email' | 'email_folded' | 'email_verified')
    | ('suspended_at' | 'suspended_reason' | 'removed_at')
  >
>

/** Changes a member. Throws if it is not there. */
export async function changeMember(
  tx: Tx,
  row: MemberRow,
  change: MemberChange,
  now: number,
): Promise<MemberRow> {
  return tx
    .updateTable('members')
    .set({ ...change, revision: nextRevision(row, now) })
    .where('id', '=', row.id)
    .where('organization_id', '=', row.organization_id)
    .returningAll()
    .executeTakeFirstOrThrow(() => new LatchkeyError('internal', 'The change of a member affected no row.'))
}

/** What a list of members is asked for. */
export interface MemberQuery {
  scope: Scope
  status: MemberStatus | 'all'
  after: Position | undefined
}

const newestFirst = { column: 'created_at', direction: 'desc' } as const
// The others are short.
const longColumns = ['role']

/** Reads the next members of a list, newest first. */
export async function readMemberSlice(
  db: Db,
  { scope, status, after }: MemberQuery,
  bounds: SliceBounds,
): Promise<Slice<MemberRow>> {
  const rows = await db
    .selectFrom('members')
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .$if(after !== undefined, (query) => query.where((eb) => isAfter(eb, newestFirst, after as Position)))
    .$if(status === 'active' || status === 'suspended', (query) => query.where('removed_at', 'is', null))
    .$if(status === 'active', (query) => query.where('suspended_at', 'is', null))
    .$if(status === 'suspended', (query) => query.where('suspended_at', 'is not', null))
    .$if(status === 'removed', (query) => query.where('removed_at', 'is not', null))
    .selectAll()
    .select(bytesSoFar(newestFirst, longColumns).as('bytes'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(bounds.limit + 1)
    .execute()
  return toSlice(rows, bounds, undefined, (row) => [row.created_at, row.id])
}

/** Tells whether an organization has an active owner beside a member who could sign in. */
export async function hasOtherOwner(db: Db, { id, organization_id }: MemberRow): Promise<boolean> {
  const other = await db
    .selectFrom('members')
    .innerJoin('member_identities', 'member_identities.member_id', 'members.id')
    .select('members.id')
    .where('members.organization_id', '=', organization_id)
    .where('members.id', '!=', id)
    .where('members.role', '=', 'owner')
    .where('members.suspended_at', 'is', null)
    .where('members.removed_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return other !== undefined
}

/** As whom a person may act, with what that depends on. Instants are milliseconds since 1970. */
export interface StandingRow {
  member_id: string
  identity_id: string
  organization_id: string
  organization_name: string
  /** A list as JSON. */
  grantable_permissions: string
  role: string
  /** What has proved who the person is. */
  provider: string
  /** By what the people of the organization sign in. */
  sign_in: string
  /** Whether the member has a passkey, and a provider: not 0 if it has. */
  has_passkey: SqlBool
  has_provider: SqlBool
}

/**
 * The active members as whom identities may act, in the order of their organizations: all, or some. What proves an identity must
 * count for the organization now.
 */
export async function listStandings(
  db: Db,
  mayAct: MayAct,
  identityIds: readonly string[],
  memberIds?: readonly string[],
): Promise<StandingRow[]> {
  const rows = await db
    .selectFrom('member_identities')
    .innerJoin('members', 'members.id', 'member_identities.member_id')
    .innerJoin('organizations', 'organizations.id', 'members.organization_id')
    .innerJoin('identities', 'identities.id', 'member_identities.identity_id')
    .select([
      'member_identities.member_id',
      'member_identities.identity_id',
      'members.organization_id',
      'organizations.name as organization_name',
      'organizations.grantable_permissions',
      'members.role',
      'identities.provider',
      'organizations.sign_in',
    ])
    .select((eb) => {
      const having = (by: '=' | '!=') =>
        eb.exists(
          eb
            .selectFrom('member_identities as own')
            .innerJoin('identities as one', 'one.id', 'own.identity_id')
            .select('own.member_id')
            .whereRef('own.member_id', '=', 'members.id')
            .where('one.provider', by, passkeyProvider),
        )
      return [having('=').as('has_passkey'), having('!=').as('has_provider')]
    })
    .where('member_identities.identity_id', 'in', identityIds)
    .$if(memberIds !== undefined, (query) => query.where('members.id', 'in', memberIds as string[]))
    .where('members.suspended_at', 'is', null)
    .where('members.removed_at', 'is', null)
    .where('organizations.suspended_at', 'is', null)
    .orderBy('members.organization_id')
    .execute()
  return rows.filter(mayAct)
}

/** Notes that members were seen, unless they were as late as `unlessAfter` already. */
export async function markMembersSeen(
  tx: Tx,
  dialect: StoreDialect,
  members: readonly Pick<MemberRow, 'id' | 'organization_id'>[],
  now: number,
  unlessAfter: number,
): Promise<void> {
  if (members.length === 0) return
  const given = selectGiven(dialect, { id: 'text', organization_id: 'text' }, members)
  await tx
    .updateTable('members')
    .set({ last_seen_at: now })
    .where(sql<boolean>`(id, organization_id) in (${given})`)
    .where((eb) => eb.or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<=', unlessAfter)]))
    .execute()
}
