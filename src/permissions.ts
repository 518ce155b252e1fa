// Does what is granted cover what is asked? Pure.

/** The form of a permission: segments of `[A-Za-z0-9_./-]+`, or `*`, between colons. */
export const permissionPattern = /^(?:[A-Za-z0-9_./-]+|\*)(?::(?:[A-Za-z0-9_./-]+|\*))*$/

/** The namespace of the management API's own permissions, which `*` alone does not cover. */
export const reservedNamespace = 'latchkey:'

/** The permissions that guard the management API. */
export const managementPermissions = [
  'latchkey:keys:read',
  'latchkey:keys:write',
  'latchkey:keys:verify',
  'latchkey:organizations:read',
  'latchkey:organizations:write',
  'latchkey:audit:read',
] as const
export type ManagementPermission = (typeof managementPermissions)[number]

/** Lists what is asked and not covered by what is granted. An empty grant covers nothing. */
export function missingPermissions(granted: readonly string[], asked: readonly string[]): string[] {
  return asked.filter((permission) => !covers(granted, permission))
}

/**
 * Tells whether one of the granted permissions covers everything that the asked one stands for. `*` in the
 * middle stands for one segment, at the end for one or more; the reserved namespace opens only to a permission
 * that itself begins with it. One pattern must cover the whole: the segments' alphabet has no end, so no union
 * of narrower patterns equals a wildcard.
 */
export function covers(granted: readonly string[], asked: string): boolean {
  for (const permission of granted) {
    if (permission === asked) return true
    if (permission.includes('*') && patternCovers(permission, asked)) return true
  }
  return false
}

function patternCovers(granted: string, asked: string): boolean {
  if (asked.startsWith(reservedNamespace) && !granted.startsWith(reservedNamespace)) return false
  // The usual pattern has its only `*` at the end: whatever goes on from there is covered.
  const wildcard = granted.indexOf('*')
  if (wildcard === granted.length - 1) return asked.startsWith(granted.slice(0, wildcard))
  const pattern = granted.split(':')
  const segments = asked.split(':')
  const last = pattern.length - 1
  const open = pattern[last] === '*'
  if (open ? segments.length < pattern.length : segments.length !== pattern.length) return false
  // What is asked may itself hold a `*`, which only a `*` covers; and a last one, only an open end.
  for (let i = 0; i < (open ? last : pattern.length); i++) {
    if (pattern[i] !== '*' && pattern[i] !== segments[i]) return false
  }
  return true
}
