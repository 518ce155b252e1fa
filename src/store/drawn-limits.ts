// What a key draws from, by its id: the same that a verification reads by a secret (`facts.ts`).
import type { Db } from './tables.ts'

/** The lines that `readDrawn` reads, with the organization of the key. */
export interface DrawnRow {
  organizationId: string
  lines: string
}

/** Reads what keys draw from, revoked or not, by their ids; those that are not there are left out. */
export async function findDrawn(db: Db, keyIds: readonly string[]): Promise<Map<string, DrawnRow>> {
  if (keyIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('keys')
    .innerJoin('organizations', 'organizations.id', 'keys.organization_id')
    .leftJoin('plans', 'plans.id', 'organizations.plan')
    .leftJoin('keys as first', 'first.id', 'keys.limits_from')
    .leftJoin('keys as second', 'second.id', 'first.limits_from')
    .leftJoin('keys as third', 'third.id', 'second.limits_from')
    .select([
      'keys.id',
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
    .where('keys.id', 'in', [...new Set(keyIds)])
    .execute()
  return new Map(rows.map(toDrawn))
}

type Row = Record<
  'own' | 'ofOrganization' | 'plan' | 'permissions' | 'planned' | 'plannedForKeys',
  string | null
> &
  Record<'first' | 'ofFirst' | 'second' | 'ofSecond' | 'third' | 'ofThird', string | null> &
  Record<'id' | 'organizationId', string>

function toDrawn(row: Row): [string, DrawnRow] {
  const { organizationId, own, ofOrganization, plan, permissions, planned, plannedForKeys } = row
  const { first, ofFirst, second, ofSecond, third, ofThird } = row
  const ofPlan = [plan, permissions, planned, plannedForKeys]
  const line = [first, ofFirst, second, ofSecond, third, ofThird]
  const lines = [own, ofOrganization, ...ofPlan, ...line].map((part) => part ?? '').join('\n')
  return [row.id, { organizationId, lines }]
}
