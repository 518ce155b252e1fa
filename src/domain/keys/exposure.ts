// The mark on a key whose leak was reported: who has done what is to be done clears it.
import type { Change } from '../../commit/commit.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { changeTerms } from '../../store/key-terms.ts'
import { changeKey, findKey, type KeyRow } from '../../store/keys.ts'
import { allDone } from '../../store/statements.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireKey, writeKeys } from './rules.ts'

/**
 * Clears the mark; a key without one stays as it is. Throws `key_not_found`, `permission_escalation`, also for the key itself and its
 * children: whoever found the token has those.
 */
export async function clearExposure(engine: Engine, id: string, options: CommandOptions = {}): Promise<void> {
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async (change) => {
    const key = await requireKey(change, id)
    await requireOther(change, key)
    if (key.exposed_at === null) return
    const after = { exposed_at: null, exposure: null }
    await allDone([
      changeKey(change.tx, key, after, change.now),
      changeTerms(change.tx, engine.store.dialect, [{ before: key, after }]),
    ])
    change.record({
      action: 'key.exposure_cleared',
      organizationId: key.organization_id,
      keyId: id,
      changes: { exposedAt: new Date(key.exposed_at) },
    })
  })
}

async function requireOther({ tx, actor }: Change, key: KeyRow): Promise<void> {
  if (actor.type !== 'key') return
  for (let id: string | null = actor.keyId; id !== null; ) {
    if (id === key.id)
      throw new LatchkeyError(
        'permission_escalation',
        'A key does not clear the mark of its own leak, and neither does a child of it. Use another key.',
      )
    id = (await findKey(tx, id, key.organization_id))?.parent_id ?? null
  }
}
