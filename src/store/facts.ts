// The one read that a verification makes: all that judging a token takes, by its kid.

/** A secret and its key as the database has them; see `tables.ts` for the columns. */
export interface FactsRow {
  kid: string
  digest: Uint8Array
  /** When its grace ends or ended; null for the newest. */
  grace_ends_at: number | null
  /** When somebody ended it for good. */
  ended_at: number | null
  key_id: string
  organization_id: string
  name: string
  permissions: string
  metadata: string
  expires_at: number | null
  revoked_at: number | null
}

/** The read of one secret as SQL for a prepared statement, by hand: Kysely's would be prepared anew each time. */
export function factsQuery(placeholder: string): string {
  return `${factsOfSecrets('')} where secrets.kid = ${placeholder}`
}

/**
 * The same of many secrets, by a list of their kids: for PostgreSQL, where a read costs a way there and back. The
 * prefix stands before the tables' names.
 */
export function manyFactsQuery(placeholder: string, prefix: string): string {
  return `${factsOfSecrets(prefix)} where secrets.kid = any(cast(${placeholder} as text[]))`
}

const factsOfSecrets = (
  prefix: string,
) => `select secrets.kid, secrets.digest, secrets.expires_at as grace_ends_at, secrets.ended_at,
    keys.id as key_id, keys.organization_id, keys.name, keys.permissions, keys.metadata, keys.expires_at, keys.revoked_at
    from ${prefix}secrets join ${prefix}keys on keys.id = secrets.key_id`
