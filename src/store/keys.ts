// The table of keys. A scope is the organization that the caller acts on, or undefined for all of them.
import type { Selectable, Updateable } from 'kysely'
import { LatchkeyError } from '../errors.ts'
import type { Key, KeyStatus } from '../schemas.ts'
import { tokenHint } from '../token.ts'
import { fold, holds } from './names.ts'
import { cutPage, fromCursor, isAfter } from './pages.ts'
import type { Db, KeysTable, Tx } from './tables.ts'

export type KeyRow = Selectable<KeysTable>
export type Scope = string | undefined

/** What a list of keys is asked for; see `listKeysSchema`. */
export interface KeyQuery {
  scope: Scope
  status: KeyStatus | 'all'
  q: string | undefined
  sort: '-created_at' | '-last_used_at' | 'name'
  limit: number
  after: string | undefined
  now: number
}

const sorts = {
  '-created_at': { column: 'created_at', direction: 'desc', type: 'number' },
  '-last_used_at': { column: 'last_used_at', direction: 'desc', type: 'number' },
  name: { column: 'name_folded', direction: 'asc', type: 'string' },
} as const

/** A key as it begins. */
export type NewKeyRow = Omit<KeyRow, 'name_folded' | 'last_used_at' | 'revision'>

export async function insertKeys(tx: Tx, rows: readonly NewKeyRow[]): Promise<void> {
  await tx
    .insertInto('keys')
    .values(rows.map((row) => ({ ...row, name_folded: fold(row.name), last_used_at: 0, revision: 0 })))
    .execute()
}

export async function findKey(db: Db, id: string, scope: Scope): Promise<KeyRow | undefined> {
  return db
    .selectFrom('keys')
    .selectAll()
    .where('id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .executeTakeFirst()
}

/** Takes the row's lock for the rest of the transaction, by a write that works alike on every database. */
export async function lockKey(tx: Tx, id: string, scope: Scope): Promise<KeyRow | undefined> {
  return tx
    .updateTable('keys')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .returningAll()
    .executeTakeFirst()
}

/** Changes a key that {@link lockKey} found. Throws where not exactly that row was there to change. */
export async function changeKey(tx: Tx, row: KeyRow, change: Updateable<KeysTable>): Promise<KeyRow> {
  const folded = change.name === undefined ? {} : { name_folded: fold(change.name) }
  return tx
    .updateTable('keys')
    .set({ ...change, ...folded })
    .where('id', '=', row.id)
    .where('organization_id', '=', row.organization_id)
    .returningAll()
    .executeTakeFirstOrThrow(() => new LatchkeyError('internal', 'The change of a key touched no row.'))
}

export async function listKeys(
  db: Db,
  query: KeyQuery,
): Promise<{ rows: KeyRow[]; next: string | undefined }> {
  const { column, direction, type } = sorts[query.sort]
  const after = fromCursor(query.after, query.sort, type)
  const rows = await db
    .selectFrom('keys')
    .selectAll()
    .$if(query.scope !== undefined, (q) => q.where('organization_id', '=', query.scope as string))
    .$if(query.status === 'revoked', (q) => q.where('revoked_at', 'is not', null))
    .$if(query.status === 'expired', (q) =>
      q.where('revoked_at', 'is', null).where('expires_at', '<=', query.now),
    )
    .$if(query.status === 'active', (q) =>
      q
        .where('revoked_at', 'is', null)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', query.now)])),
    )
    .$if(query.q !== undefined, (q) => q.where(holds('name_folded', query.q as string)))
    .$if(after !== undefined, (q) => q.where((eb) => isAfter(eb, column, direction, after as never)))
    .orderBy(column, direction)
    .orderBy('id', direction)
    .limit(query.limit + 1)
    .execute()
  return cutPage(rows, query.limit, query.sort, (row) => [row[column], row.id])
}

/** The row as everyone may see it, judged at the given instant. */
export function toKey(row: NewKeyRow & { last_used_at?: number }, now: number): Key {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    permissions: JSON.parse(row.permissions),
    lastUsedAt: row.last_used_at ? new Date(row.last_used_at) : null,
    createdBy: row.created_by,
    createdAt: new Date(row.created_at),
    revokedAt: row.revoked_at === null ? null : new Date(row.revoked_at),
    hint: tokenHint(row.prefix, row.kid),
    status: keyStatus(row, now),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    metadata: JSON.parse(row.metadata),
  }
}

export function keyStatus(row: Pick<KeyRow, 'revoked_at' | 'expires_at'>, now: number): KeyStatus {
  if (row.revoked_at !== null) return 'revoked'
  return row.expires_at !== null && row.expires_at <= now ? 'expired' : 'active'
}
