// What ends for good: an old secret whose grace is cut short, and a whole key.
import type { Change } from '../../commit/commit.ts'
import { scopeOf } from '../../core/access.ts'
import { creatorOf, holdsDatabase } from '../../core/actor.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type RevokeKeyInput, revokeKeySchema } from '../../core/shapes/key-changes.ts'
import { isRotated } from '../../core/status.ts'
import { isKid, tokenHint } from '../../core/token.ts'
import { changeKey, type KeyRow } from '../../store/keys.ts'
import { endSecrets, findSecret, type SecretRow } from '../../store/secrets.ts'
import { deleteKeySessions } from '../../store/sessions.ts'
import { allDone } from '../../store/statements.ts'
import type { Db } from '../../store/tables.ts'
import { findKid, verify } from '../../verification/verify.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireRevision } from '../revisions.ts'
import { requireOtherRootKey } from './last-root-key.ts'
import { type KeyEdit, recordEdit, requireKey, unknownSecret, writeKeys } from './rules.ts'

/**
 * Ends a grace now: the old secret opens nothing any more. Again, it changes nothing. Throws `key_not_found`,
 * `secret_not_found`, `permission_escalation`, `last_secret` for the newest one.
 */
export async function endKeySecret(
  engine: Engine,
  id: string,
  kid: string,
  options: CommandOptions = {},
): Promise<void> {
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async (change) => {
    const key = await requireKey(change, id)
    await endSecret(change, key, await requireOldSecret(change.tx, key, kid))
  })
}

async function endSecret(change: Change, key: KeyRow, secret: SecretRow): Promise<void> {
  const { tx, now } = change
  const { kid, prefix } = secret
  if (isRotated(secret.ended_at !== null, secret.grace_ends_at, now)) return
  await endSecrets(tx, key, [kid], now)
  await deleteKeySessions(tx, key, [kid])
  change.record({
    action: 'key.secret_ended',
    organizationId: key.organization_id,
    keyId: key.id,
    changes: { kid, hint: tokenHint(prefix, kid) },
  })
}

/**
 * Revokes a key for ever. Again, it changes nothing and keeps the first instant and reason. Throws `invalid_input`, `key_not_found`,
 * `permission_escalation`, `last_root_key`, `precondition_failed`.
 */
export async function revokeKey(
  engine: Engine,
  id: string,
  options: CommandOptions & RevokeKeyInput = {},
): Promise<void> {
  const { reason } = parseInput(revokeKeySchema, { reason: options.reason })
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async (change) => {
    const key = await requireKey(change, id)
    if (key.revoked_at !== null) return
    requireRevision(key, options)
    await endKey(change, key, reason)
  })
}

/**
 * Ends what the calling token opens: its key for ever, or, if it is an old one in its grace, that alone. Throws `invalid_input` for an
 * actor that is no key, `last_root_key`.
 */
export async function revokeOwnKey(
  engine: Engine,
  options: CommandOptions & RevokeKeyInput = {},
): Promise<void> {
  const { reason } = parseInput(revokeKeySchema, { reason: options.reason })
  const actor = actorOf(options)
  if (actor.type !== 'key') refuseField('actor', 'Name the calling key: { actor: caller }.')
  const { keyId, kid } = actor
  const requirements = { permission: 'any key', keyId, signal: options.signal } as const
  await engine.commit(actor, requirements, async (change) => {
    const key = await requireKey(change, keyId)
    if (key.kid === kid) return endKey(change, key, reason)
    const secret = await findSecret(change.tx, key, kid)
    if (secret) await endSecret(change, key, secret)
  })
}

/** Revokes a key that the change has locked. Throws `last_root_key`. */
export async function endKey(change: Change, key: KeyRow, reason?: RevokeKeyInput['reason']): Promise<void> {
  const { tx, now } = change
  const edit = planRevocation(change, key, reason)
  await requireOtherRootKey(tx, key, { ...key, ...edit.after }, now)
  await allDone([changeKey(tx, key, edit.after, now), deleteKeySessions(tx, key)])
  recordEdit(change, edit)
}

/** What a revocation makes of a key that is not revoked. */
export function planRevocation(
  { actor, now }: Change,
  key: KeyRow,
  reason?: RevokeKeyInput['reason'],
): KeyEdit {
  return {
    before: key,
    after: {
      revoked_at: now,
      revoked_by: creatorOf(actor).createdBy,
      revocation_reason: reason ?? 'unspecified',
    },
    action: 'key.revoked',
    changes: { revokedAt: new Date(now), ...(reason && { revocationReason: reason }) },
  }
}

/**
 * Ends what a token opens: its key for ever, or an old secret in its grace alone. What opens nothing any more, or is of
 * another organization than the actor's, stays as it is. To show a token of one's own suffices; another's takes
 * `latchkey:keys:write`. Throws `permission_escalation`, `last_root_key`.
 */
export async function revokeToken(
  engine: Engine,
  token: string,
  options: CommandOptions = {},
): Promise<void> {
  const actor = actorOf(options)
  const organizationId = scopeOf(actor)
  const asked = organizationId === undefined ? {} : { organizationId }
  // It is no use of the key.
  const asker = { ip: holdsDatabase(actor) ? undefined : actor.ip, purpose: 'heartbeat' } as const
  const verdict = await verify(engine.memory, token, asked, asker)
  if (!('keyId' in verdict) || verdict.code === 'revoked' || verdict.code === 'rotated') return
  const { keyId } = verdict
  const kid = (await findKid(engine.memory, token, asker)) as string
  const isOwn = actor.type === 'key' && actor.kid === kid
  const requirements = { permission: isOwn ? 'any key' : writeKeys, keyId, signal: options.signal } as const
  await engine.commit(actor, requirements, async (change) => {
    const key = await requireKey(change, keyId)
    if (key.revoked_at !== null) return
    if (key.kid === kid) return endKey(change, key)
    // It may have been rotated away meanwhile.
    const secret = await findSecret(change.tx, key, kid)
    if (secret) await endSecret(change, key, secret)
  })
}

/** Finds a secret that may be ended. Throws `secret_not_found`, `last_secret` for the newest one. */
export async function requireOldSecret(db: Db, key: KeyRow, kid: string): Promise<SecretRow> {
  // Of another form it is no secret's, and PostgreSQL takes no text with a zero byte.
  const secret = isKid(kid) ? await findSecret(db, key, kid) : undefined
  if (!secret) throw unknownSecret()
  if (secret.kid === key.kid)
    throw new LatchkeyError(
      'last_secret',
      'This is the newest secret of the key. Rotate the key, or revoke it.',
    )
  return secret
}
