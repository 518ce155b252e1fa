// The table of the catalogue: the permissions that the operator has described.
import type { Selectable } from 'kysely'
import type { CatalogueTable } from './key-tables.ts'
import type { Db, Tx } from './tables.ts'

export type CatalogueRow = Selectable<CatalogueTable>

/** Reads the whole catalogue, by the names; it is bounded. */
export async function readCatalogue(db: Db): Promise<CatalogueRow[]> {
  return db.selectFrom('catalogue').selectAll().orderBy('id').execute()
}

/** Adds entries, or replaces those of the same names. */
export async function writeCatalogue(tx: Tx, rows: readonly CatalogueRow[]): Promise<void> {
  await tx
    .insertInto('catalogue')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        description: eb.ref('excluded.description'),
        group_name: eb.ref('excluded.group_name'),
      })),
    )
    .execute()
}

/** Removes entries. */
export async function deleteFromCatalogue(tx: Tx, names: readonly string[]): Promise<void> {
  await tx.deleteFrom('catalogue').where('id', 'in', names).execute()
}
