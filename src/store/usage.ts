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

/** Writes a batch of uses, of at most a few hundred secrets. An instant later than the given one stays. */
export async function saveUses(tx: Tx, uses: readonly Use[]): Promise<void> {
  const rows = sql.join(
    uses.map((use) => sql`(${use.kid}, ${use.keyId}, ${use.organizationId}, cast(${use.at} as bigint))`),
  )
  // Keys before secrets, as every change locks them: the other way round, a rotation and this would wait for each other.
  await sql`with used (kid, key_id, organization_id, at) as (values ${rows})
    update keys set last_used_at = latest.at
    from (select key_id, organization_id, max(at) as at from used group by key_id, organization_id) as latest
    where keys.id = latest.key_id and keys.organization_id = latest.organization_id
      and keys.last_used_at < latest.at`.execute(tx)
  await sql`with used (kid, key_id, organization_id, at) as (values ${rows})
    update secrets set last_used_at = used.at from used
    where secrets.kid = used.kid and secrets.organization_id = used.organization_id
      and secrets.last_used_at < used.at`.execute(tx)
}
