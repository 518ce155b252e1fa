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
    const admission = await guard((name) => request.headers.get(name) ?? undefined, request, request, {
      method: request.method,
      target: request.url,
    })
    if ('key' in admission)
      return withHeaders(await handler(request, admission.key, ...rest), admission.headers)
    const { status, headers, body } = admission.refusal
    return new Response(body, { status, headers })
  }
}

/** Adds headers that an answer does not have yet; one that a fetch or a redirect gave cannot be changed, only copied. */
function withHeaders(response: Response, headers: Record<string, string>): Response {
  const missing = Object.entries(headers).filter(([name]) => !response.headers.has(name))
  if (missing.length === 0) return response
  try {
    for (const [name, value] of missing) response.headers.set(name, value)
    return response
  } catch {
    const { status, statusText, body } = response
    // What is no answer to a client, such as the upgrade of a connection, cannot be made again.
    if (status < 200) return response
    return new Response(body, { status, statusText, headers: [...response.headers, ...missing] })
  }
}
