// A key is suspended, and resumed: the undo that a revocation does not have.
import type { Change } from '../../commit/commit.ts'
import { rootOrganizationId, scopeOf } from '../../core/access.ts'
import { creatorOf } from '../../core/actor.ts'
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
import { type KeyEdit, recordEdit, requireLiveKey, toKeyWithLimits, writeKeys } from './rules.ts'

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
  return engine.commit(actorOf(options), requirements, async (change) => {
    const key = await requireLiveKey(change, id)
    const edit = planSuspension(change, key, reason, options)
    if (edit === undefined) return toKeyWithLimits(engine, change.tx, key, change.now)
    await requireOtherRootKey(change.tx, key, { ...key, ...edit.after }, change.now)
    await deleteKeySessions(change.tx, key)
    return save(engine, change, edit)
  })
}

/** What a suspension makes of a key that is not revoked; undefined if it changes nothing. Throws `precondition_failed`. */
export function planSuspension(
  { actor, now }: Change,
  key: KeyRow,
  reason: string | null,
  options: Pick<CommandOptions, 'ifRevision'> = {},
): KeyEdit<Suspension> | undefined {
  const suspendedFor = scopeOf(actor) ?? rootOrganizationId
  const isTakenOver = suspendedFor === rootOrganizationId && key.suspended_for !== rootOrganizationId
  if (key.suspended_at !== null && !isTakenOver) return undefined
  requireRevision(key, options)
  const after = {
    suspended_at: key.suspended_at ?? now,
    suspended_by: creatorOf(actor).createdBy,
    suspended_for: suspendedFor,
    suspended_reason: reason,
  }
  return { before: key, after, action: 'key.suspended', changes: describeSuspension(key, after) }
}

/**
 * Resumes a suspended key; one that is not suspended stays as it is. Throws `key_not_found`, `key_revoked`,
 * `permission_escalation`, `root_organization_required` for what the root organization has suspended, `fresh_sign_in_required`,
 * `precondition_failed`.
 */
export async function resumeKey(engine: Engine, id: string, options: CommandOptions = {}): Promise<Key> {
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const key = await requireLiveKey(change, id)
    const edit = planResumption(change, key, options)
    if (edit === undefined) return toKeyWithLimits(engine, change.tx, key, change.now)
    return save(engine, change, edit)
  })
}

/**
 * What resuming makes of a key that is not revoked; undefined if it changes nothing. Throws `root_organization_required`,
 * `precondition_failed`, `fresh_sign_in_required`.
 */
export function planResumption(
  { actor, now }: Change,
  key: KeyRow,
  options: Pick<CommandOptions, 'ifRevision'> = {},
): KeyEdit<Suspension> | undefined {
  if (key.suspended_at === null) return undefined
  if (key.suspended_for === rootOrganizationId && scopeOf(actor) !== undefined)
    throw new LatchkeyError(
      'root_organization_required',
      'The root organization suspended this key, so only its keys resume it.',
    )
  requireRevision(key, options)
  // Whoever has its token may then do again what a session may not.
  if (outlivesSession(key.organization_id, JSON.parse(key.permissions))) requireFreshSignIn(actor, now)
  return {
    before: key,
    after: unsuspended,
    action: 'key.resumed',
    changes: describeSuspension(key, unsuspended),
  }
}

type Suspension = Pick<KeyRow, keyof typeof unsuspended>

const unsuspended = {
  suspended_at: null,
  suspended_by: null,
  suspended_for: null,
  suspended_reason: null,
}

async function save(engine: Engine, change: Change, edit: KeyEdit<Suspension>): Promise<Key> {
  const changed = await changeKey(change.tx, edit.before, edit.after, change.now)
  recordEdit(change, edit)
  return toKeyWithLimits(engine, change.tx, changed, change.now)
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
