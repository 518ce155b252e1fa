// The table of organizations.
import type { Selectable } from 'kysely'
import { unknownOrganization } from '../core/access.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { LimitState } from '../core/shapes/limits.ts'
import type { Organization } from '../core/shapes/organizations.ts'
import type { StoreDialect } from './backend.ts'
import { fold, holds } from './case-folding.ts'
import {
  bytesOf,
  bytesSoFar,
  isAfter,
  isUpTo,
  type Position,
  type Slice,
  type SliceBounds,
  toSlice,
} from './cursors.ts'
import type { OrganizationsTable } from './key-tables.ts'
import { nextRevision } from './revisions.ts'
import type { Store } from './store.ts'
import type { Db, Tx } from './tables.ts'

export type OrganizationRow = Selectable<OrganizationsTable>
/** More than a program makes between two searches. */
const foldedAtOnce = 1_000
type NewOrganizationRow = Omit<
  OrganizationRow,
  'name_folded' | 'revision' | 'grantable_permissions' | 'sign_in' | keyof Suspension
>
/** What no organization has when it is created. */
type Suspension = Pick<OrganizationRow, 'suspended_at' | 'suspended_by' | 'suspended_reason'>

/** Inserts an organization unless its id is taken; tells whether it did. */
export async function insertOrganization(tx: Tx, row: NewOrganizationRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('organizations')
    .values({ ...row, name_folded: fold(row.name), revision: row.created_at })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function findOrganization(db: Db, id: string): Promise<OrganizationRow | undefined> {
  return db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The same. Throws `organization_not_found`. */
export async function getOrganizationRow(db: Db, id: string): Promise<OrganizationRow> {
  const organization = await findOrganization(db, id)
  if (organization === undefined) throw unknownOrganization()
  return organization
}

/** Tells which of these organizations are there. None is ever deleted. */
export async function existingOrganizations(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.selectFrom('organizations').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(({ id }) => id))
}

/** Reads an organization that nobody changes for the rest of the transaction. Throws `organization_not_found`. */
export async function holdOrganization(
  tx: Tx,
  { skipsLocked }: StoreDialect,
  id: string,
): Promise<OrganizationRow> {
  const organization = await tx
    .selectFrom('organizations')
    .selectAll()
    .where('id', '=', id)
    .$if(skipsLocked, (query) => query.forShare())
    .executeTakeFirst()
  if (organization === undefined) throw unknownOrganization()
  return organization
}

/** Takes the row's lock for the rest of the transaction, by a write that changes nothing. */
export async function lockOrganization(tx: Tx, id: string): Promise<OrganizationRow | undefined> {
  return tx
    .updateTable('organizations')
    .set((eb) => ({ name: eb.ref('name') }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

/** Changes an organization that {@link lockOrganization} found. Throws if it is not there. */
export async function changeOrganization(
  tx: Tx,
  row: OrganizationRow,
  change: Partial<
    Pick<OrganizationRow, 'name' | 'limits' | 'plan' | 'grantable_permissions' | 'sign_in' | keyof Suspension>
  >,
  now: number,
): Promise<OrganizationRow> {
  const folded = change.name === undefined ? {} : { name_folded: fold(change.name) }
  return tx
    .updateTable('organizations')
    .set({ ...change, ...folded, revision: nextRevision(row, now) })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow(
      () => new LatchkeyError('internal', 'The change of an organization affected no row.'),
    )
}

/** What a list of organizations is asked for; within a scope there is only its own. */
export interface OrganizationQuery {
  scope: string | undefined
  q: string | undefined
  after: Position | undefined
}

/** Reads the next organizations of the list, newest first, by statements whose cost is bounded however few fit. */
export async function readOrganizationSlice(
  db: Db,
  query: OrganizationQuery,
  bounds: SliceBounds,
): Promise<Slice<OrganizationRow>> {
  const { q: text } = query
  const upTo = text === undefined ? undefined : await findWindowEnd(db, query, bounds.window)
  const rows = await db
    .selectFrom(
      organizationsAfter(db, query)
        .$if(upTo !== undefined, (q) => q.where((eb) => isUpTo(eb, newestFirst, upTo as Position)))
        .$if(text !== undefined, (q) =>
          q.where((eb) => eb.or([holds('name_folded', text as string), holds('id', text as string)])),
        )
        .selectAll()
        .select(bytesSoFar(newestFirst, longColumns).as('bytes'))
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(bounds.limit + 1)
        .as('slice'),
    )
    .selectAll()
    .where((eb) => eb(eb('bytes', '-', bytesOf(longColumns)), '<', bounds.maxBytes))
    .execute()
  return toSlice(rows, bounds, upTo, (row) => [row.created_at, row.id])
}

const newestFirst = { column: 'created_at', direction: 'desc' } as const
const longColumns = ['name']

async function findWindowEnd(
  db: Db,
  query: OrganizationQuery,
  window: number,
): Promise<Position | undefined> {
  const row = await organizationsAfter(db, query)
    .select(['created_at', 'id'])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .offset(window - 1)
    .executeTakeFirst()
  return row && [row.created_at, row.id]
}

function organizationsAfter(db: Db, { scope, after }: OrganizationQuery) {
  return db
    .selectFrom('organizations')
    .$if(scope !== undefined, (q) => q.where('id', '=', scope as string))
    .$if(after !== undefined, (q) => q.where((eb) => isAfter(eb, newestFirst, after as Position)))
}

/** Tells whether a program that knows no folded names has left any name without one. */
async function hasUnfoldedNames(db: Db): Promise<boolean> {
  return (
    (await db.selectFrom('organizations').select('id').where('name_folded', '=', '').limit(1).execute())
      .length > 0
  )
}

/** Folds the names that a program which knows no folded ones has left, if there are any. */
export async function foldNewNames(store: Pick<Store, 'read' | 'write'>): Promise<void> {
  if (await store.read(hasUnfoldedNames)) await store.write(foldNames)
}

async function foldNames(tx: Tx): Promise<void> {
  const rows = await tx
    .selectFrom('organizations')
    .select(['id', 'name'])
    .where('name_folded', '=', '')
    .limit(foldedAtOnce)
    .execute()
  for (const { id, name } of rows) {
    await tx
      .updateTable('organizations')
      .set({ name_folded: fold(name) })
      .where('id', '=', id)
      .where('name', '=', name)
      .execute()
  }
}

export function toOrganization(
  row: NewOrganizationRow & Partial<OrganizationRow>,
  limits: LimitState[],
): Organization {
  return {
    id: row.id,
    name: row.name,
    createdAt: new Date(row.created_at),
    limits,
    plan: row.plan,
    suspendedAt: row.suspended_at == null ? null : new Date(row.suspended_at),
    suspendedBy: row.suspended_by ?? null,
    suspendedReason: row.suspended_reason ?? null,
    grantablePermissions: JSON.parse(row.grantable_permissions ?? '[]'),
    signIn: (row.sign_in ?? 'any') as Organization['signIn'],
    revision: String(row.revision ?? row.created_at),
  }
}
