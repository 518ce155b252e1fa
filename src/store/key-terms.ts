// The terms under which keys are found: a row for each tag and each permission that a key holds, one for who created it
// and one for its prefix. They are written with the key, so that a list by one of them is read from an index, newest first.
//
// A row tells where to look and not what is so: a list asks the key itself as well. What a program that knows no terms makes or
// changes of a key shows in its revision, of which no terms are written: a job writes them (`jobs/key-terms.ts`), and until
// then no list is read by terms.
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Scope } from '../core/scope.ts'
import type { StoreDialect } from './backend.ts'
import type { Position } from './cursors.ts'
import { insertGiven, keepInsert, selectGiven } from './given-rows.ts'
import type { KeysTable, KeyTermsTable } from './key-tables.ts'
import type { Db, Tx } from './tables.ts'

/** What of a key its terms come from. */
export type Termed = Pick<
  Selectable<KeysTable>,
  'id' | 'organization_id' | 'created_at' | 'created_by' | 'prefix' | 'permissions' | 'tags' | 'decoy_tries'
> &
  Partial<Pick<Selectable<KeysTable>, 'exposed_at'>>

/** By what keys are found. */
export type TermKind = 'tag' | 'permission' | 'created_by' | 'prefix' | 'decoy' | 'exposed'

/** Makes a term. */
export function termOf(kind: TermKind, value: string): string {
  return `${kind}:${value}`
}

/** The term of every decoy. */
export const decoyTerm = termOf('decoy', '')

const termColumns = { term: 'text', organization_id: 'text', created_at: 'whole', key_id: 'text' } as const

const insertNewTerms = keepInsert('key_terms', termColumns)

/** Writes the terms of new keys. That none is there already need not be looked up: that would take as long as to write it. */
export async function insertTerms(tx: Tx, dialect: StoreDialect, keys: readonly Termed[]): Promise<void> {
  await insertNewTerms(tx, dialect, rowsOf(keys))
}

/** A key before and after a change, as far as it is found by that. */
export interface TermsChange {
  before: Termed
  after: Partial<Pick<Termed, 'permissions' | 'tags' | 'exposed_at'>>
}

/** Writes what a change makes of the terms of keys, whose rows it has locked. */
export async function changeTerms(
  tx: Tx,
  dialect: StoreDialect,
  changes: readonly TermsChange[],
): Promise<void> {
  const over: KeyTermsTable[] = []
  const added: KeyTermsTable[] = []
  for (const { before, after } of changes) {
    const [old, next] = [termsOf(before), termsOf({ ...before, ...after })]
    for (const term of old) if (!next.includes(term)) over.push(rowOf(before, term))
    for (const term of next) if (!old.includes(term)) added.push(rowOf(before, term))
  }
  if (over.length > 0) {
    const given = selectGiven<'term' | 'created_at' | 'key_id'>(
      dialect,
      { term: 'text', created_at: 'whole', key_id: 'text' },
      over,
    )
    await tx.deleteFrom('key_terms').where(sql<boolean>`(term, created_at, key_id) in (${given})`).execute()
  }
  await insertMissing(tx, dialect, added)
}

/** Finds the next keys of a term, newest first. */
export async function findByTerm(
  db: Db,
  { scope, term, after, limit }: { scope: Scope; term: string; after: Position | undefined; limit: number },
): Promise<{ id: string; created_at: number }[]> {
  return db
    .selectFrom('key_terms')
    .select(['key_id as id', 'created_at'])
    .where('term', '=', term)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`(created_at, key_id) < (${sql.join(after as Position)})`),
    )
    .orderBy('created_at', 'desc')
    .orderBy('key_id', 'desc')
    .limit(limit)
    .execute()
}

/** Tells whether there may be keys without terms. */
export async function lacksTerms(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('keys')
    .select('id')
    .where(hasNoTerms)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Writes the terms of at most so many keys that have none, and tells of how many. On PostgreSQL it passes over keys that
 * another transaction has locked.
 */
export async function addMissingTerms(tx: Tx, dialect: StoreDialect, limit: number): Promise<number> {
  const found = tx
    .selectFrom('keys')
    .select('id')
    .where(hasNoTerms)
    .orderBy('id')
    .limit(limit)
    .$if(dialect.skipsLocked, (query) => query.forUpdate().skipLocked())
  const keys = await tx
    .updateTable('keys')
    .set((eb) => ({ terms_revision: eb.ref('revision') }))
    .where('id', 'in', found)
    .returning([
      'id',
      'organization_id',
      'created_at',
      'created_by',
      'prefix',
      'permissions',
      'tags',
      'decoy_tries',
      'exposed_at',
    ])
    .execute()
  await insertMissing(tx, dialect, rowsOf(keys))
  return keys.length
}

/** As the index has it, from which SQLite reads for sure only in its order. */
const hasNoTerms = sql<boolean>`terms_revision <> revision`

function termsOf({
  created_by,
  prefix,
  permissions,
  tags,
  decoy_tries,
  exposed_at = null,
}: Omit<Termed, 'id' | 'organization_id'>): string[] {
  const listed = (kind: TermKind, list: string) =>
    (JSON.parse(list) as string[]).map((value) => termOf(kind, value))
  const terms = [
    ...listed('tag', tags),
    ...listed('permission', permissions),
    ...(created_by === null ? [] : [termOf('created_by', created_by)]),
    termOf('prefix', prefix),
    ...(decoy_tries === null ? [] : [decoyTerm]),
    ...(exposed_at === null ? [] : [termOf('exposed', 'true')]),
  ]
  return [...new Set(terms)]
}

function rowsOf(keys: readonly Termed[]): KeyTermsTable[] {
  return keys.flatMap((key) => termsOf(key).map((term) => rowOf(key, term)))
}

function rowOf({ organization_id, created_at, id }: Termed, term: string): KeyTermsTable {
  return { term, organization_id, created_at, key_id: id }
}

async function insertMissing(tx: Tx, dialect: StoreDialect, rows: readonly KeyTermsTable[]): Promise<void> {
  if (rows.length === 0) return
  await insertGiven(tx, dialect, 'key_terms', termColumns, rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
