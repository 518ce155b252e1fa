// Which of the permissions that a verification asks for a key lacks.
import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { missingPermissions } from '../core/permissions.ts'

/** The permissions asked for and not granted; undefined if there are none. Throws `invalid_input`. */
export function missingOf(
  granted: readonly string[],
  asked: readonly string[] | undefined,
): string[] | undefined {
  // What is granted word for word is well-formed, and the usual case.
  if (asked === undefined || (Array.isArray(asked) && holdsAll(granted, asked))) return undefined
  checkAskedPermissions(asked)
  const missing = missingPermissions(granted, asked)
  return missing.length > 0 ? missing : undefined
}

function holdsAll(granted: readonly string[], asked: readonly string[]): boolean {
  // Of long lists each word would be compared with each: to take them apart is quicker.
  if (granted.length * asked.length > 256) return false
  for (let i = 0; i < asked.length; i++) if (!granted.includes(asked[i] as string)) return false
  return true
}
