// Callers as the database has them: what a change is judged by, inside its own transaction.
import { sql } from 'kysely'
import { keep } from './kept-statements.ts'
import { ancestors } from './lines.ts'
import type { Db, Tx } from './tables.ts'

/** A secret, its key and, for a caller that came by one, its session. Instants are milliseconds since 1970. */
export interface CallerRow {
  kid: string
  key_id: string
  organization_id: string
  permissions: string
  expires_at: number | null
  revoked_at: number | null
  suspended_at: number | null
  organization_suspended_at: number | null
  not_before: number | null
  /** A list as JSON; null for anywhere. */
  allowed_ips: string | null
  /** When a grace ends; null for the newest secret. */
  grace_ends_at: number | null
  /** When somebody ended the secret for good. */
  ended_at: number | null
  /** The key's own limits, and those that the plan of its organization gives each key, as JSON; null for no plan. */
  limits: string
  plan_key_limits: string | null
  /** The keys from whose limits it draws as well, the nearest first. */
  limits_from: string | null
  second: string | null
  third: string | null
  /** The keys of which it is a child; see `readAncestors`. */
  ancestors: string | null
}

/** A session as a change is judged by it. */
export interface CallerSessionRow {
  id: string
  key_id: string
  kid: string
  expires_at: number
  last_seen_at: number
  /** Until when its sign-in is fresh. */
  fresh_until: number
}

/** Finds the secrets of these kids, each with its key. */
export async function findCallers(db: Db, kids: readonly string[]): Promise<CallerRow[]> {
  const [kid] = kids
  // Most changes are of one caller.
  return kid !== undefined && kids.length === 1
    ? (await findCaller(db, { kid })).rows
    : selectCallers(db, kids).execute()
}

const findCaller = keep((db, { kid }: { kid: string }) => selectCallers(db, [kid]))

function selectCallers(db: Db, kids: readonly string[]) {
  return db
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.id', 'secrets.key_id')
    .innerJoin('organizations', 'organizations.id', 'keys.organization_id')
    .leftJoin('plans', 'plans.id', 'organizations.plan')
    .leftJoin('keys as first', 'first.id', 'keys.limits_from')
    .leftJoin('keys as second', 'second.id', 'first.limits_from')
    .leftJoin('keys as third', 'third.id', 'second.limits_from')
    .leftJoin('secrets as first_maker', 'first_maker.kid', 'keys.parent_kid')
    .leftJoin('secrets as second_maker', 'second_maker.kid', 'first.parent_kid')
    .leftJoin('secrets as third_maker', 'third_maker.kid', 'second.parent_kid')
    .select([
      'secrets.kid',
      'secrets.key_id',
      'keys.organization_id',
      'keys.permissions',
      'keys.expires_at',
      'keys.revoked_at',
      'keys.suspended_at',
      'organizations.suspended_at as organization_suspended_at',
      'keys.not_before',
      'keys.allowed_ips',
      'secrets.grace_ends_at',
      'secrets.ended_at',
      'keys.limits',
      'plans.key_limits as plan_key_limits',
      'keys.limits_from',
      'second.id as second',
      'second.limits_from as third',
      sql<string | null>`${sql.raw(ancestors)}`.as('ancestors'),
    ])
    .where('secrets.kid', 'in', kids)
}

/** Finds those of these sessions that are still there. */
export async function findCallerSessions(tx: Tx, ids: readonly string[]): Promise<CallerSessionRow[]> {
  return tx
    .selectFrom('sessions')
    .select(['id', 'key_id', 'kid', 'expires_at', 'last_seen_at', 'fresh_until'])
    .where('id', 'in', ids)
    .execute()
}
