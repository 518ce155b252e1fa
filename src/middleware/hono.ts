// `latchkey/hono`: guards routes of a Hono app; their handlers find the key as `c.var.key`.
import type { Context, MiddlewareHandler } from 'hono'
import { createGuard, type GuardOptions, type VerifiedKey } from './guard.ts'

export type { GuardOptions, TokenVerifier, VerifiedKey } from './guard.ts'

/**
 * Makes middleware that lets through requests with a valid key that holds the permissions. Throws TypeError
 * for permissions of a wrong form.
 */
export function requireKey(
  options: GuardOptions<Context>,
): MiddlewareHandler<{ Variables: { key: VerifiedKey } }> {
  const guard = createGuard(options)
  return async (c, next) => {
    const admission = await guard((name) => c.req.header(name), c, c.req.raw, {
      method: c.req.method,
      target: c.req.raw.url,
    })
    if (!('key' in admission)) {
      const { status, headers, body } = admission.refusal
      return c.body(body, status, headers)
    }
    c.set('key', admission.key)
    await next()
    // Afterwards: what is set before is lost if the handler makes its answer without `c`. A guard behind this one has set
    // what is newer.
    for (const [name, value] of Object.entries(admission.headers))
      if (!c.res.headers.has(name)) c.header(name, value)
    return undefined
  }
}
