// The table of keys. A scope is the organization that the caller acts on, or undefined for all of them.
import { type Selectable, sql, type Updateable } from 'kysely'
import { LatchkeyError } from '../core/errors.ts'
import type { Scope } from '../core/scope.ts'
import { revocationReasons } from '../core/shapes/key-changes.ts'
import type { Key } from '../core/shapes/keys.ts'
import type { LimitState } from '../core/shapes/limits.ts'
import { statusOf } from '../core/status.ts'
import { tokenHint } from '../core/token.ts'
import type { StoreDialect } from './backend.ts'
import { fold, foldDescription } from './case-folding.ts'
import { creatorTypeOf } from './creators.ts'
import { readExposure } from './exposures.ts'
import { givenTexts, keepInsert, selectGiven } from './given-rows.ts'
import { keep } from './kept-statements.ts'
import type { KeysTable } from './key-tables.ts'
import { insertTerms } from './key-terms.ts'
import type { LastUse } from './last-use.ts'
import { nextRevision } from './revisions.ts'
import type { Db, Tx } from './tables.ts'

export type KeyRow = Selectable<KeysTable>

const keyColumns = Object.keys({
  ...{ id: true, organization_id: true, name: true, name_folded: true, permissions: true, metadata: true },
  ...{ created_by: true, created_by_type: true, created_at: true, expires_at: true, expiry_set_at: true },
  ...{ revoked_at: true, revoked_by: true, revocation_reason: true },
  ...{ suspended_at: true, suspended_by: true, suspended_for: true, suspended_reason: true },
  ...{ not_before: true, allowed_ips: true, limits: true, limits_from: true },
  ...{ parent_id: true, parent_kid: true, last_used_at: true, prefix: true, kid: true, revision: true },
  ...{ description: true, description_folded: true, tags: true, exposed_at: true, exposure: true },
  ...{ terms_revision: true, decoy_tries: true, decoy_tried_at: true, decoy_told_at: true },
} satisfies Record<keyof KeysTable, true>) as (keyof KeysTable)[]

/** What of a key may be long: a page of keys is bounded by it. */
export const longKeyColumns = ['permissions', 'metadata', 'description', 'tags']

/** More are not looked through: an operator has a few root keys. */
const maxMentions = 1_000

/** A key as it begins. */
export type NewKeyRow = Omit<
  KeyRow,
  | ('name_folded' | 'description_folded' | 'terms_revision')
  | ('expiry_set_at' | 'last_used_at' | 'revision')
  | keyof LaterKeyRow
>

/** What no key has when it is created. */
type LaterKeyRow = Pick<
  KeyRow,
  | ('suspended_at' | 'suspended_by' | 'suspended_for' | 'suspended_reason')
  | ('revoked_by' | 'revocation_reason')
  | ('decoy_tried_at' | 'decoy_told_at')
  | ('exposed_at' | 'exposure')
>

const newColumns = {
  id: 'text',
  organization_id: 'text',
  name: 'text',
  name_folded: 'text',
  permissions: 'text',
  metadata: 'text',
  description: 'text',
  description_folded: 'text',
  tags: 'text',
  created_by: 'text',
  created_by_type: 'text',
  created_at: 'whole',
  expires_at: 'whole',
  revoked_at: 'whole',
  not_before: 'whole',
  allowed_ips: 'text',
  prefix: 'text',
  kid: 'text',
  limits: 'text',
  limits_from: 'text',
  parent_id: 'text',
  parent_kid: 'text',
  decoy_tries: 'whole',
  last_used_at: 'whole',
  revision: 'whole',
  terms_revision: 'whole',
} as const

const insertNewKeys = keepInsert('keys', newColumns)

/** The statements that insert keys, and the terms under which they are found. */
export function insertKeys(tx: Tx, dialect: StoreDialect, rows: readonly NewKeyRow[]): Promise<unknown>[] {
  const inserted = rows.map((row) => ({
    ...row,
    name_folded: fold(row.name),
    description_folded: foldDescription(row.description),
    last_used_at: 0,
    revision: row.created_at,
    terms_revision: row.created_at,
  }))
  return [insertNewKeys(tx, dialect, inserted), insertTerms(tx, dialect, rows)]
}

export async function findKey(db: Db, id: string, scope: Scope): Promise<KeyRow | undefined> {
  return db
    .selectFrom('keys')
    .selectAll()
    .where('id', '=', id)
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .executeTakeFirst()
}

