// The table of plans: named sets of limits that organizations share.
import type { Selectable } from 'kysely'
import {
  bytesOf,
  bytesSoFar,
  isAfter,
  type Position,
  type Slice,
  type SliceBounds,
  toSlice,
} from './cursors.ts'
import type { PlansTable } from './key-tables.ts'
import { nextRevision } from './revisions.ts'
import type { Db, Tx } from './tables.ts'

export type PlanRow = Selectable<PlansTable>

/** Inserts a plan unless its name is taken; tells whether it did. */
export async function insertPlan(tx: Tx, row: PlanRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('plans')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function findPlan(db: Db, name: string): Promise<PlanRow | undefined> {
  return db.selectFrom('plans').selectAll().where('id', '=', name).executeTakeFirst()
}

/** Finds the plan of an organization; undefined if it is on none. */
export async function findPlanOf(db: Db, organizationId: string): Promise<PlanRow | undefined> {
  return db
    .selectFrom('plans')
    .innerJoin('organizations', 'organizations.plan', 'plans.id')
    .selectAll('plans')
    .where('organizations.id', '=', organizationId)
    .executeTakeFirst()
}

/** Takes the row's lock for the rest of the transaction, by a write that changes nothing. */
export async function lockPlan(tx: Tx, name: string): Promise<PlanRow | undefined> {
  return tx
    .updateTable('plans')
    .set((eb) => ({ limits: eb.ref('limits') }))
    .where('id', '=', name)
    .returningAll()
    .executeTakeFirst()
}

/** Changes a plan that {@link lockPlan} found. */
export async function changePlan(
  tx: Tx,
  row: PlanRow,
  change: Pick<PlanRow, 'permissions' | 'limits' | 'key_limits'>,
  now: number,
): Promise<PlanRow> {
  return tx
    .updateTable('plans')
    .set({ ...change, revision: nextRevision(row, now) })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Deletes a plan that {@link lockPlan} found. */
export async function deletePlanRow(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('plans').where('id', '=', name).execute()
}

/** Counts the organizations that are on a plan. */
export async function countOrganizationsOn(db: Db, name: string): Promise<number> {
  const { count } = await db
    .selectFrom('organizations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('plan', '=', name)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Reads the next plans, by their names. */
export async function readPlanSlice(
  db: Db,
  after: Position | undefined,
  bounds: SliceBounds,
): Promise<Slice<PlanRow>> {
  const rows = await db
    .selectFrom(
      db
        .selectFrom('plans')
        .$if(after !== undefined, (q) => q.where((eb) => isAfter(eb, byName, after as Position)))
        .selectAll()
        .select(bytesSoFar(byName, longColumns).as('bytes'))
        .orderBy('id')
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    .where((eb) => eb(eb('bytes', '-', bytesOf(longColumns)), '<', bounds.maxBytes))
    .execute()
  return toSlice(rows, bounds, undefined, (row) => [row.id, row.id])
}

const byName = { column: 'id', direction: 'asc' } as const
const longColumns = ['limits', 'key_limits']
