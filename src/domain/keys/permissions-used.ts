// What calls needed of the permissions of a key, by their profiles.
import { scopeOf } from '../../core/access.ts'
import { type AskingCalls, needsOf } from '../../core/permission-needs.ts'
import type { KeyPermissions } from '../../core/shapes/key-permissions.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { type AskedFigure, readAsked } from '../../store/profile-figures.ts'
import { findUsageNumber, readUsageState } from '../../store/usage-figures.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { addToAsked } from './own-profiles.ts'
import { daysBefore, startOfDay } from './recent-days.ts'
import { getKeyRow } from './rules.ts'

const days = 90
/** So many lists of permissions that calls asked for are looked at, those of most calls, and so many permissions in them. */
const maxLists = 1_000
const maxPermissionsAsked = 1_000

/** Reads what calls of the last 90 days needed of a key's permissions. Throws `key_not_found`, `store_unavailable`. */
export async function readPermissions(
  engine: Engine,
  id: string,
  options: CommandOptions = {},
): Promise<KeyPermissions> {
  const actor = actorOf(options)
  const { result, own } = await engine.readWithOwnProfiles(id, () =>
    engine.store.read(
      async (db) => {
        const key = await getKeyRow(db, id, scopeOf(actor))
        const { now } = await readUsageState(db, engine.at())
        const range = daysBefore(now, days)
        const number = await findUsageNumber(db, 'key', key.id)
        const asked = number === undefined ? [] : await readAsked(db, number, range, maxLists + 1)
        return { key, now, range, asked }
      },
      turnOf(actor, options),
    ),
  )
  const { key, now, range, asked } = result
  return {
    since: startOfDay(range.first),
    asOf: new Date(now),
    ...describeNeeds(JSON.parse(key.permissions) as string[], addToAsked(asked, own)),
  }
}

function describeNeeds(
  permissions: readonly string[],
  asked: readonly AskedFigure[],
): Omit<KeyPermissions, 'since' | 'asOf'> {
  const known: AskingCalls[] = []
  const different = new Set<string>()
  for (const { permissions: text, ...counted } of asked) {
    const list = text === '' ? [] : text?.split(' ')
    if (list === undefined || different.size + list.length > maxPermissionsAsked) continue
    for (const permission of list) different.add(permission)
    known.push({ permissions: list, ...counted })
  }
  const { granted, suggested } = needsOf(permissions, known)
  return {
    granted: granted.map(({ permission, calls, last }) => ({
      permission,
      calls,
      lastUsedAt: last === null ? null : new Date(last),
    })),
    unused: granted.filter(({ calls }) => calls === 0).map(({ permission }) => permission),
    suggested,
    complete: known.length === asked.length && asked.length <= maxLists,
  }
}
