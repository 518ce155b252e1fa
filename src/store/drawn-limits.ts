// What a key draws from, by its id: the same that a verification reads by a secret (`facts.ts`).
import type { Tx } from './tables.ts'

/** The lines that `readDrawn` reads, with the organization of the key. */
export interface DrawnRow {
  organizationId: string
  lines: string
}

/** Reads what a key draws from, revoked or not; undefined if there is no such key. */
export async function findDrawn(tx: Tx, keyId: string): Promise<DrawnRow | undefined> {
  const row = await tx
    .selectFrom('keys')
    .innerJoin('organizations', 'organizations.id', 'keys.organization_id')
    .leftJoin('plans', 'plans.id', 'organizations.plan')
    .leftJoin('keys as first', 'first.id', 'keys.limits_from')
    .leftJoin('keys as second', 'second.id', 'first.limits_from')
    .leftJoin('keys as third', 'third.id', 'second.limits_from')
    .select([
      'keys.organization_id as organizationId',
      'keys.limits as own',
      'organizations.limits as ofOrganization',
      'plans.id as plan',
      'plans.permissions as permissions',
      'plans.limits as planned',
      'plans.key_limits as plannedForKeys',
      'first.id as first',
      'first.limits as ofFirst',
      'second.id as second',
      'second.limits as ofSecond',
      'third.id as third',
      'third.limits as ofThird',
    ])
    .where('keys.id', '=', keyId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { organizationId, own, ofOrganization, plan, permissions, planned, plannedForKeys } = row
  const { first, ofFirst, second, ofSecond, third, ofThird } = row
  const ofPlan = [plan, permissions, planned, plannedForKeys]
  const line = [first, ofFirst, second, ofSecond, third, ofThird]
  return {
    organizationId,
    lines: [own, ofOrganization, ...ofPlan, ...line].map((part) => part ?? '').join('\n'),
  }
}
