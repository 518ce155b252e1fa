// A key changes: its name, permissions, metadata, expiry, and what it is found by.
import type { z } from 'zod'
import type { Change } from '../../commit/commit.ts'
import { requireGrantable, requireLifetime, requireMetadata } from '../../core/access.ts'
import type { Actor } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { isReserved } from '../../core/permissions.ts'
import type { JudgedKey } from '../../core/policy.ts'
import { type UpdateKeyInput, updateKeySchema } from '../../core/shapes/key-changes.ts'
import type { Key } from '../../core/shapes/keys.ts'
import { hasPassed } from '../../core/status.ts'
import { isForeignKid } from '../../core/token.ts'
import { changeTerms } from '../../store/key-terms.ts'
import { changeKey, type KeyRow, readAllowedIps, storeAllowedIps } from '../../store/keys.ts'
import { listUnendedSecrets } from '../../store/secrets.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { newLimits, requireLimits } from '../limits/rules.ts'
import { describeLimits } from '../limits/states.ts'
import { requireRevision } from '../revisions.ts'
import { isWider, outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { openJudge } from './judge.ts'
import { requireOtherRootKey } from './last-root-key.ts'
import { requireBeginning, requireFuture, requireLiveKey, toKeyWithLimits, writeKeys } from './rules.ts'

/**
 * Changes what is named and leaves the rest. It takes a caller that holds what the key may do and what it grants, and
 * lives as long as what it grants. Throws `invalid_input`, `key_not_found`, `key_revoked`, `permission_escalation`,
 * `missing_permission` for metadata that the caller may not set, `last_root_key`, `policy`, `precondition_failed`.
 */
export async function updateKey(
  engine: Engine,
  id: string,
  input: UpdateKeyInput,
  options: CommandOptions = {},
): Promise<Key> {
  const update = parseInput(updateKeySchema, input)
  const now = engine.now()
  requireFuture(update.expiresAt ?? null, now)
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const before = await requireLiveKey(change, id)
    const after = planUpdate(change.actor, before, update)
    // More permissions on a key that outlives the caller would outlive it as well.
    if (isWider(before, after)) requireLifetime(change.actor, before.organization_id, after.expires_at)
    await requireOtherRootKey(change.tx, before, { ...before, ...after }, change.now)
    if (isWider(before, after) && outlivesSession(before.organization_id, JSON.parse(after.permissions)))
      requireFreshSignIn(change.actor, change.now)
    if (after.permissions !== before.permissions)
      await refuseReserved(change, before, JSON.parse(after.permissions))
    await requireAllowed(engine, change, before, after, update)
    const changes = describeChanges(before, after)
    if (Object.keys(changes).length === 0) return toKeyWithLimits(engine, change.tx, before, now)
    requireRevision(before, options)
    requireBeginning(after)
    const isMoved = after.expires_at !== before.expires_at
    const moved = isMoved ? { ...after, expiry_set_at: change.now } : after
    const changed = await changeKey(change.tx, before, moved, change.now)
    await changeTerms(change.tx, engine.store.dialect, [{ before, after: changed }])
    change.record({
      action: 'key.updated',
      organizationId: before.organization_id,
      keyId: id,
      changes,
    })
    return toKeyWithLimits(engine, change.tx, changed, now)
  })
}

/** Throws `policy` for what the update names of the key, and if it brings an expired key back where there is no room. */
async function requireAllowed(
  engine: Engine,
  { tx, now }: Change,
  before: KeyRow,
  after: Changeable,
  update: Update,
): Promise<void> {
  const { organization_id: organizationId } = before
  const named = namedOf(after, update, now)
  const isBack = hasPassed(before.expires_at, now) && !hasPassed(after.expires_at, now)
  if (!isBack && Object.keys(named).length === 0) return
  const judge = await openJudge(tx, engine.store.dialect, [organizationId])
  judge.require(organizationId, named)
  if (!isBack) return
  await judge.count(tx, [organizationId], now)
  judge.takePlace(organizationId)
}

/** What an update names of what policies judge. */
export function namedOf(
  after: Changeable,
  { permissions, expiresAt, allowedIps }: Update,
  now: number,
): JudgedKey {
  return {
    ...(permissions != null && { permissions }),
    ...(expiresAt !== undefined && { expiry: { at: after.expires_at, setAt: now } }),
    ...(allowedIps != null && { allowedIps }),
  }
}

/** Throws `permission_escalation` for a permission of Latchkey itself on a key that a token of another system opens. */
async function refuseReserved({ tx, now }: Change, key: KeyRow, permissions: string[]): Promise<void> {
  if (!permissions.some(isReserved)) return
  const isForeign = (await listUnendedSecrets(tx, key)).some(
    ({ kid, grace_ends_at: end }) => isForeignKid(kid) && !hasPassed(end, now),
  )
  if (isForeign)
    throw new LatchkeyError(
      'permission_escalation',
      'A key with an imported token holds no permission of Latchkey itself. Rotate it, and end the grace of the imported token, first.',
    )
}

type Update = z.output<typeof updateKeySchema>
type Changeable = Pick<
  KeyRow,
  | ('name' | 'permissions' | 'metadata' | 'description' | 'tags')
  | ('expires_at' | 'not_before' | 'allowed_ips' | 'limits')
>

/** What an update makes of a key. Throws `permission_escalation`, `missing_permission`. */
export function planUpdate(
  actor: Actor,
  before: KeyRow,
  { expiresAt, notBefore, allowedIps, ...given }: Update,
): Changeable {
  const { name, permissions, metadata, description, tags, limits } = given
  if (permissions != null) requireGrantable(actor, permissions, before.organization_id)
  const after = {
    name: name ?? before.name,
    permissions: permissions == null ? before.permissions : JSON.stringify(permissions),
    metadata: metadata == null ? before.metadata : JSON.stringify(metadata),
    description: description === undefined ? before.description : (description ?? ''),
    tags: tags == null ? before.tags : JSON.stringify(tags),
    expires_at: expiresAt === undefined ? before.expires_at : (expiresAt?.getTime() ?? null),
    not_before: notBefore === undefined ? before.not_before : (notBefore?.getTime() ?? null),
    allowed_ips: allowedIps == null ? before.allowed_ips : storeAllowedIps(allowedIps),
    limits: limits == null ? before.limits : newLimits(before.limits, limits),
  }
  if (after.limits !== before.limits) requireLimits(actor, 'set limits')
  if (after.metadata !== before.metadata) requireMetadata(actor)
  return after
}

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
  if (before.not_before !== after.not_before)
    changes.notBefore = { from: instant(before.not_before), to: instant(after.not_before) }
  if (before.allowed_ips !== after.allowed_ips)
    changes.allowedIps = { from: readAllowedIps(before.allowed_ips), to: readAllowedIps(after.allowed_ips) }
  if (before.metadata !== after.metadata) {
    changes.metadata = { from: JSON.parse(before.metadata), to: JSON.parse(after.metadata) }
  }
  if (before.description !== after.description)
    changes.description = { from: before.description || null, to: after.description || null }
  if (before.tags !== after.tags) changes.tags = { from: JSON.parse(before.tags), to: JSON.parse(after.tags) }
  if (before.limits !== after.limits)
    changes.limits = { from: describeLimits(before.limits), to: describeLimits(after.limits) }
  return changes
}
