// The table of prefixes: what the tokens of new keys may begin with.
import type { Db, Tx } from './tables.ts'

/** Reads the prefixes in their order; none if nobody has ever set any. */
export async function readPrefixes(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('prefixes').select('id').orderBy('place').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** Replaces the prefixes. */
export async function writePrefixes(tx: Tx, prefixes: readonly string[]): Promise<void> {
  await tx.deleteFrom('prefixes').where('id', 'not in', prefixes).execute()
  await tx
    .insertInto('prefixes')
    .values(prefixes.map((id, place) => ({ id, place })))
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({ place: eb.ref('excluded.place') })),
    )
    .execute()
}
