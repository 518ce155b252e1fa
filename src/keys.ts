// The life of a key: created, read, changed, rotated, revoked. A key is never deleted.
import { recordDeed, toEvent } from './audit.ts'
import {
  narrowScope,
  requireGrantable,
  requireRoot,
  scopeOf,
  turnOf,
  unknownOrganization,
} from './authority.ts'
import type { NewKey } from './creations.ts'
import { digestToken } from './digest.ts'
import { changeFacts, type Engine, isId, newId } from './engine.ts'
import { LatchkeyError, refuseField } from './errors.ts'
import { isLater, isWider, outlivesSession, requireFreshSignIn } from './fresh-sign-in.ts'
import { readPage } from './listing.ts'
import {
  type Caller,
  type CreatedKey,
  type CreateKeyInput,
  createKeySchema,
  type Key,
  type KeyDetails,
  type ListKeysInput,
  listKeysSchema,
  type Page,
  parseInput,
  type ReadOptions,
  type RotateKeyInput,
  rotateKeySchema,
  type UpdateKeyInput,
  updateKeySchema,
} from './schemas.ts'
import {
  changeKey,
  findKey,
  type KeyRow,
  keyOrders,
  keyStatus,
  lockKey,
  type NewKeyRow,
  readKeySlice,
  toKey,
} from './store/keys.ts'
import { findOrganization } from './store/organizations.ts'
import { beginGrace, endSecrets, insertSecrets, listSecrets, toSecret } from './store/secrets.ts'
import { deleteKeySessions } from './store/sessions.ts'
import type { Tx } from './store/tables.ts'
import { generateToken, type ParsedToken, tokenHint } from './token.ts'

/**
 * Creates a key and its first secret; the answer is the only one that ever holds the token. Without a caller,
 * `organizationId` must be named. Throws `invalid_input`, `organization_not_found`, `permission_escalation`,
 * `root_organization_required`, `store_unavailable`.
 */
