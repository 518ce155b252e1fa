// What must be known to write the report of a verifier elsewhere.
import type { Instant } from './instants.ts'
import type { Db } from './tables.ts'

/** Whose the keys and secrets of a report are, and whether its verifier is known. */
export interface Reported {
  /** In milliseconds since 1970, by the database's clock. */
  now: number
  /** The organizations of keys, by the ids of these. */
  keys: Map<string, string>
  secrets: Map<string, { keyId: string; organizationId: string }>
  /** Whether its reporter has reported for this verifier lately. */
  isKnown: boolean
}

/** Reads it, each id once. */
export async function readReported(
  db: Db,
  { keyIds, kids, source }: { keyIds: readonly string[]; kids: readonly string[]; source: string },
  at: Instant,
): Promise<Reported> {
  const { now } = await db.selectNoFrom(at.as('now')).executeTakeFirstOrThrow()
  const keys =
    keyIds.length === 0
      ? []
      : await db
          .selectFrom('keys')
          .select(['id', 'organization_id'])
          .where('id', 'in', [...new Set(keyIds)])
          .execute()
  const secrets =
    kids.length === 0
      ? []
      : await db
          .selectFrom('secrets')
          .select(['kid', 'key_id as keyId', 'organization_id as organizationId'])
          .where('kid', 'in', [...new Set(kids)])
          .execute()
  const known = await db.selectFrom('usage_sources').select('id').where('id', '=', source).executeTakeFirst()
  return {
    now: Number(now),
    keys: new Map(keys.map(({ id, organization_id }) => [id, organization_id])),
    secrets: new Map(secrets.map(({ kid, ...secret }) => [kid, secret])),
    isKnown: known !== undefined,
  }
}
