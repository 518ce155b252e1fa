// Which permissions are in use: what keys hold, counted.
import { setImmediate } from 'node:timers/promises'
import { parseInput } from '../../core/input.ts'
import { type ListPermissionsInput, listPermissionsSchema } from '../../core/shapes/key-lists.ts'
import type { PermissionUse } from '../../core/shapes/key-permissions.ts'
import type { CommandOptions, Engine } from '../engine.ts'
import { listKeys } from './read.ts'

/** However many keys there are, the newest tell what is in use. */
const mostKeys = 1000
const mostUses = 200
/** Among many keys that are revoked there may be no active one for long: then what was found must do. */
const longestSearchMs = 2_000
/** A verification meanwhile waits for a slice at most. */
const usesASlice = 2000

/**
 * Lists the permissions that the newest 1000 active keys hold: most used first, by name if that is the same, at
 * most 200. Throws `invalid_input`, `organization_not_found`.
 */
export async function listPermissions(
  engine: Engine,
  input: ListPermissionsInput = {},
  options: CommandOptions = {},
): Promise<PermissionUse[]> {
  const { organizationId } = parseInput(listPermissionsSchema, input)
  const filter = organizationId === undefined ? {} : { organizationId }
  const counts = new Map<string, number>()
  let left = mostKeys
  let after: string | undefined
  const { clock } = engine.memory
  const endsAt = clock.monotonic() + longestSearchMs
  do {
    const page = await listKeys(engine, { ...filter, limit: left, ...(after && { after }) }, options)
    for (const { permissions } of page.items) {
      for (const permission of new Set(permissions)) counts.set(permission, (counts.get(permission) ?? 0) + 1)
    }
    left -= page.items.length
    after = page.next
  } while (after !== undefined && left > 0 && clock.monotonic() < endsAt)
  return mostUsed(counts)
}

/** A thousand keys may hold 128,000 permissions between them: they are sorted slice by slice. */
async function mostUsed(counts: ReadonlyMap<string, number>): Promise<PermissionUse[]> {
  const uses = Array.from(counts, ([permission, keys]) => ({ permission, keys }))
  let most: PermissionUse[] = []
  for (let start = 0; start < uses.length; start += usesASlice) {
    if (start > 0) await setImmediate()
    most = [...most, ...uses.slice(start, start + usesASlice)].sort(byUse).slice(0, mostUses)
  }
  return most
}

function byUse(one: PermissionUse, other: PermissionUse): number {
  return other.keys - one.keys || (one.permission < other.permission ? -1 : 1)
}
