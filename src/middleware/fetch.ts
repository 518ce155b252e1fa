// `latchkey/fetch`: guards a handler of web-standard requests, as Next.js, Bun, Deno and edge workers have them; and, for
// frameworks without a guard of their own, judges a request and leaves the answer to them.
import { headerReader } from '../core/bearer.ts'
import { type Admission, createGuard, type GuardOptions, type VerifiedKey } from './guard.ts'

export type { Admission, Admitted, GuardOptions, Refused, TokenVerifier, VerifiedKey } from './guard.ts'
export type { Refusal } from './refusals.ts'

/**
 * Guards a handler: it runs only for requests with a valid key that holds the permissions, and gets that key
 * after the request; what else the runtime passes comes after. Throws TypeError for permissions of a wrong
 * form.
 */
export function withKey<HandledRequest extends Request, Rest extends unknown[]>(
  options: GuardOptions<HandledRequest>,
  handler: (request: HandledRequest, key: VerifiedKey, ...rest: Rest) => Response | Promise<Response>,
): (request: HandledRequest, ...rest: Rest) => Promise<Response> {
  const admit = admitKey(options)
  return async (request, ...rest) => {
    const admission = await admit(request)
    if ('key' in admission)
      return withHeaders(await handler(request, admission.key, ...rest), admission.headers)
    const { status, headers, body } = admission.refusal
    return new Response(body, { status, headers })
  }
}

/** A request as Node.js has it: its headers are read as they came, since `headers` leaves out a second `Authorization`. */
export interface NodeRequest {
  /** Names and values in turn. */
  rawHeaders: readonly string[]
  /** Such as `GET`. */
  method?: string | undefined
  /** What was asked for: a path, with its query. */
  url?: string | undefined
}

/**
 * Makes what judges requests for a framework without a guard of its own, and leaves the answer to it: a request is let
 * through with a key, and with headers for the answer, or refused with an answer. `ip` is the client's address, if the
 * framework knows it. Throws TypeError for permissions of a wrong form.
 */
export function admitKey<JudgedRequest extends Request | NodeRequest>(
  options: GuardOptions<JudgedRequest>,
): (request: JudgedRequest, from?: { ip?: string | undefined }) => Promise<Admission> {
  const guard = createGuard(options)
  return (request, { ip } = {}) => {
    const { method, url: target } = request
    return guard(readerOf(request), request, request, {
      ...(ip !== undefined && { ip }),
      ...(method !== undefined && { method }),
      ...(target !== undefined && { target }),
    })
  }
}

function readerOf(request: Request | NodeRequest): (name: string) => string | undefined {
  if ('rawHeaders' in request) return headerReader(request.rawHeaders)
  return (name) => request.headers.get(name) ?? undefined
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
