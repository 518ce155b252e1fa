// What ends for good: an old secret whose grace is cut short, and a whole key.
import { LatchkeyError } from '../../core/errors.ts'
import { isRotated } from '../../core/status.ts'
import { isKid, tokenHint } from '../../core/token.ts'
import { changeKey, type KeyRow } from '../../store/keys.ts'
import { endSecrets, findSecret, type SecretRow } from '../../store/secrets.ts'
import { deleteKeySessions } from '../../store/sessions.ts'
import { allDone } from '../../store/statements.ts'
import type { Db } from '../../store/tables.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireRevision } from '../revisions.ts'
import { requireOtherRootKey } from './last-root-key.ts'
import { requireKey, unknownSecret, writeKeys } from './rules.ts'

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
    const { now } = change
    const key = await requireKey(change, id)
    const secret = await requireOldSecret(change.tx, key, kid)
    if (isRotated(secret.ended_at !== null, secret.grace_ends_at, now)) return
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
 * `permission_escalation`, `last_root_key`, `precondition_failed`.
 */
export async function revokeKey(engine: Engine, id: string, options: CommandOptions = {}): Promise<void> {
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async (change) => {
    const { now } = change
    const key = await requireKey(change, id)
    if (key.revoked_at !== null) return
    requireRevision(key, options)
    await requireOtherRootKey(change.tx, key, { ...key, revoked_at: now }, now)
    await allDone([changeKey(change.tx, key, { revoked_at: now }, now), deleteKeySessions(change.tx, key)])
    change.record({
      action: 'key.revoked',
      organizationId: key.organization_id,
      keyId: id,
      changes: { revokedAt: new Date(now) },
    })
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
