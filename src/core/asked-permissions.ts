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
  if (!Array.isArray(permissions)) refuseField(path, 'Must be a list of permissions.')
  if (permissions.length > maxPermissions)
    refuseField(path, `Must have at most ${maxPermissions} permissions.`)
  for (let i = 0; i < permissions.length; i++) {
    const permission: unknown = permissions[i]
    if (
      typeof permission !== 'string' ||
      permission.length > maxPermissionLength ||
      !permissionPattern.test(permission)
    ) {
      refuseField(
        `${path}[${i}]`,
        'Must be a permission such as emails:send: segments of A-Z a-z 0-9 _ . / - or a *, separated by colons.',
      )
    }
  }
}
