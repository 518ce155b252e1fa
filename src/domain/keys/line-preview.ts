// What a change of a key would refuse of the keys below it, which are judged by it at every instant.
import type { Actor } from '../../core/actor.ts'
import { maxPreviewedChildren } from '../../core/bounds.ts'
import { changeAncestor } from '../../core/stored-ancestors.ts'
import type { StoredSecret } from '../../core/stored-secret.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { findKeysBelow, type KeyBelow } from '../../store/lines.ts'
import { type Days, type ProfileFigure, readProfiles } from '../../store/profile-figures.ts'
import { listUnendedSecrets } from '../../store/secrets.ts'
import type { Db } from '../../store/tables.ts'
import { findUsageNumber, type UsageState } from '../../store/usage-figures.ts'
import type { CommandOptions, Engine } from '../engine.ts'
import { readCountedCalls } from './limit-preview.ts'
import { toFigures } from './own-profiles.ts'

/** What the key and its secrets would be. */
export interface Planned {
  permissions: string
  expiresAt: number | null
  revokedAt: number | null
  suspendedAt: number | null
  notBefore: number | null
  allowedIps: string | null
  limits: string
  /** The secrets that would be ended, and those with another grace. */
  ended: ReadonlySet<string>
  graces: ReadonlyMap<string, number>
  /** Whether the children that it made go on with another secret. */
  keepsChildren: boolean
}

/** The calls of a key below another one. */
export interface CallsBelow {
  key: KeyBelow
  profiles: ProfileFigure[]
  counted: number
  stored: StoredSecret[]
}

/** Reads the calls of some keys below one, each in a turn of its own, and tells whether there are more such keys. */
export async function readCallsBelow(
  engine: Engine,
  key: { id: string; organization_id: string },
  { now, range, state }: { now: number; range: Days; state: UsageState },
  actor: Actor,
  options: CommandOptions,
): Promise<{ below: CallsBelow[]; isMore: boolean }> {
  const inTurn = <T>(read: (db: Db) => Promise<T>) => engine.store.read(read, turnOf(actor, options))
  const keys = await inTurn((db) => findKeysBelow(db, key, now, maxPreviewedChildren + 1))
  const organization = await inTurn((db) => findUsageNumber(db, 'organization', key.organization_id))
  const below: CallsBelow[] = []
  for (const one of keys.slice(0, maxPreviewedChildren)) {
    const { result, own } = await engine.readWithOwnProfiles(one.id, () =>
      inTurn(async (db) => {
        const secrets = await listUnendedSecrets(db, one)
        const number = await findUsageNumber(db, 'key', one.id)
        if (number === undefined || organization === undefined) return { secrets, profiles: [], counted: 0 }
        const profiles = await readProfiles(db, number, range)
        return {
          ...{ secrets, profiles },
          counted: await readCountedCalls(db, { organization, key: number }, range, state),
        }
      }),
    )
    const figures = toFigures(own)
    const ownCalls = figures.reduce((sum, { calls }) => sum + calls, 0)
    below.push({
      key: one,
      profiles: [...result.profiles, ...figures],
      counted: result.counted + ownCalls,
      stored: await engine.store.findManyFacts(result.secrets.map(({ kid }) => kid)),
    })
  }
  return { below, isMore: keys.length > maxPreviewedChildren }
}

/** What a secret of a key below would be stored as after a change of the one above. */
export function changeAbove(
  stored: StoredSecret,
  keyId: string,
  madeBy: string | null,
  { ended, graces, keepsChildren, permissions, ...planned }: Planned,
): StoredSecret {
  const secret =
    madeBy === null || keepsChildren
      ? {}
      : { ...(ended.has(madeBy) && { isEnded: true }), graceEndsAt: graces.get(madeBy) }
  const { allowedIps, expiresAt, revokedAt, suspendedAt, notBefore } = planned
  const change = { permissions, allowedIps, expiresAt, revokedAt, suspendedAt, notBefore, ...secret }
  return { ...stored, ancestors: stored.ancestors && changeAncestor(stored.ancestors, keyId, change) }
}
