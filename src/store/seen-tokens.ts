// Which members have seen which tokens that still open something, and what they have made who are gone.
import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { MemberRow } from './members.ts'
import type { Db } from './tables.ts'

/** The keys that are not revoked, of whose live tokens a member has seen one. */
function seenKeys(db: Db, member: Pick<MemberRow, 'id'>, now: number) {
  return db
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.id', 'secrets.key_id')
    .where('secrets.created_by', '=', member.id)
    .where('secrets.created_by_type', '=', 'member')
    .where('secrets.ended_at', 'is', null)
    .where((eb) => eb.or([eb('secrets.grace_ends_at', 'is', null), eb('secrets.grace_ends_at', '>', now)]))
    .where('keys.revoked_at', 'is', null)
    .where((eb) => eb.or([eb('keys.expires_at', 'is', null), eb('keys.expires_at', '>', now)]))
}

/** Counts those keys, up to a bound. */
export async function countSeenKeys(
  db: Db,
  member: Pick<MemberRow, 'id'>,
  now: number,
  most: number,
): Promise<number> {
  const { count } = await db
    .selectFrom(seenKeys(db, member, now).select('keys.id').distinct().limit(most).as('seen'))
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The ids of those of them that hold a permission of the management API, up to a bound. */
export async function listSeenManagementKeys(
  db: Db,
  member: Pick<MemberRow, 'id'>,
  now: number,
  most: number,
): Promise<string[]> {
  const rows = await seenKeys(db, member, now)
    .select('keys.id')
    .distinct()
    .where('keys.permissions', 'like', '%"latchkey:%')
    .orderBy('keys.id')
    .limit(most)
    .execute()
  return rows.map(({ id }) => id)
}

/** The ids of keys, revoked ones included, of whose live tokens a member has seen one, up to a bound. */
export async function findSeenKeys(db: Db, memberId: string, now: number, most: number): Promise<string[]> {
  const rows = await db
    .selectFrom('secrets')
    .select('key_id')
    .distinct()
    .where('created_by', '=', memberId)
    .where('created_by_type', '=', 'member')
    .where('ended_at', 'is', null)
    .where((eb) => eb.or([eb('grace_ends_at', 'is', null), eb('grace_ends_at', '>', now)]))
    .limit(most)
    .execute()
  return rows.map(({ key_id }) => key_id)
}

/** Tells, in SQL, whether a member has seen a valid token of a key of a list. */
export function hasSeenToken(memberId: string, now: number): RawBuilder<SqlBool> {
  return sql`id in (select key_id from ${sql.table('secrets')} as seen where seen.created_by = ${memberId}
    and seen.created_by_type = 'member' and seen.ended_at is null
    and (seen.grace_ends_at is null or seen.grace_ends_at > ${now}))`
}

/** Tells, in SQL, whether a member has created a key of a list who is removed. */
export const isCreatorGone: RawBuilder<SqlBool> = sql`created_by_type = 'member' and created_by in
  (select gone.id from ${sql.table('members')} as gone where gone.removed_at is not null)`
