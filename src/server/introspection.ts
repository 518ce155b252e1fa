// Questions and verdicts in the form of OAuth 2.0 Token Introspection (RFC 7662).
import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { contextFault } from '../core/call-context.ts'
import { refuseField } from '../core/errors.ts'
import { instantOfId } from '../core/ids.ts'
import { prefixFault } from '../core/options.ts'
import type { Verdict, VerifyOptions } from '../core/shapes/verification.ts'
import type { Form } from '../http/form.ts'
import { readCosts } from '../http/query.ts'
import { joinPermissions } from './verdict-json.ts'

/** Reads what is asked of a token. Throws `invalid_input`. */
export function readAsked(form: Form): VerifyOptions {
  const permissions = form.all('permission')
  checkAskedPermissions(permissions, 'permission')
  const ip = form.one('ip')
  const fault = ip === undefined ? undefined : contextFault({ ip })
  if (fault) refuseField('ip', fault.message)
  const prefix = form.one('prefix')
  const wrong = prefix === undefined ? undefined : prefixFault(prefix)
  if (wrong) refuseField(wrong.path, wrong.message)
  const cost = readCosts(form.fields)
  return {
    permissions,
    ...(prefix !== undefined && { prefix }),
    ...(cost !== undefined && { cost }),
    ...(ip !== undefined && { context: { ip } }),
  }
}

/** The token of a form. Throws `invalid_input`. */
export function readToken(form: Form): string {
  return form.one('token') ?? refuseField('token', 'Must be the token.')
}

/** Nothing more is said of a token that is not active (section 2.2). */
const inactive = '{"active":false}'

/** Writes a verdict as JSON. */
export function writeIntrospection(verdict: Verdict): string {
  if (!verdict.valid) return inactive
  const { keyId, organizationId, permissions, expiresAt } = verdict
  // All of it is of letters that JSON takes as they are.
  const scope = permissions.length === 0 ? '' : `"scope":"${joinPermissions(permissions)}",`
  const expiry = expiresAt === null ? '' : `"exp":${seconds(expiresAt.getTime())},`
  return `{"active":true,${scope}"client_id":"${keyId}","sub":"${keyId}","org":"${organizationId}","token_type":"Bearer",${expiry}"iat":${seconds(instantOfId(keyId))}}`
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
