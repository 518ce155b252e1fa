// Deletes what is not kept any longer of profiles of calls, some rows at a time.
import { type RawBuilder, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import { after, type Instant } from './instants.ts'
import type { Days } from './profile-figures.ts'
import { notedEveryDays, profileColumns } from './profiles.ts'
import type { Tx } from './tables.ts'

interface Deletion {
  keptDays: number
  limit: number
}

const dayMs = 86_400_000

/** The first day that is kept. */
function firstDay(at: Instant, keptDays: number): RawBuilder<number> {
  return sql<number>`cast(${after(at, -keptDays * dayMs)} / ${sql.lit(dayMs)} as integer)`
}

/** Deletes some profiles of days so long ago; tells how many. */
export async function deleteProfiles(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  { keptDays, limit }: Deletion,
  at: Instant,
): Promise<number> {
  const over = tx
    .selectFrom('usage_profiles')
    .select(profileColumns)
    .where('day', '<', firstDay(at, keptDays))
    .orderBy(sql.join(profileColumns.map((column) => sql.ref(column))))
    .limit(limit)
    .$if(skipsLocked, (query) => query.forUpdate().skipLocked())
  const { numDeletedRows } = await tx
    .with('over', () => over)
    .deleteFrom('usage_profiles')
    .where(
      sql`(${sql.join(profileColumns.map((column) => sql.ref(column)))})`,
      'in',
      sql<never>`(select ${sql.join(profileColumns.map((column) => sql.ref(column)))} from over)`,
    )
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
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

async function deleteOld(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  table: 'texts' | 'places',
  { keptDays, limit }: Deletion,
  at: Instant,
): Promise<number> {
  const { numDeletedRows } = await tx
    .with('over', (with_) =>
      with_
        .selectFrom(`usage_${table}`)
        .select('number')
        .where('day', '<', firstDay(at, keptDays))
        .orderBy('day')
        .limit(limit)
        .$if(skipsLocked, (query) => query.forUpdate().skipLocked()),
    )
    .deleteFrom(`usage_${table}`)
    .where('number', 'in', (eb) => eb.selectFrom('over').select('over.number'))
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
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
