// Keys that open nothing: how often they were tried, and when that was told of last.
import { sql } from 'kysely'
import type { Tx } from './tables.ts'

/** Tries of a decoy that are to be told of. */
export interface Tries {
  keyId: string
  count: number
  /** When the last of them was. */
  lastAt: number
}

/**
 * Adds tries to a decoy, unless some were told of within so long before: then nothing is done, since another process has told of it.
 * Gives whose it is, and how many there were in all.
 */
export async function addTries(
  tx: Tx,
  { keyId, count, lastAt }: Tries,
  now: number,
  everyMs: number,
): Promise<{ organizationId: string; tries: number } | undefined> {
  const row = await tx
    .updateTable('keys')
    .set((eb) => ({
      decoy_tries: eb('decoy_tries', '+', count),
      decoy_tried_at: sql<number>`case when decoy_tried_at > ${lastAt} then decoy_tried_at else ${lastAt} end`,
      decoy_told_at: now,
    }))
    .where('id', '=', keyId)
    .where('decoy_tries', 'is not', null)
    // A clock that was set back must not keep it quiet.
    .where((eb) =>
      eb.or([
        eb('decoy_told_at', 'is', null),
        eb('decoy_told_at', '<=', now - everyMs),
        eb('decoy_told_at', '>', now),
      ]),
    )
    .returning(['organization_id', 'decoy_tries'])
    .executeTakeFirst()
  return row && { organizationId: row.organization_id, tries: Number(row.decoy_tries) }
}