/** Takes the row's lock for the rest of the transaction, by a write that changes nothing. */
export async function lockKey(tx: Tx, id: string, scope: Scope): Promise<KeyRow | undefined> {
  const { rows } = await touchKey(tx, { id, organizationId: scope }, scope !== undefined)
  return rows[0]
}

const touchKey = keep(
  (tx: Tx, { id, organizationId }: { id: string; organizationId: Scope }, isScoped: boolean) =>
    tx
      .updateTable('keys')
      .set((eb) => ({ revision: eb.ref('revision') }))
      .where('id', '=', id)
      .$if(isScoped, (query) => query.where('organization_id', '=', organizationId as string))
      .returning(keyColumns),
  String,
)

/** The same of the keys of a list, in the order of their ids; gives those that are there. */
export async function lockListedKeys(
  tx: Tx,
  dialect: StoreDialect,
  ids: readonly string[],
  scope: Scope,
): Promise<Map<string, KeyRow>> {
  const rows = await tx
    .selectFrom('keys')
    .selectAll()
    .where('id', 'in', givenTexts(dialect, ids))
    .$if(scope !== undefined, (query) => query.where('organization_id', '=', scope as string))
    .orderBy('id')
    .$if(dialect.skipsLocked, (query) => query.forNoKeyUpdate())
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Changes a key that {@link lockKey} found; its terms, if they change, are the caller's to write. Throws if not exactly that row was there to
 * change.
 */
export async function changeKey(
  tx: Tx,
  row: KeyRow,
  change: Updateable<KeysTable>,
  now: number,
): Promise<KeyRow> {
  const { name, description } = change
  const folded = {
    ...(name !== undefined && { name_folded: fold(name) }),
    ...(description !== undefined && { description_folded: foldDescription(description) }),
  }
  const revision = nextRevision(row, now)
  const isTermed = row.terms_revision === row.revision
  const set = { ...change, ...folded, revision, ...(isTermed && { terms_revision: revision }) }
  const of = { ofId: row.id, ofOrganization: row.organization_id }
  const { rows } = await updateKey(tx, { ...set, ...of }, Object.keys(set) as (keyof KeysTable)[])
  if (rows[0] === undefined) throw new LatchkeyError('internal', 'The change of a key affected no row.')
  return rows[0]
}

const updateKey = keep(
  (
    tx: Tx,
    given: Updateable<KeysTable> & { ofId: string; ofOrganization: string },
    columns: readonly (keyof KeysTable)[],
  ) =>
    tx
      .updateTable('keys')
      .set(Object.fromEntries(columns.map((column) => [column, given[column]])))
      .where('id', '=', given.ofId)
      .where('organization_id', '=', given.ofOrganization)
      .returning(keyColumns),
  String,
)

/** What a change of many keys writes of each. */
export type ListedChange = Partial<Pick<KeyRow, keyof typeof listedColumns>>

const listedColumns = {
  tags: 'text',
  revoked_at: 'whole',
  revoked_by: 'text',
  revocation_reason: 'text',
  suspended_at: 'whole',
  suspended_by: 'text',
  suspended_for: 'text',
  suspended_reason: 'text',
  exposed_at: 'whole',
  exposure: 'text',
} as const

/**
 * Changes keys that {@link lockListedKeys} found, all in the same columns, by one statement; their terms are the caller's to write.
 * Throws if not exactly those rows were there to change.
 */
export async function changeListedKeys(
  tx: Tx,
  dialect: StoreDialect,
  changes: readonly { before: KeyRow; after: ListedChange }[],
  now: number,
): Promise<void> {
  const names = Object.keys(changes[0]?.after ?? {}) as (keyof ListedChange)[]
  const found = { id: 'text', organization_id: 'text', revision: 'whole', terms_revision: 'whole' } as const
  const changed = Object.fromEntries(names.map((name) => [name, listedColumns[name]]))
  const rows = changes.map(({ before, after }) => {
    const revision = nextRevision(before, now)
    const isTermed = before.terms_revision === before.revision
    return {
      ...after,
      id: before.id,
      organization_id: before.organization_id,
      revision,
      terms_revision: isTermed ? revision : before.terms_revision,
    }
  })
  const given = selectGiven<string>(dialect, { ...found, ...changed }, rows)
  const columns = ['revision', 'terms_revision', ...names]
  const set = columns.map((name) => sql`${sql.ref(name)} = ${sql.ref(`given.${name}`)}`)
  const { numAffectedRows = 0n } = await sql`with given as materialized (${given})
    update ${sql.table('keys')} set ${sql.join(set)} from given
    where keys.id = given.id and keys.organization_id = given.organization_id`.execute(tx)
  if (Number(numAffectedRows) !== changes.length)
    throw new LatchkeyError(
      'internal',
      `The change of ${changes.length} keys affected ${numAffectedRows} rows.`,
    )
}

/** The live keys of an organization whose permissions hold a text somewhere, but for children and decoys. */
export async function liveKeysThatMention(
  db: Db,
  organizationId: string,
  text: string,
  now: number,
): Promise<
  Pick<KeyRow, 'id' | 'permissions' | 'expires_at' | 'revoked_at' | 'suspended_at' | 'not_before'>[]
> {
  return db
    .selectFrom('keys')
    .select(['id', 'permissions', 'expires_at', 'revoked_at', 'suspended_at', 'not_before'])
    .where('organization_id', '=', organizationId)
    .where('parent_id', 'is', null)
    .where('decoy_tries', 'is', null)
    .where('revoked_at', 'is', null)
    .where('suspended_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .where('permissions', 'like', `%${text}%`)
    .orderBy('created_at', 'desc')
    .limit(maxMentions)
    .execute()
}

/** The row as everyone may see it, judged at the given instant. */
export function toKey(
  row: Omit<NewKeyRow, 'limits' | 'limits_from'> &
    Partial<LaterKeyRow> & { last_used_at?: number; revision?: number },
  now: number,
  limits: LimitState[],
  lastUse?: LastUse | undefined,
): Key {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    permissions: JSON.parse(row.permissions),
    lastUsedAt: row.last_used_at ? new Date(row.last_used_at) : null,
    createdBy: row.created_by,
    createdByType: creatorTypeOf(row),
    createdAt: new Date(row.created_at),
    revokedAt: row.revoked_at === null ? null : new Date(row.revoked_at),
    hint: tokenHint(row.prefix, row.kid),
    status: statusOf(row.revoked_at, row.suspended_at ?? null, row.expires_at, now),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    metadata: JSON.parse(row.metadata),
    description: row.description || null,
    tags: JSON.parse(row.tags),
    parentId: row.parent_id,
    notBefore: toInstant(row.not_before),
    allowedIps: readAllowedIps(row.allowed_ips),
    suspendedAt: toInstant(row.suspended_at),
    suspendedBy: row.suspended_by ?? null,
    suspendedReason: row.suspended_reason ?? null,
    revokedBy: row.revoked_by ?? null,
    revocationReason: row.revoked_at === null ? null : reasonOf(row.revocation_reason),
    exposure: readExposure(row.exposure),
    limits,
    lastUsed: row.last_used_at ? toLastUsed(row.last_used_at, lastUse) : null,
    revision: String(row.revision ?? row.created_at),
    ...(row.decoy_tries !== null && {
      decoy: { tries: row.decoy_tries, lastTriedAt: toInstant(row.decoy_tried_at) },
    }),
  }
}

function toInstant(value: number | null | undefined): Date | null {
  return value == null ? null : new Date(value)
}

/** A key that was revoked by an older version has none. */
function reasonOf(reason: string | null | undefined): Key['revocationReason'] {
  return revocationReasons.find((known) => known === reason) ?? 'unspecified'
}

/** From where a key may be used, as it lies in its row: null for anywhere. */
export function storeAllowedIps(networks: readonly string[]): string | null {
  return networks.length === 0 ? null : JSON.stringify(networks)
}

/** The same as it is told. */
export function readAllowedIps(text: string | null): string[] {
  return text === null ? [] : JSON.parse(text)
}

/** Of another use than the last one it is not told from where it came. */
function toLastUsed(at: number, use: LastUse | undefined): NonNullable<Key['lastUsed']> {
  const isIt = use?.at === at
  return {
    at: new Date(at),
    ip: isIt ? use.ip : null,
    userAgent: isIt ? use.user_agent : null,
    operation: isIt ? use.operation : null,
    kid: isIt ? use.kid : null,
  }
}
