// Deletes what is not kept any longer of profiles of calls, some rows at a time.
import { type RawBuilder, sql } from 'kysely'
import { dayMs } from '../core/periods.ts'
import type { StoreDialect } from './backend.ts'
import { deleteFound } from './deletions.ts'
import { after, type Instant } from './instants.ts'
import type { Days } from './profile-figures.ts'
import { notedEveryDays, profileColumns } from './profiles.ts'
import type { Tx } from './tables.ts'

interface Deletion {
  keptDays: number
  limit: number
}

/** The first day that is kept. */
function firstDay(at: Instant, keptDays: number): RawBuilder<number> {
  return sql<number>`cast(${after(at, -keptDays * dayMs)} / ${sql.lit(dayMs)} as integer)`
}

/** Deletes some profiles of days so long ago; tells how many. */
export function deleteProfiles(
  tx: Tx,
  dialect: StoreDialect,
  { keptDays, limit }: Deletion,
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('usage_profiles')
    .where('day', '<', firstDay(at, keptDays))
    .orderBy(sql.join(profileColumns.map((column) => sql.ref(column))))
    .limit(limit)
  return deleteFound(tx, dialect, 'usage_profiles', profileColumns, over)
}

/** Deletes some texts that no profile has had for so long; tells how many. */
export async function deleteTexts(
  tx: Tx,
  dialect: StoreDialect,
  { keptDays, limit }: Deletion,
  at: Instant,
): Promise<number> {
  // What was written so long after it was noted last may have it.
  return deleteOld(tx, dialect, 'texts', { keptDays: keptDays + notedEveryDays + 1, limit }, at)
}

/** Deletes some places of days so long ago; tells how many. */
export async function deletePlaces(
  tx: Tx,
  dialect: StoreDialect,
  deletion: Deletion,
  at: Instant,
): Promise<number> {
  return deleteOld(tx, dialect, 'places', deletion, at)
}

function deleteOld(
  tx: Tx,
  dialect: StoreDialect,
  table: 'texts' | 'places',
  { keptDays, limit }: Deletion,
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom(`usage_${table}`)
    .where('day', '<', firstDay(at, keptDays))
    .orderBy('day')
    .limit(limit)
  return deleteFound(tx, dialect, `usage_${table}`, ['number'], over)
}

/** Deletes the places that a key has on some days, by its id. */
export async function forgetPlacesOfKey(tx: Tx, keyId: string, { first, end }: Days): Promise<void> {
  const days = Array.from({ length: end - first }, (_, i) => first + i)
  const number = tx
    .selectFrom('usage_names')
    .select('number')
    .where('kind', '=', 'key')
    .where('name', '=', keyId)
  await tx.deleteFrom('usage_places').where('day', 'in', days).where('key', '=', number).execute()
}
