// What a change locks of its callers: nobody may change them until it is committed.
import { rootOrganizationId } from '../core/access.ts'
import { type Caller, callerNameOf, type MemberCaller, type UserCaller } from '../core/actor.ts'
import type { StoreDialect } from '../store/backend.ts'
import { type CallingPerson, type KeyLocks, lockKeys, tryLockCallers } from '../store/key-locks.ts'
import type { Tx } from '../store/tables.ts'

/** What a transaction locks beside its callers' keys, and how. */
export interface Locking extends Omit<KeyLocks, 'callers' | 'people'> {
  /** It waits for no lock of its callers: those whose keys others hold are `isHeld`. */
  passesOver?: true
}

/** Locks callers, and what else a change depends on; returns the names of the callers that it has passed over. */
export async function lockCallers(
  tx: Tx,
  dialect: StoreDialect,
  callers: readonly Caller[],
  { passesOver, ...locks }: Locking,
): Promise<ReadonlySet<string> | undefined> {
  const keyIds = callers.flatMap(keyIdsOf)
  const people = callers.flatMap((caller) => (caller.type === 'key' ? [] : toPerson(caller)))
  if (passesOver) return tryLockCallers(tx, dialect, keyIds, people)
  const { targets, organizationId, membersOf, identityId, portalOf } = locks
  if (
    callers.length > 0 ||
    targets?.ids.length ||
    (organizationId ?? membersOf ?? identityId ?? portalOf) !== undefined
  )
    await lockKeys(tx, dialect, { ...locks, callers: keyIds, people })
  return undefined
}

/** The keys that nobody may change while somebody changes something: its own, and that which made its session. */
function keyIdsOf(caller: Caller): string[] {
  if (caller.type === 'key') return [caller.keyId]
  return caller.type === 'user' && caller.madeBy?.type === 'key' ? [caller.madeBy.id] : []
}

function toPerson(caller: MemberCaller | UserCaller): CallingPerson {
  const { organizationId } = caller
  const name = callerNameOf(caller)
  if (caller.type === 'member') return { name, organizationId, identityId: caller.identityId }
  // The root organization's members alone make sessions.
  return { name, organizationId, madeBy: caller.madeBy?.type === 'member' ? rootOrganizationId : undefined }
}

/** By which names the locks of a caller are told that others hold. */
export function lockedNamesOf(caller: Caller): string[] {
  return [callerNameOf(caller), ...keyIdsOf(caller)]
}

/**
 * Names what a change locks for itself alone, if it is one thing: those that lock the same wait for each other in any case. A key of
 * another organization has another name for each that asks for it: nobody can keep a stranger's changes waiting.
 */
export function lockedAlone({ targets, membersOf, identityId, portalOf }: Locking): string | undefined {
  const [keyId, ...more] = targets?.ids ?? []
  const locks = {
    key: more.length === 0 ? keyId : undefined,
    members: membersOf,
    identity: identityId,
    portal: portalOf,
  }
  for (const [kind, id] of Object.entries(locks))
    if (id !== undefined) return `${kind} ${id} ${targets?.scope ?? ''}`
  return undefined
}
