// The operator must not lock itself out: one live key of the root organization that can change keys always stays.
import { rootOrganizationId } from '../../core/access.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { covers } from '../../core/permissions.ts'
import { hasPassed, isLater, statusOf } from '../../core/status.ts'
import { type KeyRow, liveKeysThatMention } from '../../store/keys.ts'
import { lockOrganization } from '../../store/organizations.ts'
import type { Tx } from '../../store/tables.ts'

const permission = 'latchkey:keys:write'

type State = Pick<KeyRow, 'permissions' | 'expires_at' | 'revoked_at' | 'suspended_at' | 'not_before'>

/**
 * Throws `last_root_key` if a change takes something away from the only live key of the root organization that holds
 * `latchkey:keys:write`: revokes or suspends it, narrows it below that, or lets it begin later or expire sooner. It judges under the
 * lock of the organization, so that two such changes at once are judged one after the other. A child counts for nothing: it ends
 * with a key that is none and may do no less; a decoy opens nothing.
 */
export async function requireOtherRootKey(tx: Tx, before: KeyRow, after: State, now: number): Promise<void> {
  if (before.decoy_tries !== null) return
  if (isMaster(after, now) && !isLater(before.expires_at, after.expires_at)) return
  const requireOther = await readRootKeys(tx, [before], now)
  requireOther(before)
}

/** The same for a change that ends some of these keys: gives what judges each that it ends, in the order in which it does. */
export async function readRootKeys(
  tx: Tx,
  keys: Iterable<KeyRow>,
  now: number,
): Promise<(ended: KeyRow) => void> {
  const isRoot = (key: KeyRow) =>
    key.organization_id === rootOrganizationId &&
    key.parent_id === null &&
    key.decoy_tries === null &&
    isMaster(key, now)
  if (![...keys].some(isRoot)) return () => {}
  await lockOrganization(tx, rootOrganizationId)
  const mentions = await liveKeysThatMention(tx, rootOrganizationId, 'latchkey:', now)
  const live = new Set(mentions.filter((key) => isMaster(key, now)).map(({ id }) => id))
  return (ended) => {
    if (!isRoot(ended)) return
    if (live.size - Number(live.has(ended.id)) === 0)
      throw new LatchkeyError(
        'last_root_key',
        'This is the only live root key that can change keys. Create another root key first, with this key or with `latchkey root-key` on the database.',
      )
    live.delete(ended.id)
  }
}

function isMaster(key: State, now: number): boolean {
  return (
    statusOf(key.revoked_at, key.suspended_at, key.expires_at, now) === 'active' &&
    (key.not_before === null || hasPassed(key.not_before, now)) &&
    covers(JSON.parse(key.permissions), permission)
  )
}
