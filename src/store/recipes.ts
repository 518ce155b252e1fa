// The table of recipes: how the tokens of other systems are found. There are a few at most.
import { sql } from 'kysely'
import type { HashScheme, Recipe } from '../core/recipes.ts'
import type { StoreDialect } from './backend.ts'
import type { Db, Tx } from './tables.ts'

/** A recipe with its number, which a secret of it has. */
export interface StoredRecipe extends Recipe {
  id: number
}

/** Any number: it keeps this lock apart from those of other programs on the database. */
const lockNumber = 0x6c61_7464

/**
 * Keeps the recipes as they are until the transaction ends, for one that uses them, beside others that do; or, alone, for one
 * that changes them.
 */
export async function lockRecipes(tx: Tx, { skipsLocked }: StoreDialect, isAlone: boolean): Promise<void> {
  if (!skipsLocked) return
  const lock = isAlone ? sql`pg_advisory_xact_lock` : sql`pg_advisory_xact_lock_shared`
  await sql`select ${lock}(${sql.lit(lockNumber)})`.execute(tx)
}

export async function readRecipes(db: Db): Promise<StoredRecipe[]> {
  const rows = await db.selectFrom('recipes').selectAll().orderBy('id').execute()
  return rows.map(({ id, scheme, part, pepper }) => ({ id, scheme: scheme as HashScheme, part, pepper }))
}

export async function insertRecipe(tx: Tx, recipe: StoredRecipe, now: number): Promise<void> {
  await tx
    .insertInto('recipes')
    .values({ ...recipe, created_at: now })
    .execute()
}

/** Deletes a recipe if no secret of it is left that is not ended; tells whether it did. */
export async function deleteUnused(tx: Tx, id: number): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('recipes')
    .where('id', '=', id)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('secrets').select('kid').where('recipe', '=', id).where('ended_at', 'is', null),
        ),
      ),
    )
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Counts the secrets of a recipe that are not ended, up to so many. */
export async function countOfRecipe(db: Db, id: number, most: number): Promise<number> {
  const { count } = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('secrets')
        .select('kid')
        .where('recipe', '=', id)
        .where('ended_at', 'is', null)
        .limit(most)
        .as('found'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
