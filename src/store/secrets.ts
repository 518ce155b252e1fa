// The table of secrets: the values that a key has had, each under its public kid.
import type { Selectable } from 'kysely'
import { LatchkeyError } from '../errors.ts'
import type { KeySecret } from '../schemas.ts'
import { tokenHint } from '../token.ts'
import type { KeyRow } from './keys.ts'
import type { Db, SecretsTable, Tx } from './tables.ts'

export type SecretRow = Selectable<SecretsTable>

/** A secret as it begins. */
export type NewSecretRow = Omit<SecretRow, 'expires_at' | 'ended_at' | 'last_used_at'>

export async function insertSecrets(tx: Tx, rows: readonly NewSecretRow[]): Promise<void> {
  const begun = { expires_at: null, ended_at: null, last_used_at: 0 }
  await tx
    .insertInto('secrets')
    .values(rows.map((row) => ({ ...row, ...begun })))
    .execute()
}

/** All secrets of a key, newest first; kids settle ties. */
export async function listSecrets(db: Db, key: KeyRow): Promise<SecretRow[]> {
  const rows = await db
    .selectFrom('secrets')
    .selectAll()
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .orderBy('created_at', 'desc')
    .orderBy('kid')
    .execute()
  return rows.sort((a, b) => Number(b.kid === key.kid) - Number(a.kid === key.kid))
}

/** Lets the newest secret of a key end at `endsAt`. Throws where not exactly that row was there to change. */
export async function beginGrace(tx: Tx, key: KeyRow, endsAt: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set({ expires_at: endsAt })
    .where('kid', '=', key.kid)
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .executeTakeFirstOrThrow()
  requireRows(numUpdatedRows, 1)
}

/**
 * Ends secrets of a key for good, whatever any clock says of their grace: a machine whose clock is behind must
 * not let them in again. Throws where not exactly those rows were there to change.
 */
export async function endSecrets(tx: Tx, key: KeyRow, kids: readonly string[], now: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set((eb) => ({
      ended_at: now,
      // One whose grace had run out before keeps that instant.
      expires_at: eb.case().when('expires_at', '<=', now).then(eb.ref('expires_at')).else(now).end(),
    }))
    .where('kid', 'in', kids)
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .executeTakeFirstOrThrow()
  requireRows(numUpdatedRows, kids.length)
}

function requireRows(touched: bigint, expected: number): void {
  if (Number(touched) === expected) return
  throw new LatchkeyError('internal', `A change of ${expected} secrets touched ${touched} rows.`)
}

export function toSecret(row: SecretRow): KeySecret {
  return {
    kid: row.kid,
    hint: tokenHint(row.prefix, row.kid),
    createdAt: new Date(row.created_at),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    lastUsedAt: row.last_used_at === 0 ? null : new Date(row.last_used_at),
  }
}
