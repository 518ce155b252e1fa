// The table of policies: what keys may be. The row of the root organization is the policy of the deployment.
import { type RawBuilder, type Selectable, sql } from 'kysely'
import { rootOrganizationId } from '../core/access.ts'
import { noRules } from '../core/policy.ts'
import type { PolicyRules } from '../core/shapes/policies.ts'
import type { StoreDialect } from './backend.ts'
import type { PoliciesTable } from './key-tables.ts'
import type { Db, Tx } from './tables.ts'

export type PolicyRow = Selectable<PoliciesTable>

/** Any number: it keeps our locks apart from those of other programs on the database. */
const lockClass = 0x6c61_7466
/** Well below the parameters that a statement may have. */
const idsAtOnce = 500

/**
 * Keeps the policies of organizations and that of the deployment as they are until the transaction ends, for one that makes or
 * changes keys, beside others that do. It comes after the locks of keys, and before those of recipes and organizations.
 */
export async function holdPolicies(
  tx: Tx,
  dialect: StoreDialect,
  organizationIds: readonly string[],
): Promise<void> {
  await lock(tx, dialect, [rootOrganizationId, ...organizationIds], sql`pg_advisory_xact_lock_shared`)
}

/** The same of one policy, alone, for one that sets it: only who is judged by it waits. */
export async function lockPolicy(tx: Tx, dialect: StoreDialect, id: string): Promise<void> {
  await lock(tx, dialect, [id], sql`pg_advisory_xact_lock`)
}

/** In the order of their numbers, so that none waits in a circle. */
async function lock(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  ids: readonly string[],
  take: RawBuilder<unknown>,
): Promise<void> {
  if (!skipsLocked) return
  // Some organizations share a number: a server has room for few thousand locks, and a change may be of a thousand organizations.
  await sql`select ${take}(${sql.lit(lockClass)}, number) from (select distinct
      case when id = ${rootOrganizationId} then -1 else (hashtextextended(id, 0) & 255)::int end as number
    from unnest(${ids}::text[]) as ids (id) order by 1 offset 0) as locks`.execute(tx)
}

export async function findPolicy(db: Db, id: string): Promise<PolicyRow | undefined> {
  return db.selectFrom('policies').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The policies that organizations have: that of the deployment, and their own ones, by the ids of their rows. */
export async function findPolicies(
  db: Db,
  organizationIds: readonly string[],
): Promise<Map<string, PolicyRules>> {
  const ids = [rootOrganizationId, ...organizationIds]
  const found = new Map<string, PolicyRules>()
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const rows = await db
      .selectFrom('policies')
      .select(['id', 'rules'])
      .where('id', 'in', ids.slice(at, at + idsAtOnce))
      .execute()
    for (const row of rows) found.set(row.id, readRules(row))
  }
  return found
}

/** The same, whole: whose rules they are counts as well. */
export async function findPolicyRows(
  db: Db,
  organizationIds: readonly string[],
): Promise<Map<string, PolicyRow>> {
  const ids = [...new Set([rootOrganizationId, ...organizationIds])]
  const rows = await db.selectFrom('policies').selectAll().where('id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/** Reads the rules of a row; none without one. */
export function readRules(row: Pick<PolicyRow, 'rules'> | undefined): PolicyRules {
  return row === undefined ? noRules : { ...noRules, ...(JSON.parse(row.rules) as Partial<PolicyRules>) }
}

/** Writes a policy, whose lock is held. */
export async function writePolicy(tx: Tx, row: PolicyRow): Promise<void> {
  const { id: _, ...fields } = row
  await tx
    .insertInto('policies')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(fields))
    .execute()
}

/** Deletes a policy, whose lock is held. */
export async function deletePolicyRow(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('policies').where('id', '=', id).execute()
}

/** Counts the keys of an organization that are neither revoked nor expired, up to so many. */
export async function countLiveKeys(
  db: Db,
  organizationId: string,
  now: number,
  most: number,
): Promise<number> {
  if (most === 0) return 0
  const { count } = await db
    .selectFrom(
      db
        .selectFrom('keys')
        .select('organization_id')
        .where('organization_id', '=', organizationId)
        // As the index has them.
        .where(sql<boolean>`coalesce(revoked_at, -1) = -1`)
        .where(sql`coalesce(expires_at, 253402300800001)`, '>', now)
        .limit(most)
        .as('live'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
