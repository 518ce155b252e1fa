// `latchkey/fetch`: guards a handler of web-standard requests, as Next.js, Bun, Deno and edge workers have them.
import { createGuard, type GuardOptions, type VerifiedKey } from './guard.ts'

export type { GuardOptions, TokenVerifier, VerifiedKey } from './guard.ts'

/**
 * Guards a handler: it runs only for requests with a valid key that holds the permissions, and gets that key
 * after the request; what else the runtime passes comes after. Throws TypeError for permissions of a wrong
 * form.
 */
export function withKey<HandledRequest extends Request, Rest extends unknown[]>(
  options: GuardOptions<HandledRequest>,
  handler: (request: HandledRequest, key: VerifiedKey, ...rest: Rest) => Response | Promise<Response>,
): (request: HandledRequest, ...rest: Rest) => Promise<Response> {
  const guard = createGuard(options)
  return async (request, ...rest) => {
    const admission = await guard((name) => request.headers.get(name) ?? undefined, request)
    if ('key' in admission) return handler(request, admission.key, ...rest)
    const { status, headers, body } = admission.refusal
    return new Response(body, { status, headers })
  }
}
