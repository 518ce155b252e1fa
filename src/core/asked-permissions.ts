// The permissions that a verification asks for: checked on the path of each, so by hand and not by a schema.
import { maxPermissionLength, maxPermissions } from './bounds.ts'
import { refuseField } from './errors.ts'
import { permissionPattern } from './permissions.ts'

/** Checks by hand what the types promise of the permissions asked for. Throws `invalid_input`. */
export function checkAskedPermissions(
  permissions: readonly string[] | undefined,
  path = 'permissions',
): void {
  if (permissions === undefined) return
  if (!Array.isArray(permissions)) refuseField(path, 'A list of permissions.')
  if (permissions.length > maxPermissions) refuseField(path, `At most ${maxPermissions} permissions.`)
  for (let i = 0; i < permissions.length; i++) {
    const permission: unknown = permissions[i]
    if (
      typeof permission !== 'string' ||
      permission.length > maxPermissionLength ||
      !permissionPattern.test(permission)
    ) {
      refuseField(
        `${path}[${i}]`,
        'A permission such as emails:send: A-Z a-z 0-9 _ . / -, or *, between colons.',
      )
    }
  }
}
