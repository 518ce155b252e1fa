// The one read that a verification makes: all that judging a token takes, by its kid. Its columns have the names of
// `StoredSecret`.

import { ancestors, makers } from './lines.ts'

/**
 * The read of one secret as SQL for a prepared statement, by hand: Kysely's would be prepared anew each time. The prefix stands
 * before the tables' names.
 */
export function factsQuery(placeholder: string, prefix = ''): string {
  return `${factsOfSecrets(prefix)} where secrets.kid = ${placeholder}`
}

/** The same of many secrets, by a list of their kids: for PostgreSQL, where a read costs a way there and back. */
export function manyFactsQuery(placeholder: string, prefix: string): string {
  return `${factsOfSecrets(prefix)} where secrets.kid = any(cast(${placeholder} as text[]))`
}

const factsOfSecrets = (
  prefix: string,
) => `select secrets.kid, secrets.digest, secrets.grace_ends_at as "graceEndsAt", secrets.ended_at as "endedAt",
    keys.id as "keyId", keys.organization_id as "organizationId", keys.name, keys.permissions, keys.metadata,
    keys.expires_at as "expiresAt", keys.revoked_at as "revokedAt",
    keys.suspended_at as "suspendedAt", organizations.suspended_at as "organizationSuspendedAt",
    keys.not_before as "notBefore", keys.allowed_ips as "allowedIps", keys.decoy_tries as "decoyTries",
    ${drawn} as "limits", ${ancestors} as "ancestors"
    from ${prefix}secrets join ${prefix}keys on keys.id = secrets.key_id
    left join ${prefix}organizations on organizations.id = keys.organization_id
    left join ${prefix}plans on plans.id = organizations.plan
    left join ${prefix}keys as first on first.id = keys.limits_from
    left join ${prefix}keys as second on second.id = first.limits_from
    left join ${prefix}keys as third on third.id = second.limits_from
    ${makers(prefix)}`

/** The lines that `readDrawn` reads. No JSON has a line break in it. */
const drawn = `case when keys.limits = '[]' and organizations.limits = '[]' and organizations.plan is null
    and keys.limits_from is null then null else ${[
      'keys.limits',
      'organizations.limits',
      'plans.id',
      'plans.permissions',
      'plans.limits',
      'plans.key_limits',
      ...['first', 'second', 'third'].flatMap((key) => [`${key}.id`, `${key}.limits`]),
    ]
      .map((column) => `coalesce(${column}, '')`)
      .join(` || '
' || `)} end`
