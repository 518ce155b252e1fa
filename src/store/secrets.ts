// The table of secrets: the values that a key has had, each under its public kid.
import { type ExpressionBuilder, type Selectable, sql, type UpdateObject } from 'kysely'
import { secretsPage } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { KeySecret } from '../core/shapes/key-secrets.ts'
import { tokenHint } from '../core/token.ts'
import type { StoreDialect } from './backend.ts'
import { creatorTypeOf } from './creators.ts'
import { givenTexts, keepInsert } from './given-rows.ts'
import { after, type Instant } from './instants.ts'
import type { SecretsTable } from './key-tables.ts'
import type { KeyRow } from './keys.ts'
import type { Db, Tables, Tx } from './tables.ts'

export type SecretRow = Selectable<SecretsTable>

/** A secret as it begins. */
export type NewSecretRow = Omit<
  SecretRow,
  'grace_ends_at' | 'ended_at' | 'last_used_at' | 'silent_ms' | 'silent_at' | 'recipe'
> &
  Partial<Pick<SecretRow, 'recipe' | 'ended_at'>>

const newColumns = {
  kid: 'text',
  key_id: 'text',
  organization_id: 'text',
  prefix: 'text',
  digest: 'bytes',
  created_at: 'whole',
  ended_at: 'whole',
  last_used_at: 'whole',
  recipe: 'whole',
  created_by: 'text',
  created_by_type: 'text',
} as const

const insertNewSecrets = keepInsert('secrets', newColumns)

/** Inserts secrets in the order of their kids: two transactions that bring the same ones wait for each other in no circle. */
export async function insertSecrets(
  tx: Tx,
  dialect: StoreDialect,
  rows: readonly NewSecretRow[],
): Promise<void> {
  const begun = rows
    .map((row) => ({ last_used_at: 0, recipe: null, ended_at: null, ...row }))
    .sort((a, b) => (a.kid < b.kid ? -1 : 1))
  await insertNewSecrets(tx, dialect, begun)
}

/** Finds the secrets of many kids. */
export async function findSecretsOfKids(
  db: Db,
  dialect: StoreDialect,
  kids: readonly string[],
): Promise<SecretRow[]> {
  if (kids.length === 0) return []
  return db.selectFrom('secrets').selectAll().where('kid', 'in', givenTexts(dialect, kids)).execute()
}

/** Reads the secrets that nobody has ended, in the order of their kids, after one of them. */
export async function readUnended(db: Db, after: string, limit: number): Promise<SecretRow[]> {
  return db
    .selectFrom('secrets')
    .selectAll()
    .where('kid', '>', after)
    .where('ended_at', 'is', null)
    .orderBy('kid')
    .limit(limit)
    .execute()
}

/** How many that have ended a key keeps; they say of an old token that it was rotated away. */
const keptEnded = 1_000
/** How many a rotation deletes at the most: it holds locks. */
const prunedAtOnce = 100

