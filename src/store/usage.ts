// When secrets and their keys were last used: written in batches, never backwards.
import { sql } from 'kysely'
import type { Tx } from './tables.ts'

/** One secret's latest use, in milliseconds since 1970. */
export interface Use {
  kid: string
  keyId: string
  organizationId: string
  at: number
}

/**
 * Writes a batch of uses, of at most a few hundred secrets. An instant later than the given one stays.
 *
 * An UPDATE of many rows locks them in whatever order its plan finds them. Two batches of the same keys would wait for
 * each other, so each first locks its rows in one order: keys by id, then secrets by kid, as every change does. SQLite
 * has one writer at a time, and its compiler leaves the locks out (`sqlite.ts`).
 */
export async function saveUses(tx: Tx, uses: readonly Use[]): Promise<void> {
  const rows = sql.join(
    uses.map((use) => sql`(${use.kid}, ${use.keyId}, ${use.organizationId}, cast(${use.at} as bigint))`),
  )
  // Sent one behind the other without waiting: the connection keeps their order.
  await Promise.all([
    tx
      .selectFrom('keys')
      .select('id')
      .where('id', 'in', [...new Set(uses.map(({ keyId }) => keyId))])
      .orderBy('id')
      .forNoKeyUpdate()
      .execute(),
    sql`with used (kid, key_id, organization_id, at) as (values ${rows})
      update ${sql.table('keys')} set last_used_at = latest.at
      from (select key_id, organization_id, max(at) as at from used group by key_id, organization_id) as latest
      where keys.id = latest.key_id and keys.organization_id = latest.organization_id
        and keys.last_used_at < latest.at`.execute(tx),
    tx
      .selectFrom('secrets')
      .select('kid')
      .where(
        'kid',
        'in',
        uses.map(({ kid }) => kid),
      )
      .orderBy('kid')
      .forNoKeyUpdate()
      .execute(),
    sql`with used (kid, key_id, organization_id, at) as (values ${rows})
      update ${sql.table('secrets')} set last_used_at = used.at from used
      where secrets.kid = used.kid and secrets.organization_id = used.organization_id
        and secrets.last_used_at < used.at`.execute(tx),
  ])
}
