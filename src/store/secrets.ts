// The table of secrets: the values that a key has had, each under its public kid.
import type { Selectable } from 'kysely'
import type { KeySecret } from '../schemas.ts'
import { tokenHint } from '../token.ts'
import type { KeyRow } from './keys.ts'
import type { Db, SecretsTable, Tx } from './tables.ts'

export type SecretRow = Selectable<SecretsTable>

export async function insertSecret(
  tx: Tx,
  row: Omit<SecretRow, 'expires_at' | 'last_used_at'>,
): Promise<void> {
  await tx
    .insertInto('secrets')
    .values({ ...row, expires_at: null, last_used_at: 0 })
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

/** Lets the secrets of a key that are still live at `now` end at `endsAt`; returns how many there were. */
export async function endLiveSecrets(tx: Tx, key: KeyRow, now: number, endsAt: number): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set({ expires_at: endsAt })
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Ends one secret of a key at `endsAt`. Throws where not exactly that row was there to change. */
export async function endSecret(tx: Tx, secret: SecretRow, endsAt: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set({ expires_at: endsAt })
    .where('kid', '=', secret.kid)
    .where('key_id', '=', secret.key_id)
    .where('organization_id', '=', secret.organization_id)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows !== 1n) throw new Error(`Ending a secret touched ${numUpdatedRows} rows.`)
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
