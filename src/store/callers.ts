// Callers as the database has them: what a change is judged by, inside its own transaction.
import type { Tx } from './tables.ts'

/** A secret, its key and, for a caller that came by one, its session. Instants are milliseconds since 1970. */
export interface CallerRow {
  kid: string
  key_id: string
  organization_id: string
  permissions: string
  expires_at: number | null
  revoked_at: number | null
  /** When a grace ends; null for the newest secret. */
  grace_ends_at: number | null
  /** When somebody ended the secret for good. */
  ended_at: number | null
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
export async function findCallers(tx: Tx, kids: readonly string[]): Promise<CallerRow[]> {
  return tx
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.id', 'secrets.key_id')
    .select([
      'secrets.kid',
      'secrets.key_id',
      'keys.organization_id',
      'keys.permissions',
      'keys.expires_at',
      'keys.revoked_at',
      'secrets.grace_ends_at',
      'secrets.ended_at',
    ])
    .where('secrets.kid', 'in', kids)
    .execute()
}

/** Finds those of these sessions that are still there. */
export async function findCallerSessions(tx: Tx, ids: readonly string[]): Promise<CallerSessionRow[]> {
  return tx
    .selectFrom('sessions')
    .select(['id', 'key_id', 'kid', 'expires_at', 'last_seen_at', 'fresh_until'])
    .where('id', 'in', ids)
    .execute()
}
