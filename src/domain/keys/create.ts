// The life of a key begins: created, read, listed. What becomes of it is in `update.ts`; it is never deleted.
import { toEvent } from '../../commit/audit-trail.ts'
import {
  narrowScope,
  requireGrantable,
  requireLifetime,
  requireMetadata,
  requireRoot,
  scopeOf,
  unknownOrganization,
} from '../../core/access.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isId, newId } from '../../core/ids.ts'
import {
  type Caller,
  type CreatedKey,
  type CreateKeyInput,
  createKeySchema,
  getKeySchema,
  type Key,
  type KeyDetails,
  type ListKeysInput,
  listKeysSchema,
  type Page,
  parseInput,
  type ReadOptions,
} from '../../core/schemas.ts'
import { generateToken, type ParsedToken } from '../../core/token.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { findKey, keyOrders, type NewKeyRow, readKeySlice, toKey } from '../../store/keys.ts'
import { findOrganization } from '../../store/organizations.ts'
import { findSecret, readSecrets, toSecret } from '../../store/secrets.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { readPage } from '../listing.ts'
import { outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import type { Creation, NewKey } from './creations.ts'

/**
 * Creates a key and its first secret; the answer is the only one that ever holds the token. Without a caller,
 * `organizationId` must be named. Throws `invalid_input`, `organization_not_found`, `permission_escalation`,
 * `missing_permission` for metadata that the caller may not set,
 * `root_organization_required`, `too_many_changes`, `store_unavailable`.
 */
export async function createKey(engine: Engine, input: CreateKeyInput, caller?: Caller): Promise<CreatedKey> {
  const wanted = parseInput(createKeySchema, input)
  const now = engine.now()
  const prefix = wanted.prefix ?? engine.prefixes[0]
  if (!engine.prefixes.includes(prefix)) refuseField('prefix', `One of ${engine.prefixes.join(', ')}.`)
  requireFuture(wanted.expiresAt, now)
  const organizationId = wanted.organizationId ?? caller?.organizationId
  if (organizationId === undefined)
    refuseField('organizationId', 'Name the organization that will own the key.')
  const token = generateToken(prefix, engine.random)
  const created = newKey(engine, caller, token, { ...wanted, organizationId, now })
  const creation: Creation = {
    caller,
    created,
    judge: (live, now) => {
      if (wanted.createdBy !== undefined) requireRoot(live, 'say on whose behalf it creates a key')
      narrowScope(live, organizationId)
      requireGrantable(live, wanted.permissions)
      requireLifetime(live, organizationId, wanted.expiresAt?.getTime() ?? null)
      if (Object.keys(wanted.metadata).length > 0) requireMetadata(live)
      if (outlivesSession(organizationId, wanted.permissions)) requireFreshSignIn(live, now)
    },
  }
  await engine.changeLines.create(caller, () => engine.creations.add(creation))
  // Somebody may have tried the kid a moment before it was.
  engine.memory.forgetAbsent(token.kid)
  return withToken(created.key, token, now)
}

/** Makes the rows of a key with a given token. */
export function newKey(
  engine: Engine,
  caller: Caller | undefined,
  { token, kid, prefix }: ParsedToken,
  wanted: {
    organizationId: string
    name: string
    permissions: string[]
    metadata: Record<string, unknown>
    expiresAt: Date | null
    createdBy?: string | undefined
    now: number
  },
): NewKey {
  const { organizationId, name, permissions, metadata, expiresAt, now } = wanted
  const id = newId(engine)
  const createdBy = wanted.createdBy ?? caller?.keyId ?? null
  const changes = { name, permissions, expiresAt, metadata, kid, createdBy }
  return {
    key: {
      id,
      organization_id: organizationId,
      name,
      permissions: JSON.stringify(permissions),
      metadata: JSON.stringify(metadata),
      created_by: createdBy,
      created_at: now,
      expires_at: expiresAt?.getTime() ?? null,
      revoked_at: null,
      prefix,
      kid,
    },
    secret: {
      kid,
      key_id: id,
      organization_id: organizationId,
      prefix,
      digest: digestToken(token),
      created_at: now,
    },
    event: toEvent(engine, caller, { action: 'key.created', organizationId, keyId: id, changes }),
  }
}

/** How a key is read. */
export interface GetKeyOptions extends ReadOptions {
  /** The kid of the last secret that was read: those after it come, and the newest does not. */
  secretsAfter?: string | undefined
}

/**
 * Gets a key with its secrets, newest first: 100 of them, and those after them by `secretsAfter`. Throws
 * `key_not_found`, for a foreign id too, `secret_not_found` for a `secretsAfter` that the key does not have,
 * `invalid_input`.
 */
export async function getKey(
  engine: Engine,
  id: string,
  caller?: Caller,
  { secretsAfter, signal }: GetKeyOptions = {},
): Promise<KeyDetails> {
  parseInput(getKeySchema, { secretsAfter })
  return engine.store.read(
    async (db) => {
      const row = isId(id) ? await findKey(db, id, scopeOf(caller)) : undefined
      if (!row) throw unknownKey()
      const after = secretsAfter === undefined ? undefined : await findSecret(db, row, secretsAfter)
      if (secretsAfter !== undefined && !after) throw unknownSecret()
      const secrets = await readSecrets(db, row, after)
      return { ...toKey(row, engine.now()), secrets: secrets.map(toSecret) }
    },
    turnOf(caller, { signal }),
  )
}

/** Lists keys page by page. Throws `invalid_input`, `organization_not_found`, `too_many_reads`. */
export async function listKeys(
  engine: Engine,
  input: ListKeysInput = {},
  caller?: Caller,
  options?: ReadOptions,
): Promise<Page<Key>> {
  const { organizationId, status, q, sort, limit, after } = parseInput(listKeysSchema, input)
  const scope = narrowScope(caller, organizationId)
  const now = engine.now()
  const turn = turnOf(caller, options)
  if (organizationId !== undefined) {
    if (!(await engine.store.read((db) => findOrganization(db, organizationId), turn)))
      throw unknownOrganization()
  }
  return readPage(
    engine,
    {
      name: sort,
      type: keyOrders[sort].type,
      limit,
      after,
      turn,
      read: (db, position, bounds) =>
        readKeySlice(db, { scope, status, q, sort, now, after: position }, bounds),
    },
    (row) => toKey(row, now),
  )
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownKey(): LatchkeyError {
  return new LatchkeyError('key_not_found', 'There is no key with this id.')
}

export function unknownSecret(): LatchkeyError {
  return new LatchkeyError('secret_not_found', 'The key has no such secret.')
}

/** A key with its token, where that is shown for once. */
export function withToken(row: NewKeyRow, { token }: ParsedToken, now: number): CreatedKey {
  const { id, organizationId, name, ...rest } = toKey(row, now)
  return { id, organizationId, name, key: token, ...rest }
}

/** Throws `invalid_input` for an expiry that has passed. */
export function requireFuture(expiresAt: Date | null, now: number): void {
  if (expiresAt !== null && expiresAt.getTime() <= now)
    refuseField('expiresAt', 'An instant that is still to come.')
}
