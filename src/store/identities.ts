// The tables of identities, and of the members at which they stand.
import type { Selectable } from 'kysely'
import type { IdentitiesTable } from './member-tables.ts'
import type { MemberRow } from './members.ts'
import type { Db, Tx } from './tables.ts'

export type IdentityRow = Selectable<IdentitiesTable>

/** Reads an identity that is there. */
export async function getIdentity(db: Db, id: string): Promise<IdentityRow> {
  return db.selectFrom('identities').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
}

/** Finds an identity by what a provider knows it as. */
export async function findIdentity(
  db: Db,
  { provider, issuer, subject }: Pick<IdentityRow, 'provider' | 'issuer' | 'subject'>,
): Promise<IdentityRow | undefined> {
  return db
    .selectFrom('identities')
    .selectAll()
    .where('provider', '=', provider)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
}

/** Inserts an identity unless somebody has done so; gives the one that is there. */
export async function ensureIdentity(tx: Tx, row: IdentityRow): Promise<IdentityRow> {
  await tx
    .insertInto('identities')
    .values(row)
    .onConflict((conflict) => conflict.columns(['provider', 'issuer', 'subject']).doNothing())
    .execute()
  return tx
    .selectFrom('identities')
    .selectAll()
    .where('provider', '=', row.provider)
    .where('issuer', '=', row.issuer)
    .where('subject', '=', row.subject)
    .executeTakeFirstOrThrow()
}

/** Gives an identity of a member another label. */
export async function labelIdentity(tx: Tx, id: string, label: string): Promise<IdentityRow> {
  return tx
    .updateTable('identities')
    .set({ label })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Notes that somebody has signed in by an identity. */
export async function markIdentityUsed(tx: Tx, id: string, now: number): Promise<void> {
  await tx.updateTable('identities').set({ last_used_at: now }).where('id', '=', id).execute()
}

/** Has an identity stand at a member. */
export async function linkIdentity(
  tx: Tx,
  member: MemberRow,
  identityId: string,
  now: number,
): Promise<void> {
  await tx
    .insertInto('member_identities')
    .values({
      member_id: member.id,
      identity_id: identityId,
      organization_id: member.organization_id,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['member_id', 'identity_id']).doNothing())
    .execute()
}

/** The identities that stand at a member, first ones first. */
export async function listIdentities(db: Db, member: MemberRow): Promise<IdentityRow[]> {
  return db
    .selectFrom('member_identities')
    .innerJoin('identities', 'identities.id', 'member_identities.identity_id')
    .selectAll('identities')
    .where('member_identities.member_id', '=', member.id)
    .where('member_identities.organization_id', '=', member.organization_id)
    .orderBy('member_identities.created_at')
    .orderBy('identities.id')
    .execute()
}

/** Tells whether one of the members of an organization who are not removed has an identity. */
export async function standsAt(db: Db, identityId: string, organizationId: string): Promise<boolean> {
  const found = await db
    .selectFrom('member_identities')
    .innerJoin('members', 'members.id', 'member_identities.member_id')
    .select('members.id')
    .where('member_identities.identity_id', '=', identityId)
    .where('members.organization_id', '=', organizationId)
    .where('members.removed_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** Takes an identity from a member. */
export async function unlinkIdentity(tx: Tx, member: MemberRow, identityId: string): Promise<void> {
  await tx
    .deleteFrom('member_identities')
    .where('member_id', '=', member.id)
    .where('organization_id', '=', member.organization_id)
    .where('identity_id', '=', identityId)
    .execute()
}

/** Takes all identities from a member; gives their ids. */
export async function unlinkIdentities(tx: Tx, member: MemberRow): Promise<string[]> {
  const rows = await tx
    .deleteFrom('member_identities')
    .where('member_id', '=', member.id)
    .where('organization_id', '=', member.organization_id)
    .returning('identity_id')
    .execute()
  return rows.map(({ identity_id }) => identity_id)
}

/** Deletes those of these identities that stand at no member any more, and have no session. */
export async function deleteLooseIdentities(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const standing = await tx
    .selectFrom('member_identities')
    .select('identity_id')
    .where('identity_id', 'in', ids)
    .execute()
  const loose = ids.filter((id) => !standing.some(({ identity_id }) => identity_id === id))
  if (loose.length === 0) return
  await tx.deleteFrom('passkeys').where('identity_id', 'in', loose).execute()
  await tx.deleteFrom('identities').where('id', 'in', loose).execute()
}
