// What calls needed of what a key may do, and the least that would have served them. Pure.
import { maxPermissions } from './bounds.ts'
import { covers, narrowestCovering } from './permissions.ts'

/** Calls that were valid and asked for the same permissions. */
export interface AskingCalls {
  permissions: readonly string[]
  calls: number
  /** The instant of the last one, in milliseconds since 1970. */
  last: number
}

/** What calls needed of a granted permission. */
export interface NeededPermission {
  permission: string
  calls: number
  /** Null if no call needed it. */
  last: number | null
}

export interface Needs {
  /** One for each granted permission, in their order. */
  granted: NeededPermission[]
  /** The fewest permissions, of those that were asked for, that admit all of the calls; see {@link suggest}. */
  suggested: string[]
}

/** More permissions than so many in place of a wildcard are no list that anybody keeps. */
const maxInPlaceOfWildcard = 16

/**
 * Tells what calls needed of the granted permissions: of several that cover what a call asked for, the narrowest. A call that
 * asked for what is not granted any more needed nothing that is.
 */
export function needsOf(granted: readonly string[], asking: readonly AskingCalls[]): Needs {
  const needed = new Map<string, NeededPermission>(
    granted.map((permission) => [permission, { permission, calls: 0, last: null }]),
  )
  const asked = new Map<string, Set<string>>(granted.map((permission) => [permission, new Set()]))
  const narrowest = new Map<string, string | undefined>()
  for (const { permissions, calls, last } of asking) {
    const needs = new Set<string>()
    for (const permission of permissions) {
      if (!narrowest.has(permission)) narrowest.set(permission, narrowestCovering(granted, permission))
      const covering = narrowest.get(permission)
      if (covering === undefined) continue
      needs.add(covering)
      asked.get(covering)?.add(permission)
    }
    for (const permission of needs) {
      const need = needed.get(permission) as NeededPermission
      need.calls += calls
      need.last = Math.max(need.last ?? 0, last)
    }
  }
  return { granted: [...needed.values()], suggested: suggest(asked) }
}

/**
 * The permissions that were asked for, without those that others cover. A granted wildcard stays if it would take too many to
 * replace it. Whichever is left out of the list, some call would have been refused.
 */
function suggest(asked: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const groups = [...asked]
    .filter(([, permissions]) => permissions.size > 0)
    .sort(([, some], [, others]) => others.size - some.size)
    .map(([granted, permissions]) => ({
      granted,
      permissions: permissions.size > maxInPlaceOfWildcard ? [granted] : [...permissions],
    }))
  let count = groups.reduce((sum, { permissions }) => sum + permissions.length, 0)
  for (const group of groups) {
    if (count <= maxPermissions) break
    count -= group.permissions.length - 1
    group.permissions = [group.granted]
  }
  const wanted = [...new Set(groups.flatMap(({ permissions }) => permissions))]
  const widest = wanted.filter((one) => !wanted.some((other) => other !== one && covers([other], one)))
  return withoutSpare(
    widest,
    [...asked.values()].flatMap((permissions) => [...permissions]),
  ).sort()
}

/** Leaves out what is covered by others together: of two wildcards, each may cover all that was asked for under the other. */
function withoutSpare(permissions: readonly string[], asked: readonly string[]): string[] {
  const coverings = asked.map((one) => permissions.filter((permission) => covers([permission], one)))
  const counts = coverings.map(({ length }) => length)
  return permissions.filter((permission) => {
    const uses = coverings.flatMap((covering, i) => (covering.includes(permission) ? [i] : []))
    if (uses.some((i) => counts[i] === 1)) return true
    for (const i of uses) (counts[i] as number)--
    return false
  })
}
