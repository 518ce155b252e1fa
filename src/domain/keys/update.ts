// A key's life goes on: changed, rotated, revoked. Each change is judged by its caller as it is inside the transaction.

import type { Change } from '../../commit/commit.ts'
import {
  requireCover,
  requireGrantable,
  requireLifetime,
  requireMetadata,
  scopeOf,
} from '../../core/access.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/ids.ts'
import {
  type Caller,
  type CreatedKey,
  type Key,
  parseInput,
  type RotateKeyInput,
  rotateKeySchema,
  type UpdateKeyInput,
  updateKeySchema,
} from '../../core/schemas.ts'
import { generateToken, tokenHint } from '../../core/token.ts'
import { changeKey, type KeyRow, keyStatus, lockKey, toKey } from '../../store/keys.ts'
import {
  beginGrace,
  endSecrets,
  findSecret,
  insertSecrets,
  listUnendedSecrets,
  pruneSecrets,
} from '../../store/secrets.ts'
import { deleteKeySessions } from '../../store/sessions.ts'
import { allDone } from '../../store/statements.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { isWider, outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { requireFuture, unknownKey, unknownSecret, withToken } from './create.ts'
import { requireOtherRootKey } from './last-root-key.ts'

const permission = 'latchkey:keys:write'

/**
 * Changes what is named and leaves the rest. It takes a caller that holds what the key may do and what it grants, and
 * lives as long as what it grants. Throws `invalid_input`, `key_not_found`, `key_revoked`, `permission_escalation`,
 * `missing_permission` for metadata that the caller may not set, `last_root_key`.
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
  const row = await engine.commit(caller, { permission, keyId: id }, async (change) => {
    const before = await requireLiveKey(change, id)
    const expiry = expiresAt === undefined ? before.expires_at : (expiresAt?.getTime() ?? null)
    if (permissions !== undefined) requireGrantable(change.caller, permissions)
    const after = {
      name: name ?? before.name,
      permissions: permissions === undefined ? before.permissions : JSON.stringify(permissions),
      metadata: metadata === undefined ? before.metadata : JSON.stringify(metadata),
      expires_at: expiry,
    }
    if (after.metadata !== before.metadata) requireMetadata(change.caller)
    // More permissions on a key that outlives the caller would outlive it as well.
    if (isWider(before, after)) requireLifetime(change.caller, before.organization_id, expiry)
    await requireOtherRootKey(change.tx, before, { ...after, revoked_at: null }, change.now)
    if (isWider(before, after) && outlivesSession(before.organization_id, JSON.parse(after.permissions)))
      requireFreshSignIn(change.caller, change.now)
    const changes = describeChanges(before, after)
    if (Object.keys(changes).length === 0) return before
    const changed = await changeKey(change.tx, before, after)
    change.record({
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
  const { row, token } = await engine.commit(caller, { permission, keyId: id }, async (change) => {
    const { now } = change
    const key = await requireLiveKey(change, id)
    if (keyStatus(key, now) === 'expired') {
      throw new LatchkeyError('key_expired', 'The key has expired: give it a later expires_at first.')
    }
    // The caller then holds the new token, and so all that it may do for as long as it lives.
    requireLifetime(change.caller, key.organization_id, key.expires_at)
    if (outlivesSession(key.organization_id, JSON.parse(key.permissions)))
      requireFreshSignIn(change.caller, now)
    const secrets = await listUnendedSecrets(change.tx, key)
    const inGrace = secrets.some((secret) => secret.expires_at !== null && secret.expires_at > now)
    if (graceSeconds > 0 && inGrace) {
      throw new LatchkeyError(
        'rotation_in_progress',
        'An earlier secret is still in its grace: end it first, or rotate with grace_seconds 0.',
      )
    }
    const graceEndsAt = Math.min(now + graceSeconds * 1000, key.expires_at ?? Number.POSITIVE_INFINITY)
    // A grace that has run out is ended for good, so that few secrets are ever unended.
    const over = secrets.filter(({ kid }) => graceSeconds === 0 || kid !== key.kid).map(({ kid }) => kid)
    if (graceSeconds > 0) await beginGrace(change.tx, key, graceEndsAt)
    await endSecrets(change.tx, key, over, now)
    if (over.length > 0) await deleteKeySessions(change.tx, key, over)
    const next = generateToken(key.prefix, engine.random)
    const secret = {
      kid: next.kid,
      key_id: id,
      organization_id: key.organization_id,
      prefix: next.prefix,
      digest: digestToken(next.token),
      created_at: now,
    }
    await insertSecrets(change.tx, [secret])
    await pruneSecrets(change.tx, key)
    const row = await changeKey(change.tx, key, { kid: next.kid })
    change.record({
      action: 'key.rotated',
      organizationId: key.organization_id,
      keyId: id,
      changes: { kid: { from: key.kid, to: next.kid }, graceEndsAt: new Date(graceEndsAt) },
    })
    return { row, token: next }
  })
  return withToken(row, token, engine.now())
}

/**
 * Ends a grace now: the old secret opens nothing any more. Again, it changes nothing. Throws `key_not_found`,
 * `secret_not_found`, `permission_escalation`, `last_secret` for the newest one.
 */
export async function endKeySecret(engine: Engine, id: string, kid: string, caller?: Caller): Promise<void> {
  await engine.commit(caller, { permission, keyId: id }, async (change) => {
    const { now } = change
    const key = await requireKey(change, id)
    const secret = await findSecret(change.tx, key, kid)
    if (!secret) throw unknownSecret()
    if (secret.kid === key.kid) {
      throw new LatchkeyError('last_secret', 'This is the newest secret: rotate the key, or revoke it.')
    }
    if (secret.ended_at !== null || (secret.expires_at !== null && secret.expires_at <= now)) return
    await endSecrets(change.tx, key, [kid], now)
    await deleteKeySessions(change.tx, key, [kid])
    change.record({
      action: 'key.secret_ended',
      organizationId: key.organization_id,
      keyId: id,
      changes: { kid, hint: tokenHint(secret.prefix, kid) },
    })
  })
}

/**
 * Revokes a key for ever. Again, it changes nothing and keeps the first instant. Throws `key_not_found`,
 * `permission_escalation`, `last_root_key`.
 */
export async function revokeKey(engine: Engine, id: string, caller?: Caller): Promise<void> {
  await engine.commit(caller, { permission, keyId: id }, async (change) => {
    const { now } = change
    const key = await requireKey(change, id)
    if (key.revoked_at !== null) return
    await requireOtherRootKey(change.tx, key, { ...key, revoked_at: now }, now)
    await allDone([changeKey(change.tx, key, { revoked_at: now }), deleteKeySessions(change.tx, key)])
    change.record({
      action: 'key.revoked',
      organizationId: key.organization_id,
      keyId: id,
      changes: { revokedAt: new Date(now) },
    })
  })
}

/** Locks a key of the caller's scope that may do no more than the caller. */
async function requireKey({ tx, caller }: Change, id: string): Promise<KeyRow> {
  const key = isId(id) ? await lockKey(tx, id, scopeOf(caller)) : undefined
  if (!key) throw unknownKey()
  requireCover(caller, { id, permissions: JSON.parse(key.permissions) })
  return key
}

async function requireLiveKey(change: Change, id: string): Promise<KeyRow> {
  const key = await requireKey(change, id)
  if (key.revoked_at !== null)
    throw new LatchkeyError('key_revoked', 'The key is revoked, and that is final.')
  return key
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
