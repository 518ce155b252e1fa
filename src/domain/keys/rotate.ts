// A key gets a new secret, and the old one a grace.
import type { z } from 'zod'
import { requireLifetime } from '../../core/access.ts'
import { creatorOf } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import type { CreatedKey } from '../../core/shapes/keys.ts'
import { type RotateKeyInput, rotateKeySchema } from '../../core/shapes/rotations.ts'
import { hasPassed } from '../../core/status.ts'
import { generateToken, isForeignKid } from '../../core/token.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { toColumns } from '../../store/creators.ts'
import { changeKey, type KeyRow } from '../../store/keys.ts'
import { readLastUses } from '../../store/last-use.ts'
import { moveChildren } from '../../store/lines.ts'
import { holdOrganization } from '../../store/organizations.ts'
import {
  beginGrace,
  endSecrets,
  insertSecrets,
  listUnendedSecrets,
  pruneSecrets,
  type SecretRow,
} from '../../store/secrets.ts'
import { deleteKeySessions } from '../../store/sessions.ts'
import type { Tx } from '../../store/tables.ts'
import { digestToken } from '../../verification/digest.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readLimitStates } from '../limits/states.ts'
import { requireRevision } from '../revisions.ts'
import { outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { refuseDecoy } from './decoys.ts'
import { judgedOf, openJudge } from './judge.ts'
import { withOwnUses } from './last-uses.ts'
import { giveTokenAgain, requireLiveKey, withToken, writeKeys } from './rules.ts'

/**
 * Gives a key a new secret; its id, permissions and history stay. The old token stays valid for
 * `graceSeconds`, or until it was silent for as long as `grace` says, never past the key's expiry. Throws `invalid_input`, `key_not_found`, `key_revoked`,
 * `key_expired`, `decoy_key`, `organization_suspended`, `permission_escalation`, `policy`, `rotation_in_progress`, `precondition_failed`.
 */
export async function rotateKey(
  engine: Engine,
  id: string,
  input: RotateKeyInput = {},
  options: CommandOptions = {},
): Promise<CreatedKey> {
  const rotation = parseInput(rotateKeySchema, input)
  const { grace, keepChildren = false } = rotation
  const graceSeconds = longestGraceOf(rotation)
  const prefixes = await engine.prefixes.read()
  const once = { request: options.once, again: giveTokenAgain }
  return engine.commit(
    actorOf(options),
    { permission: writeKeys, keyId: id, once, signal: options.signal },
    async (change) => {
      const { now } = change
      const key = await requireLiveKey(change, id)
      refuseDecoy(key, 'It is never rotated. Create another decoy.')
      requireUnexpired(key, now)
      // Before the organization's lock, as everywhere.
      const judge = await openJudge(change.tx, engine.store.dialect, [key.organization_id])
      await requireUnsuspended(change.tx, engine.store.dialect, key.organization_id)
      requireRevision(key, options)
      // The caller then holds the new token, and so all that it may do for as long as it lives.
      requireLifetime(change.actor, key.organization_id, key.expires_at)
      if (outlivesSession(key.organization_id, JSON.parse(key.permissions)))
        requireFreshSignIn(change.actor, now)
      const prefix = isForeignKid(key.kid) ? judge.prefixOf(key.organization_id, prefixes) : key.prefix
      judge.require(key.organization_id, judgedOf(key, prefix))
      const secrets = await listUnendedSecrets(change.tx, key)
      const { graceEndsAt, over } = planRotation(key, secrets, graceSeconds, now)
      if (graceSeconds > 0) {
        const silence = grace && { lengthMs: grace.untilSilentSeconds * 1000, at: engine.at() }
        await beginGrace(change.tx, key, { endsAt: graceEndsAt, silence })
      }
      await endSecrets(change.tx, key, over, now)
      if (over.length > 0) await deleteKeySessions(change.tx, key, over)
      const next = generateToken(prefix, engine.random)
      const secret = {
        kid: next.kid,
        key_id: id,
        organization_id: key.organization_id,
        prefix: next.prefix,
        digest: digestToken(next.token),
        created_at: now,
        ...toColumns(creatorOf(change.actor)),
      }
      await insertSecrets(change.tx, engine.store.dialect, [secret])
      if (keepChildren)
        await moveChildren(
          change.tx,
          key,
          secrets.map(({ kid }) => kid),
          next.kid,
        )
      await pruneSecrets(change.tx, key)
      const row = await changeKey(change.tx, key, { kid: next.kid, prefix }, now)
      change.record({
        action: 'key.rotated',
        organizationId: key.organization_id,
        keyId: id,
        changes: {
          kid: { from: key.kid, to: next.kid },
          graceEndsAt: new Date(graceEndsAt),
          ...(grace && { untilSilentSeconds: grace.untilSilentSeconds }),
          ...(keepChildren && { keepChildren }),
        },
      })
      const states = await readLimitStates(change.tx, engine.store.dialect, 'key', [row])
      const lastUse = (await readLastUses(change.tx, [id])).get(id)
      return withOwnUses(engine, withToken(row, next, now, states.get(id) ?? [], lastUse))
    },
  )
}

/** Throws `organization_suspended`. Until the rotation is done, nobody suspends the organization. */
async function requireUnsuspended(tx: Tx, dialect: StoreDialect, organizationId: string): Promise<void> {
  const organization = await holdOrganization(tx, dialect, organizationId)
  if (organization.suspended_at === null) return
  throw new LatchkeyError(
    'organization_suspended',
    'The organization of the key is suspended, so its keys are not rotated. Resume the organization first.',
  )
}

/** How long the old token of a rotation stays valid at most, in seconds. */
export function longestGraceOf({ graceSeconds = 0, grace }: z.output<typeof rotateKeySchema>): number {
  return grace?.atMostSeconds ?? graceSeconds
}

/** Throws `key_expired`. */
export function requireUnexpired(key: KeyRow, now: number): void {
  if (hasPassed(key.expires_at, now))
    throw new LatchkeyError('key_expired', 'The key has expired. Set a later expires_at first.')
}

/**
 * What a rotation makes of the secrets that nobody has ended: until when the newest one stays valid, and which ones end now.
 * Throws `rotation_in_progress`.
 */
export function planRotation(
  key: KeyRow,
  secrets: readonly SecretRow[],
  graceSeconds: number,
  now: number,
): { graceEndsAt: number; over: string[] } {
  const newest = secrets.find(({ kid }) => kid === key.kid)
  // A newest one that leaked may have an end already, which no rotation puts off.
  const inGrace = secrets.some(
    ({ kid, grace_ends_at: end }) => kid !== key.kid && end !== null && !hasPassed(end, now),
  )
  if (graceSeconds > 0 && inGrace) {
    throw new LatchkeyError(
      'rotation_in_progress',
      'The grace period of an earlier secret has not ended. End it first, or rotate with grace_seconds 0.',
    )
  }
  return {
    graceEndsAt: Math.min(
      now + graceSeconds * 1000,
      key.expires_at ?? Number.POSITIVE_INFINITY,
      newest?.grace_ends_at ?? Number.POSITIVE_INFINITY,
    ),
    // A grace that has run out is ended for good, so that few secrets are ever unended.
    over: secrets.filter(({ kid }) => graceSeconds === 0 || kid !== key.kid).map(({ kid }) => kid),
  }
}
