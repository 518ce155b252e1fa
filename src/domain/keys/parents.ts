// Of which keys a new one may be a child.
import type { Change } from '../../commit/commit.ts'
import { heldByAnother } from '../../commit/together.ts'
import { holdsDatabase, type LiveActor } from '../../core/actor.ts'
import { maxChildren, maxLineLength } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { missingPermissions } from '../../core/permissions.ts'
import { hasPassed } from '../../core/status.ts'
import { readAncestors } from '../../core/stored-ancestors.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { lockChildren } from '../../store/key-locks.ts'
import { countChildren, findParents, type ParentRow } from '../../store/lines.ts'
import { allDone } from '../../store/statements.ts'
import type { Tx } from '../../store/tables.ts'
import { maySetLimits } from '../limits/rules.ts'
import { refuseDecoy } from './decoys.ts'
import { unknownKey } from './rules.ts'

/** A new key that may be to be a child. */
interface WantedChild {
  organizationId: string
  /** Whether that is in its caller's reach: else nobody waits for it, and it is refused. */
  isInReach: boolean
  parentId?: string | undefined
}

/** The parents that new keys are to have, as they stand in a transaction. */
export class Parents {
  readonly #rows: ReadonlyMap<string, ParentRow>
  /** Those of which another transaction makes children. */
  readonly #held: ReadonlySet<string>
  /** How many live children they have. */
  readonly #counts: Map<string, number>

  constructor(
    rows: ReadonlyMap<string, ParentRow>,
    held: ReadonlySet<string> = new Set(),
    counts: Map<string, number> = new Map(),
  ) {
    this.#rows = rows
    this.#held = held
    this.#counts = counts
  }

  /** The parent that a new key is to have, if it is of the same organization. */
  find({ organizationId, parentId = '' }: WantedChild): ParentRow | undefined {
    const parent = this.#rows.get(parentId)
    return parent?.organization_id === organizationId ? parent : undefined
  }

  /**
   * Throws `key_not_found` for a parent that is not of the same organization, `decoy_key`, `key_revoked`, `key_expired`, `line_too_long`,
   * `too_many_children`, `permission_escalation`.
   */
  require({ actor, now }: Change, wanted: WantedChild): void {
    const { parentId } = wanted
    if (parentId === undefined) return
    const parent = this.find(wanted)
    const count = this.#counts.get(parentId)
    if (parent === undefined || count === undefined) throw unknownKey()
    refuseDecoy(parent, 'It has no children: use another parent.')
    requireLive(parent, now)
    requireRoom(actor, parent)
    if (this.#held.has(parentId)) throw heldByAnother
    if (count >= maxChildren)
      throw new LatchkeyError(
        'too_many_children',
        `The parent has ${maxChildren} live children. Revoke some, or wait until they expire.`,
      )
  }

  /** Takes the place of one more child. */
  takePlace({ parentId }: WantedChild): void {
    if (parentId !== undefined) this.#counts.set(parentId, (this.#counts.get(parentId) ?? 0) + 1)
  }
}

/**
 * Reads the parents that new keys are to have, and counts the children that these have, under a lock for which it waits unless
 * it is told to pass over.
 */
export async function readParents(
  tx: Tx,
  dialect: StoreDialect,
  wanted: readonly WantedChild[],
  now: number,
  passesOver: boolean,
): Promise<Parents> {
  const ids = wanted.flatMap(({ parentId }) => (parentId !== undefined && isId(parentId) ? [parentId] : []))
  const rows = await findParents(tx, ids)
  const found = new Parents(rows)
  const counted = wanted.flatMap((one) => (one.isInReach ? (found.find(one)?.id ?? []) : []))
  if (counted.length === 0) return found
  const countedIds = [...new Set(counted)]
  const [held, counts] = await allDone([
    lockChildren(tx, dialect, countedIds, passesOver),
    countChildren(tx, countedIds, now),
  ])
  return new Parents(rows, held, counts)
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
