// What a session may not do long after its sign-in: make what outlives it. If somebody else gets hold of a session,
// the harm ends with it.

import { rootOrganizationId } from '../../core/access.ts'
import { holdsDatabase, type LiveActor } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { missingPermissions, reservedNamespace } from '../../core/permissions.ts'
import { isLater } from '../../core/status.ts'
import type { KeyRow } from '../../store/keys.ts'

/** Tells whether a key can act on keys: then the holder of its token needs no session any more. */
export function outlivesSession(organizationId: string, permissions: readonly string[]): boolean {
  return (
    organizationId === rootOrganizationId ||
    permissions.some((permission) => permission.startsWith(reservedNamespace))
  )
}

type Reach = Pick<KeyRow, 'permissions' | 'expires_at' | 'allowed_ips'>

/** Tells whether a change lets a key do more than before, for longer, or from elsewhere. */
export function isWider(before: Reach, after: Reach): boolean {
  const gained = missingPermissions(JSON.parse(before.permissions), JSON.parse(after.permissions))
  const isMoved = before.allowed_ips !== null && after.allowed_ips !== before.allowed_ips
  return gained.length > 0 || isMoved || isLater(after.expires_at, before.expires_at)
}

/**
 * Throws `fresh_sign_in_required` if the actor is a session whose sign-in is no longer fresh. A caller that shows its
 * token proves more than a session can.
 */
export function requireFreshSignIn(actor: LiveActor, now: number): void {
  if (holdsDatabase(actor) || actor.freshUntil === undefined || actor.freshUntil > now) return
  throw new LatchkeyError(
    'fresh_sign_in_required',
    actor.type === 'key'
      ? 'This change outlives the session. Present the token of your key again.'
      : 'This change outlives the session. Sign in again.',
    { methods: actor.freshMethods },
  )
}
