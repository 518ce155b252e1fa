// The one read that a verification makes: all that judging a token takes, by its kid. Its columns have the names of
// `StoredSecret`.

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
) => `select secrets.kid, secrets.digest, secrets.grace_ends_at as "graceEndsAt", secrets.ended_at as "endedAt",
    keys.id as "keyId", keys.organization_id as "organizationId", keys.name, keys.permissions, keys.metadata,
    keys.expires_at as "expiresAt", keys.revoked_at as "revokedAt"
    from ${prefix}secrets join ${prefix}keys on keys.id = secrets.key_id`