/** Reads the next {@link secretsPage} secrets of a key: the newest first; kids settle ties. */
export async function readSecrets(db: Db, key: KeyRow, after: SecretRow | undefined): Promise<SecretRow[]> {
  // The clocks of two machines may disagree: the newest is the one that the key names.
  const newest =
    after === undefined ? [await findSecret(db, key, key.kid)].filter((row) => row !== undefined) : []
  const rows = await secretsOf(db, key)
    .where('kid', '!=', key.kid)
    .$if(after !== undefined && after.kid !== key.kid, (query) =>
      query
        .where('created_at', '<=', (after as SecretRow).created_at)
        .where((eb) =>
          eb.or([
            eb('created_at', '<', (after as SecretRow).created_at),
            eb('kid', '>', (after as SecretRow).kid),
          ]),
        ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('kid')
    .limit(secretsPage - newest.length)
    .execute()
  return [...newest, ...rows]
}

/** Finds the key that has, or had, a secret: its id, or nothing. */
export async function findKeyOfKid(db: Db, kid: string): Promise<string[]> {
  const row = await db.selectFrom('secrets').select('key_id').where('kid', '=', kid).executeTakeFirst()
  return row ? [row.key_id] : []
}

/** Finds a secret of a key, ended or not. */
export async function findSecret(db: Db, key: KeyRow, kid: string): Promise<SecretRow | undefined> {
  return secretsOf(db, key).where('kid', '=', kid).executeTakeFirst()
}

/** The secrets of a key that nobody has ended: at most two, but for graces that have run out since. */
export async function listUnendedSecrets(
  db: Db,
  key: Pick<KeyRow, 'id' | 'organization_id'>,
): Promise<SecretRow[]> {
  return secretsOf(db, key).where('ended_at', 'is', null).execute()
}

/** Deletes the oldest of a key's ended secrets beyond those that it keeps, a bounded number at once. */
export async function pruneSecrets(tx: Tx, key: KeyRow): Promise<void> {
  const ended = tx
    .selectFrom('secrets')
    .select('kid')
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .where('ended_at', 'is not', null)
  const surplus = await ended.orderBy('created_at', 'desc').limit(prunedAtOnce).offset(keptEnded).execute()
  if (surplus.length === 0) return
  const oldest = await ended.orderBy('created_at').orderBy('kid', 'desc').limit(surplus.length).execute()
  const kids = oldest.map(({ kid }) => kid).sort()
  const { numDeletedRows } = await tx
    .deleteFrom('secrets')
    .where((eb) => areOfKey(eb, key, kids))
    .where('ended_at', 'is not', null)
    .executeTakeFirstOrThrow()
  requireRows(numDeletedRows, kids.length)
}

function secretsOf(db: Db, key: Pick<KeyRow, 'id' | 'organization_id'>) {
  return db
    .selectFrom('secrets')
    .selectAll()
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
}

/** How the grace of a secret ends: at an instant, or before, once the secret was silent for so long from a first one on. */
interface Grace {
  endsAt: number
  silence?: { lengthMs: number; at: Instant } | undefined
}

/** Begins the grace of the newest secret of a key. Throws if not exactly that row was there to change. */
export async function beginGrace(tx: Tx, key: KeyRow, { endsAt, silence }: Grace): Promise<void> {
  await changeSecret(tx, key, key.kid, {
    grace_ends_at: endsAt,
    ...(silence && { silent_ms: silence.lengthMs, silent_at: after(silence.at, silence.lengthMs) }),
  })
}

/** Sets until when a secret must be silent; null if it does not end by that any more. */
export async function setSilence(tx: Tx, key: KeyRow, kid: string, silentAt: number | null): Promise<void> {
  await changeSecret(tx, key, kid, { silent_at: silentAt })
}

/** Gives the newest secret an end, of which nobody need hear a use. */
export async function setSecretEnd(tx: Tx, key: KeyRow, kid: string, endsAt: number): Promise<void> {
  await changeSecret(tx, key, kid, { grace_ends_at: endsAt })
}

async function changeSecret(tx: Tx, key: KeyRow, kid: string, change: UpdateObject<Tables, 'secrets'>) {
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set(change)
    .where('kid', '=', kid)
    .where('key_id', '=', key.id)
    .where('organization_id', '=', key.organization_id)
    .executeTakeFirstOrThrow()
  requireRows(numUpdatedRows, 1)
}

/**
 * Ends secrets of a key permanently, without asking any clock about their grace: a machine whose clock is behind must
 * not let them in again. Throws if not exactly those rows were there to change.
 */
export async function endSecrets(tx: Tx, key: KeyRow, kids: readonly string[], now: number): Promise<void> {
  if (kids.length === 0) return
  const { numUpdatedRows } = await tx
    .updateTable('secrets')
    .set((eb) => ({
      ended_at: now,
      // One whose grace had run out before keeps that instant.
      grace_ends_at: eb.case().when('grace_ends_at', '<=', now).then(eb.ref('grace_ends_at')).else(now).end(),
    }))
    .where((eb) => areOfKey(eb, key, kids))
    .executeTakeFirstOrThrow()
  requireRows(numUpdatedRows, kids.length)
}

/** Tells, in SQL, whether a secret is one of those named, and the key's. */
function areOfKey(eb: ExpressionBuilder<Tables, 'secrets'>, key: KeyRow, kids: readonly string[]) {
  return eb.and([
    eb('kid', 'in', kids),
    // Not by the index of keys: it leads to all secrets that the key ever had.
    eb(sql<string>`key_id || ''`, '=', key.id),
    eb('organization_id', '=', key.organization_id),
  ])
}

function requireRows(touched: bigint, expected: number): void {
  if (Number(touched) === expected) return
  throw new LatchkeyError('internal', `A change of ${expected} secrets affected ${touched} rows.`)
}

export function toSecret(row: SecretRow): KeySecret {
  return {
    kid: row.kid,
    hint: tokenHint(row.prefix, row.kid),
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    createdByType: creatorTypeOf(row),
    expiresAt: row.grace_ends_at === null ? null : new Date(row.grace_ends_at),
    lastUsedAt: row.last_used_at === 0 ? null : new Date(row.last_used_at),
    untilSilentSeconds: row.silent_ms === null ? null : row.silent_ms / 1000,
    silentAt: row.silent_at === null || row.ended_at !== null ? null : new Date(row.silent_at),
  }
}
