// Of which keys a new one may be a child.
import type { Change } from '../../commit/commit.ts'
import { holdsDatabase, type LiveActor } from '../../core/actor.ts'
import { maxDerivedKeys, maxLineLength } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { missingPermissions } from '../../core/permissions.ts'
import { hasPassed } from '../../core/status.ts'
import { readAncestors } from '../../core/stored-ancestors.ts'
import { countDerived, findParents, type ParentRow } from '../../store/lines.ts'
import type { Tx } from '../../store/tables.ts'
import { maySetLimits } from '../limits/rules.ts'
import { unknownKey } from './rules.ts'

/** A new key that may be to be a child. */
interface WantedChild {
  organizationId: string
  parentId?: string | undefined
}

/**
 * Reads the parents that new keys are to have, and gives what judges each: it throws `key_not_found` for one that is not of the
 * same organization, `key_revoked`, `key_expired`, `line_too_long`, `too_many_children`, `permission_escalation`.
 */
export async function readParents(
  tx: Tx,
  wanted: readonly WantedChild[],
  areDerived: boolean,
  now: number,
): Promise<(change: Change, one: WantedChild) => void> {
  const ids = wanted.flatMap(({ parentId }) => (parentId !== undefined && isId(parentId) ? [parentId] : []))
  if (ids.length === 0) return () => {}
  const parents = await findParents(tx, ids)
  const counts = areDerived ? await countDerived(tx, ids, now) : undefined
  return ({ actor, now }, { parentId, organizationId }) => {
    if (parentId === undefined) return
    const parent = parents.get(parentId)
    if (parent?.organization_id !== organizationId) throw unknownKey()
    requireLive(parent, now)
    requireRoom(actor, parent)
    if (counts === undefined) return
    const count = (counts.get(parentId) ?? 0) + 1
    if (count > maxDerivedKeys)
      throw new LatchkeyError(
        'too_many_children',
        `The calling key has ${maxDerivedKeys} live children. Revoke some, or wait until they expire.`,
      )
    counts.set(parentId, count)
  }
}

/** Throws `key_revoked` and `key_expired`, also for a parent that ends with its own one. */
function requireLive({ revoked_at, expires_at, ancestors }: ParentRow, now: number): void {
  const line = [{ revokedAt: revoked_at, expiresAt: expires_at, isEnded: false }, ...readAncestors(ancestors)]
  if (line.some(({ revokedAt, isEnded }) => revokedAt !== null || isEnded))
    throw new LatchkeyError('key_revoked', 'The parent is revoked, or ends with a key that is.')
  if (line.some(({ expiresAt }) => hasPassed(expiresAt, now)))
    throw new LatchkeyError('key_expired', 'The parent has expired, or ends with a key that has.')
}

/** Throws `line_too_long`, and `permission_escalation` if a child would leave limits from which its maker's keys draw. */
function requireRoom(actor: LiveActor, { id, limits_from, second, third }: ParentRow): void {
  const line = [id, limits_from, second, third].filter((key) => key !== null)
  if (line.length >= maxLineLength)
    throw new LatchkeyError(
      'line_too_long',
      `A line has at most ${maxLineLength} keys. Use a key above it as the parent.`,
    )
  if (holdsDatabase(actor) || maySetLimits(actor)) return
  const [own] = actor.limitsLine
  if (own === undefined || line.includes(own)) return
  throw new LatchkeyError(
    'permission_escalation',
    'The keys that the calling key creates draw from its limits, and those of this parent do not. Use a parent that does.',
  )
}

/** Throws `permission_escalation` unless the actor itself holds what its child is to hold. */
export function requireHeld(actor: LiveActor, permissions: readonly string[]): void {
  if (holdsDatabase(actor)) return
  const missing = missingPermissions(actor.permissions, permissions)
  if (missing.length === 0) return
  throw new LatchkeyError(
    'permission_escalation',
    `The calling key does not hold ${missing.join(', ')}. A child may do no more than its parent: leave them out.`,
  )
}
