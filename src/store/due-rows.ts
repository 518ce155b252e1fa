// Keys, and secrets in their grace, by an instant at which they change without anybody's doing.
import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import { givenTexts } from './given-rows.ts'
import type { Db, Tables, Tx } from './tables.ts'

/** A key, or the old secret of one. */
export interface DueRow {
  /** The id of the key, or the kid. */
  id: string
  key_id: string
  organization_id: string
  created_at: number
  expires_at: number | null
  /** When somebody set that; null for the creation of the key. */
  expiry_set_at: number | null
  revoked_at: number | null
  suspended_at: number | null
  last_used_at: number
  /** Null but for a decoy. */
  decoy_tries: number | null
  secret?: { prefix: string; grace_ends_at: number | null; ended_at: number | null; silent_ms: number | null }
}

/** Behind an instant and an id, up to an instant. */
export interface Span {
  after: { at: number; id: string }
  until: number
}

const keyColumns = [
  'keys.id',
  'keys.id as key_id',
  'keys.organization_id',
  'keys.created_at',
  'keys.expires_at',
  'keys.expiry_set_at',
  'keys.revoked_at',
  'keys.suspended_at',
  'keys.last_used_at',
  'keys.decoy_tries',
] as const

/** Finds the next keys by when they expire. */
export async function findExpiring(db: Db, span: Span, limit: number): Promise<DueRow[]> {
  return within(db.selectFrom('keys').where('expires_at', 'is not', null), 'expires_at', span, limit)
}

/** Finds the next keys by when they were last used. Those that never were lie before every span, at 0. */
export async function findUsed(db: Db, span: Span, limit: number): Promise<DueRow[]> {
  // One bound on each side: of two, a database may begin at the one that is farther away.
  return within(db.selectFrom('keys'), 'last_used_at', span, limit)
}

/** Finds the next keys by when they were created. */
export async function findCreated(db: Db, span: Span, limit: number): Promise<DueRow[]> {
  return within(db.selectFrom('keys'), 'created_at', span, limit)
}

function within(
  keys: SelectQueryBuilder<Tables, 'keys', object>,
  column: 'expires_at' | 'last_used_at' | 'created_at',
  { after, until }: Span,
  limit: number,
): Promise<DueRow[]> {
  return keys
    .select(keyColumns)
    .where(isBehind(column, 'id', after))
    .where(column, '<=', until)
    .orderBy(column)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Finds the next old secrets by when their grace ends, but for those that end by evidence. */
export async function findGraces(db: Db, { after, until }: Span, limit: number): Promise<DueRow[]> {
  const rows = await secretsWithKeys(db)
    .where('secrets.grace_ends_at', 'is not', null)
    .where('secrets.silent_ms', 'is', null)
    .where(isBehind('secrets.grace_ends_at', 'secrets.kid', after))
    .where('secrets.grace_ends_at', '<=', until)
    .orderBy('secrets.grace_ends_at')
    .orderBy('secrets.kid')
    .limit(limit)
    .execute()
  return rows.map(toGrace)
}

/** Reads keys again, and lets nobody change them until the transaction ends. */
export async function lockKeyRows(tx: Tx, dialect: StoreDialect, rows: readonly DueRow[]): Promise<DueRow[]> {
  return (
    tx
      .selectFrom('keys')
      .select(keyColumns)
      .where('id', 'in', givenTexts(dialect, [...new Set(rows.map(({ key_id }) => key_id))]))
      // In the order in which last uses lock them.
      .orderBy('id')
      .$if(dialect.skipsLocked, (query) => query.forNoKeyUpdate())
      .execute()
  )
}

/** The same of old secrets, whose keys are locked. */
export async function lockGraces(tx: Tx, dialect: StoreDialect, rows: readonly DueRow[]): Promise<DueRow[]> {
  await lockKeyRows(tx, dialect, rows)
  const kids = rows.map(({ id }) => id)
  const read = await secretsWithKeys(tx).where('secrets.kid', 'in', givenTexts(dialect, kids)).execute()
  return read.map(toGrace)
}

function secretsWithKeys(db: Db) {
  return db
    .selectFrom('secrets')
    .innerJoin('keys', 'keys.id', 'secrets.key_id')
    .select(keyColumns)
    .select(['secrets.kid', 'secrets.prefix', 'secrets.last_used_at as secret_used_at'])
    .select(['secrets.grace_ends_at', 'secrets.ended_at', 'secrets.silent_ms'])
}

type GraceRow = Omit<DueRow, 'secret'> & { kid: string; secret_used_at: number } & NonNullable<
    DueRow['secret']
  >

function toGrace({ kid, secret_used_at, ...row }: GraceRow): DueRow {
  const { prefix, grace_ends_at, ended_at, silent_ms, ...key } = row
  const secret = { prefix, grace_ends_at, ended_at, silent_ms }
  return { ...key, id: kid, last_used_at: secret_used_at, secret }
}

function isBehind(column: string, id: string, { at, id: last }: Span['after']) {
  return sql<SqlBool>`(${sql.ref(column)}, ${sql.ref(id)}) > (${at}, ${last})`
}
