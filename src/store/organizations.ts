// The table of organizations.
import type { Selectable } from 'kysely'
import { LatchkeyError } from '../errors.ts'
import type { Organization } from '../schemas.ts'
import { fold, holds } from './names.ts'
import { cutPage, fromCursor, isAfter } from './pages.ts'
import type { Db, OrganizationsTable, Tx } from './tables.ts'

export type OrganizationRow = Selectable<OrganizationsTable>
type NewOrganizationRow = Omit<OrganizationRow, 'name_folded'>

/** Inserts an organization unless its id is taken; tells whether it did. */
export async function insertOrganization(tx: Tx, row: NewOrganizationRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('organizations')
    .values({ ...row, name_folded: fold(row.name) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function findOrganization(db: Db, id: string): Promise<OrganizationRow | undefined> {
  return db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Tells which of these organizations are there. None is ever deleted. */
export async function existingOrganizations(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.selectFrom('organizations').select('id').where('id', 'in', ids).execute()
  return new Set(rows.map(({ id }) => id))
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

/** Renames an organization that is there. Throws where it is not. */
export async function renameOrganization(tx: Tx, id: string, name: string): Promise<OrganizationRow> {
  return tx
    .updateTable('organizations')
    .set({ name, name_folded: fold(name) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow(() => new LatchkeyError('internal', 'Renaming an organization touched no row.'))
}

/** Lists organizations, newest first; within a scope there is only its own. */
export async function listOrganizations(
  db: Db,
  query: { scope: string | undefined; q: string | undefined; limit: number; after: string | undefined },
): Promise<{ rows: OrganizationRow[]; next: string | undefined }> {
  const after = fromCursor(query.after, 'organizations', 'number')
  const rows = await db
    .selectFrom('organizations')
    .selectAll()
    .$if(query.scope !== undefined, (q) => q.where('id', '=', query.scope as string))
    .$if(query.q !== undefined, (q) =>
      q.where((eb) => eb.or([holds('name_folded', query.q as string), holds('id', query.q as string)])),
    )
    .$if(after !== undefined, (q) => q.where((eb) => isAfter(eb, 'created_at', 'desc', after as never)))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  return cutPage(rows, query.limit, 'organizations', (row) => [row.created_at, row.id])
}

export function toOrganization(row: NewOrganizationRow): Organization {
  return { id: row.id, name: row.name, createdAt: new Date(row.created_at) }
}
