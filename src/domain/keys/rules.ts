// What the commands on keys share: which key a change may touch, and what is told of it.

import type { Change } from '../../commit/commit.ts'
import { reachOf, requireCover, requireLifetime, scopeOf } from '../../core/access.ts'
import type { Actor } from '../../core/actor.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import type { Scope } from '../../core/scope.ts'
import type { CreatedKey, Key } from '../../core/shapes/keys.ts'
import type { ParsedToken } from '../../core/token.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { findKey, type KeyRow, type ListedChange, lockKey, type NewKeyRow, toKey } from '../../store/keys.ts'
import { type LastUse, readLastUses } from '../../store/last-use.ts'
import type { Db } from '../../store/tables.ts'
import { fullStates, readLimitStates } from '../limits/states.ts'
import { outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { type OwnUses, withOwnUses } from './last-uses.ts'

/** What every change of a key takes of its caller. */
export const writeKeys = 'latchkey:keys:write'
/** What a key holds that may make children of itself. */
export const deriveKeys = 'latchkey:self:derive'

/** What an edit writes of a key, and how it is recorded. */
export interface KeyEdit<After extends ListedChange = ListedChange> {
  before: KeyRow
  after: After
  action: 'key.suspended' | 'key.resumed' | 'key.revoked' | 'key.updated'
  changes: Record<string, unknown>
}

/** Records an edit. */
export function recordEdit({ record }: Change, { before, action, changes }: KeyEdit): void {
  record({ action, organizationId: before.organization_id, keyId: before.id, changes })
}

/** Reads a key in an actor's reach, or of one organization in it. Throws `key_not_found`. */
export async function getReachedKey(
  db: Db,
  id: string,
  actor: Actor,
  scope: Scope = scopeOf(actor),
): Promise<KeyRow> {
  const key = await getKeyRow(db, id, scope)
  if (!isReached(actor, key)) throw unknownKey()
  return key
}

function isReached(actor: Actor, { prefix }: KeyRow): boolean {
  return reachOf(actor)?.includes(prefix) ?? true
}

/** Reads a key of a scope. Throws `key_not_found`. */
export async function getKeyRow(db: Db, id: string, scope: Scope): Promise<KeyRow> {
  const key = isId(id) ? await findKey(db, id, scope) : undefined
  if (!key) throw unknownKey()
  return key
}

/** Locks a key of the actor's scope that may do no more than the actor. Throws `key_not_found`, `permission_escalation`. */
export async function requireKey({ tx, actor }: Change, id: string): Promise<KeyRow> {
  return requireLocked(actor, isId(id) ? await lockKey(tx, id, scopeOf(actor)) : undefined)
}

/** The same for a key that was looked for, and locked if it is there. */
export function requireLocked(actor: Actor, key: KeyRow | undefined): KeyRow {
  if (!key || !isReached(actor, key)) throw unknownKey()
  requireCover(actor, toCovered(key))
  return key
}

/** What an actor must cover of a key that it changes. */
export function toCovered(key: KeyRow): { id: string; permissions: string[]; organizationId: string } {
  return { id: key.id, permissions: JSON.parse(key.permissions), organizationId: key.organization_id }
}

/** The same for a change that a revoked key does not take. Throws `key_revoked` too. */
export async function requireLiveKey(change: Change, id: string): Promise<KeyRow> {
  const key = await requireKey(change, id)
  refuseRevoked(key)
  return key
}

/** Throws `key_revoked`. */
export function refuseRevoked(key: KeyRow): void {
  if (key.revoked_at !== null)
    throw new LatchkeyError('key_revoked', 'The key is revoked permanently. Create a new key.')
}

/** Throws `invalid_input` for an expiry that has passed. */
export function requireFuture(expiresAt: Date | null, now: number): void {
  if (expiresAt !== null && expiresAt.getTime() <= now)
    refuseField('expiresAt', 'Must be an instant in the future.')
}

/** Throws `invalid_input` for a key that would begin when it has expired. */
export function requireBeginning({
  not_before,
  expires_at,
}: Pick<KeyRow, 'not_before' | 'expires_at'>): void {
  if (not_before !== null && expires_at !== null && not_before >= expires_at)
    refuseField('notBefore', 'Must be earlier than expires_at.')
}

/** Throws `invalid_input` for a new key that has expired, or would begin when it has. */
export function requireTerm(
  { notBefore, expiresAt }: { notBefore: Date | null; expiresAt: Date | null },
  now: number,
): void {
  requireFuture(expiresAt, now)
  requireBeginning({
    not_before: notBefore?.getTime() ?? null,
    expires_at: expiresAt?.getTime() ?? null,
  })
}

/** A key with its token, which is shown this once. */
export function withToken(
  row: NewKeyRow,
  { token }: ParsedToken,
  now: number,
  limits = fullStates(row.limits, now),
  lastUse?: LastUse,
): CreatedKey {
  const { id, organizationId, name, ...rest } = toKey(row, now, limits, lastUse)
  return { id, organizationId, name, key: token, ...rest }
}

/**
 * Judges a caller that asks again for the token of a key which it made or rotated, and records that it gets it: it takes as much
 * as to rotate the key now. Throws `key_not_found`, `permission_escalation`, `fresh_sign_in_required`.
 */
export async function giveTokenAgain({ tx, actor, now, record }: Change, id: string): Promise<void> {
  const key = await getReachedKey(tx, id, actor)
  const covered = toCovered(key)
  const { permissions } = covered
  requireCover(actor, covered)
  requireLifetime(actor, key.organization_id, key.expires_at)
  if (outlivesSession(key.organization_id, permissions)) requireFreshSignIn(actor, now)
  record({ action: 'key.token_replayed', organizationId: key.organization_id, keyId: id, changes: {} })
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownKey(): LatchkeyError {
  return new LatchkeyError('key_not_found', 'No key has this id.')
}

export function unknownSecret(): LatchkeyError {
  return new LatchkeyError('secret_not_found', 'The key has no secret with this kid.')
}

/** A key as it stands in a transaction or a read, with what is left of its limits and its last use. */
export async function toKeyWithLimits(
  engine: OwnUses & { store: { dialect: StoreDialect } },
  db: Db,
  row: KeyRow,
  now: number,
): Promise<Key> {
  const states = await readLimitStates(db, engine.store.dialect, 'key', [row])
  const lastUses = await readLastUses(db, [row.id])
  return withOwnUses(engine, toKey(row, now, states.get(row.id) ?? [], lastUses.get(row.id)))
}
