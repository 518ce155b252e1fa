// The table of passkeys: what checks the proofs of an identity whose provider is `passkey`.
import type { Selectable } from 'kysely'
import type { PasskeysTable } from './member-tables.ts'
import type { MemberRow } from './members.ts'
import type { Db, Tx } from './tables.ts'

export type PasskeyRow = Selectable<PasskeysTable>

export async function insertPasskey(tx: Tx, row: PasskeyRow): Promise<void> {
  await tx.insertInto('passkeys').values(row).execute()
}

/** Finds a passkey by its own id, with the handle of its user. */
export async function findPasskey(
  db: Db,
  id: string,
): Promise<(PasskeyRow & { subject: string; issuer: string }) | undefined> {
  return db
    .selectFrom('passkeys')
    .innerJoin('identities', 'identities.id', 'passkeys.identity_id')
    .selectAll('passkeys')
    .select(['identities.subject', 'identities.issuer'])
    .where('passkeys.id', '=', id)
    .executeTakeFirst()
}

/** The passkeys that stand at a member. */
export async function listPasskeys(db: Db, member: Pick<MemberRow, 'id' | 'organization_id'>) {
  return db
    .selectFrom('passkeys')
    .innerJoin('member_identities', 'member_identities.identity_id', 'passkeys.identity_id')
    .select(['passkeys.id', 'passkeys.transports', 'passkeys.identity_id'])
    .where('member_identities.member_id', '=', member.id)
    .where('member_identities.organization_id', '=', member.organization_id)
    .execute()
}

/**
 * Notes the use of a passkey. False if it is gone, or its counter has come further meanwhile: then another has used what may be a
 * copy. Authenticators that do not count always say 0.
 */
export async function usePasskey(
  tx: Tx,
  { id, identity_id }: Pick<PasskeyRow, 'id' | 'identity_id'>,
  { counter, backed_up }: Pick<PasskeyRow, 'counter' | 'backed_up'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('passkeys')
    .set({ counter, backed_up })
    .where('id', '=', id)
    .where('identity_id', '=', identity_id)
    .where((eb) => (counter === 0 ? eb('counter', '=', 0) : eb('counter', '<', counter)))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