export async function createKey(engine: Engine, input: CreateKeyInput, caller?: Caller): Promise<CreatedKey> {
  const wanted = parseInput(createKeySchema, input)
  const now = engine.now()
  const prefix = wanted.prefix ?? engine.prefixes[0]
  if (!engine.prefixes.includes(prefix)) refuseField('prefix', `One of ${engine.prefixes.join(', ')}.`)
  requireFuture(wanted.expiresAt, now)
  if (wanted.createdBy !== undefined) requireRoot(caller, 'say on whose behalf it creates a key')
  const organizationId = narrowScope(caller, wanted.organizationId ?? caller?.organizationId)
  if (organizationId === undefined)
    refuseField('organizationId', 'Name the organization that will own the key.')
  requireGrantable(caller, wanted.permissions)
  if (outlivesSession(organizationId, wanted.permissions))
    await engine.store.read((db) => requireFreshSignIn(db, caller, now))
  const token = generateToken(prefix, engine.random)
  const created = newKey(engine, caller, token, { ...wanted, organizationId, now })
  await engine.creations.add(created)
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

/** Gets a key with its secrets. Throws `key_not_found`, for a foreign id too. */
export async function getKey(engine: Engine, id: string, caller?: Caller): Promise<KeyDetails> {
  return engine.store.read(async (db) => {
    const row = isId(id) ? await findKey(db, id, scopeOf(caller)) : undefined
    if (!row) throw unknownKey()
    const secrets = await listSecrets(db, row)
    return { ...toKey(row, engine.now()), secrets: secrets.map(toSecret) }
  })
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

/**
 * Changes what is named and leaves the rest. Granting permissions, and letting a key live longer, takes a
 * caller that holds what the key may do. Throws `invalid_input`, `key_not_found`, `key_revoked`,
 * `permission_escalation`.
 */
export async function updateKey(
  engine: Engine,
  id: string,
  input: UpdateKeyInput,
  caller?: Caller,
): Promise<Key> {
  const { name, permissions, metadata, expiresAt } = parseInput(updateKeySchema, input)
  const now = engine.now()
  if (expiresAt !== undefined) requireFuture(expiresAt, now)
  const row = await changeFacts(engine, id, async (tx) => {
    const before = await requireLiveKey(tx, id, caller)
    const expiry = expiresAt === undefined ? before.expires_at : (expiresAt?.getTime() ?? null)
    if (permissions !== undefined) requireGrantable(caller, permissions)
    else if (isLater(expiry, before.expires_at)) requireGrantable(caller, JSON.parse(before.permissions))
    const after = {
      name: name ?? before.name,
      permissions: permissions === undefined ? before.permissions : JSON.stringify(permissions),
      metadata: metadata === undefined ? before.metadata : JSON.stringify(metadata),
      expires_at: expiry,
    }
    if (isWider(before, after) && outlivesSession(before.organization_id, JSON.parse(after.permissions)))
      await requireFreshSignIn(tx, caller, now)
    const changes = describeChanges(before, after)
    if (Object.keys(changes).length === 0) return before
    const changed = await changeKey(tx, before, after)
    await recordDeed(engine, tx, caller, {
      action: 'key.updated',
      organizationId: before.organization_id,
      keyId: id,
      changes,
    })
    return changed
  })
  return toKey(row, now)
}

/**
 * Gives a key a new secret; its id, permissions and history stay. The old token stays valid for
 * `graceSeconds`, never past the key's expiry. Throws `invalid_input`, `key_not_found`, `key_revoked`,
 * `key_expired`, `permission_escalation`, `rotation_in_progress`.
 */
export async function rotateKey(
  engine: Engine,
  id: string,
  input: RotateKeyInput = {},
  caller?: Caller,
): Promise<CreatedKey> {
  const { graceSeconds } = parseInput(rotateKeySchema, input)
  const now = engine.now()
  const { row, token } = await changeFacts(engine, id, async (tx) => {
    const key = await requireLiveKey(tx, id, caller)
    if (keyStatus(key, now) === 'expired') {
      throw new LatchkeyError('key_expired', 'The key has expired: give it a later expires_at first.')
    }
    // Whoever rotates a key holds its new token, and so all that it may do.
    requireGrantable(caller, JSON.parse(key.permissions))
    if (outlivesSession(key.organization_id, JSON.parse(key.permissions)))
      await requireFreshSignIn(tx, caller, now)
    const secrets = await listSecrets(tx, key)
    const inGrace = secrets.some((secret) => secret.expires_at !== null && secret.expires_at > now)
    if (graceSeconds > 0 && inGrace) {
      throw new LatchkeyError(
        'rotation_in_progress',
        'An earlier secret is still in its grace: end it first, or rotate with grace_seconds 0.',
      )
    }
    const graceEndsAt = Math.min(now + graceSeconds * 1000, key.expires_at ?? Number.POSITIVE_INFINITY)
    const unended = secrets.filter((secret) => secret.ended_at === null).map(({ kid }) => kid)
    if (graceSeconds > 0) await beginGrace(tx, key, graceEndsAt)
    else {
      await endSecrets(tx, key, unended, now)
      await deleteKeySessions(tx, key, unended)
    }
    const next = generateToken(key.prefix, engine.random)
    const secret = {
      kid: next.kid,
      key_id: id,
      organization_id: key.organization_id,
      prefix: next.prefix,
      digest: digestToken(next.token),
      created_at: now,
    }
    await insertSecrets(tx, [secret])
    const row = await changeKey(tx, key, { kid: next.kid })
    await recordDeed(engine, tx, caller, {
      action: 'key.rotated',
      organizationId: key.organization_id,
      keyId: id,
      changes: { kid: { from: key.kid, to: next.kid }, graceEndsAt: new Date(graceEndsAt) },
    })
    return { row, token: next }
  })
  return withToken(row, token, now)
}

/**
 * Ends a grace now: the old secret opens nothing any more. Again, it changes nothing. Throws `key_not_found`,
 * `secret_not_found`, `last_secret` for the newest one.
 */
export async function endKeySecret(engine: Engine, id: string, kid: string, caller?: Caller): Promise<void> {
  const now = engine.now()
  await changeFacts(engine, id, async (tx) => {
    const key = await requireKey(tx, id, caller)
    const secret = (await listSecrets(tx, key)).find((candidate) => candidate.kid === kid)
    if (!secret) throw new LatchkeyError('secret_not_found', 'The key has no such secret.')
    if (secret.kid === key.kid) {
      throw new LatchkeyError('last_secret', 'This is the newest secret: rotate the key, or revoke it.')
    }
    if (secret.ended_at !== null || (secret.expires_at !== null && secret.expires_at <= now)) return
    await endSecrets(tx, key, [kid], now)
    await deleteKeySessions(tx, key, [kid])
    await recordDeed(engine, tx, caller, {
      action: 'key.secret_ended',
      organizationId: key.organization_id,
      keyId: id,
      changes: { kid, hint: tokenHint(secret.prefix, kid) },
    })
  })
}

/** Revokes a key for ever. Again, it changes nothing and keeps the first instant. Throws `key_not_found`. */
export async function revokeKey(engine: Engine, id: string, caller?: Caller): Promise<void> {
  const now = engine.now()
  await changeFacts(engine, id, async (tx) => {
    const key = await requireKey(tx, id, caller)
    if (key.revoked_at !== null) return
    await changeKey(tx, key, { revoked_at: now })
    await deleteKeySessions(tx, key)
    await recordDeed(engine, tx, caller, {
      action: 'key.revoked',
      organizationId: key.organization_id,
      keyId: id,
      changes: { revokedAt: new Date(now) },
    })
  })
}

async function requireKey(tx: Tx, id: string, caller: Caller | undefined): Promise<KeyRow> {
  const key = isId(id) ? await lockKey(tx, id, scopeOf(caller)) : undefined
  if (!key) throw unknownKey()
  return key
}

async function requireLiveKey(tx: Tx, id: string, caller: Caller | undefined): Promise<KeyRow> {
  const key = await requireKey(tx, id, caller)
  if (key.revoked_at !== null)
    throw new LatchkeyError('key_revoked', 'The key is revoked, and that is final.')
  return key
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
function unknownKey(): LatchkeyError {
  return new LatchkeyError('key_not_found', 'There is no key with this id.')
}

/** A key with its token, where that is shown for once. */
export function withToken(row: NewKeyRow, { token }: ParsedToken, now: number): CreatedKey {
  const { id, organizationId, name, ...rest } = toKey(row, now)
  return { id, organizationId, name, key: token, ...rest }
}

function requireFuture(expiresAt: Date | null, now: number): void {
  if (expiresAt !== null && expiresAt.getTime() <= now)
    refuseField('expiresAt', 'An instant that is still to come.')
}

type Changeable = Pick<KeyRow, 'name' | 'permissions' | 'metadata' | 'expires_at'>

function describeChanges(before: Changeable, after: Changeable): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  const instant = (value: number | null) => (value === null ? null : new Date(value))
  if (before.name !== after.name) changes.name = { from: before.name, to: after.name }
  if (before.permissions !== after.permissions) {
    changes.permissions = { from: JSON.parse(before.permissions), to: JSON.parse(after.permissions) }
  }
  if (before.expires_at !== after.expires_at) {
    changes.expiresAt = { from: instant(before.expires_at), to: instant(after.expires_at) }
  }
  if (before.metadata !== after.metadata) {
    changes.metadata = { from: JSON.parse(before.metadata), to: JSON.parse(after.metadata) }
  }
  return changes
}
