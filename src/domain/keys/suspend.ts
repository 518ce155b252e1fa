// A key is suspended, and resumed: the undo that a revocation does not have.
import type { Change } from '../../commit/commit.ts'
import { rootOrganizationId, scopeOf } from '../../core/access.ts'
import { holdsDatabase, type LiveActor } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type SuspendInput, suspendSchema } from '../../core/shapes/key-changes.ts'
import type { Key } from '../../core/shapes/keys.ts'
import { changeKey, type KeyRow } from '../../store/keys.ts'
import { deleteKeySessions } from '../../store/sessions.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireRevision } from '../revisions.ts'
import { outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { requireOtherRootKey } from './last-root-key.ts'
import { requireLiveKey, toKeyWithLimits, writeKeys } from './rules.ts'

/**
 * Suspends a key until it is resumed. Again, it changes nothing and keeps the first instant; but what an organization has
 * suspended itself, the root organization suspends for good measure, so that the organization cannot resume it. Throws
 * `invalid_input`, `key_not_found`, `key_revoked`, `permission_escalation`, `last_root_key`, `precondition_failed`.
 */
export async function suspendKey(
  engine: Engine,
  id: string,
  input: SuspendInput = {},
  options: CommandOptions = {},
): Promise<Key> {
  const { reason = null } = parseInput(suspendSchema, input)
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) =>
    toKeyWithLimits(engine, change.tx, await suspendWithin(change, id, reason, options), change.now),
  )
}

/** The same within a change that has locked the key. */
export async function suspendWithin(
  change: Change,
  id: string,
  reason: string | null,
  options: Pick<CommandOptions, 'ifRevision'> = {},
): Promise<KeyRow> {
  const { tx, now, actor } = change
  const key = await requireLiveKey(change, id)
  const suspendedFor = scopeOf(actor) ?? rootOrganizationId
  const isTakenOver = suspendedFor === rootOrganizationId && key.suspended_for !== rootOrganizationId
  if (key.suspended_at !== null && !isTakenOver) return key
  requireRevision(key, options)
  const suspended = {
    suspended_at: key.suspended_at ?? now,
    suspended_by: idOf(actor),
    suspended_for: suspendedFor,
    suspended_reason: reason,
  }
  await requireOtherRootKey(tx, key, { ...key, ...suspended }, now)
  await deleteKeySessions(tx, key)
  return save(change, key, suspended, 'key.suspended')
}

/**
 * Resumes a suspended key; one that is not suspended stays as it is. Throws `key_not_found`, `key_revoked`,
 * `permission_escalation`, `root_organization_required` for what the root organization has suspended, `fresh_sign_in_required`,
 * `precondition_failed`.
 */
export async function resumeKey(engine: Engine, id: string, options: CommandOptions = {}): Promise<Key> {
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) =>
    toKeyWithLimits(engine, change.tx, await resumeWithin(change, id, options), change.now),
  )
}

/** The same within a change that has locked the key. */
export async function resumeWithin(
  change: Change,
  id: string,
  options: Pick<CommandOptions, 'ifRevision'> = {},
): Promise<KeyRow> {
  const { now, actor } = change
  const key = await requireLiveKey(change, id)
  if (key.suspended_at === null) return key
  if (key.suspended_for === rootOrganizationId && scopeOf(actor) !== undefined)
    throw new LatchkeyError(
      'root_organization_required',
      'The root organization suspended this key, so only its keys resume it.',
    )
  requireRevision(key, options)
  // Whoever has its token may then do again what a session may not.
  if (outlivesSession(key.organization_id, JSON.parse(key.permissions))) requireFreshSignIn(actor, now)
  return save(change, key, unsuspended, 'key.resumed')
}

type Suspension = Pick<KeyRow, keyof typeof unsuspended>

const unsuspended = {
  suspended_at: null,
  suspended_by: null,
  suspended_for: null,
  suspended_reason: null,
}

async function save(
  { tx, now, record }: Change,
  before: KeyRow,
  suspension: Suspension,
  action: 'key.suspended' | 'key.resumed',
): Promise<KeyRow> {
  const changed = await changeKey(tx, before, suspension, now)
  record({
    action,
    organizationId: before.organization_id,
    keyId: before.id,
    changes: describeSuspension(before, suspension),
  })
  return changed
}

/** The id of a key that acts; null for the operator. */
export function idOf(actor: LiveActor): string | null {
  return holdsDatabase(actor) ? null : actor.keyId
}

/** What a suspension, or its end, changes: of a key, or of an organization. */
export function describeSuspension(
  before: Pick<Suspension, 'suspended_at' | 'suspended_reason'>,
  after: Pick<Suspension, 'suspended_at' | 'suspended_reason'>,
): Record<string, unknown> {
  const instant = (value: number | null) => (value === null ? null : new Date(value))
  const reasons = { from: before.suspended_reason, to: after.suspended_reason }
  return {
    suspendedAt: { from: instant(before.suspended_at), to: instant(after.suspended_at) },
    ...(reasons.from !== reasons.to && { suspendedReason: reasons }),
  }
}
