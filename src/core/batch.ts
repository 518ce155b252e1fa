// What is asked of one token of many.
import { checkAskedPermissions } from './asked-permissions.ts'
import { contextFault } from './call-context.ts'
import { refuseField } from './errors.ts'
import { drawFault, prefixFault, unknownOption } from './options.ts'
import type { VerifyOptions, VerifyRequest } from './shapes/verification.ts'

const requestNames = ['key', 'permissions', 'prefix', 'cost', 'reserveSeconds', 'context']

/**
 * Checks a request at a place of its batch, and gives what it asks. Permissions that were checked last are known to be well
 * formed: most batches ask for the same of each token. Throws `invalid_input`.
 */
export function askedOf(
  request: VerifyRequest,
  at: number,
  checked: readonly string[] | undefined,
): Omit<VerifyOptions, 'organizationId'> {
  if (typeof request !== 'object' || request === null) refuseField(`[${at}]`, 'A { key, permissions? }.')
  const fault = unknownOption(request, requestNames)
  if (fault) refuseField(`[${at}].${fault.path}`, fault.message)
  const { permissions, prefix, cost, reserveSeconds, context } = request
  if (permissions !== checked) checkAskedPermissions(permissions, `[${at}].permissions`)
  const drawn = drawFault({ cost, reserveSeconds }) ?? prefixFault(prefix) ?? contextFault(context)
  if (drawn) refuseField(`[${at}].${drawn.path}`, drawn.message)
  return { permissions, prefix, cost, reserveSeconds, context }
}
