// What came back: its text in bounded memory, and the server's refusals as errors.
import type { FieldError } from '../../core/errors.ts'
import type { PolicyRule } from '../../core/policy-rules.ts'
import { type ClientErrorCode, LatchkeyClientError } from '../errors.ts'

/** Longer than any page of keys can be. */
const longestAnswer = 32 * 1024 * 1024

/** Reads an answer's text. Throws `unexpected_answer` if it does not end, or its reader may not take more. */
export async function readText(
  response: Response,
  mayTake: (bytes: number) => boolean = () => true,
): Promise<string> {
  const decoder = new TextDecoder()
  const parts: string[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    length += part.value.length
    if (length > longestAnswer || !mayTake(part.value.length)) {
      void reader?.cancel().catch(() => {})
      throw unexpected(response)
    }
    parts.push(decoder.decode(part.value, { stream: true }))
  }
  return parts.join('') + decoder.decode()
}

/** Reads a refusal (RFC 9457). */
export async function readProblem(response: Response): Promise<LatchkeyClientError> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  const problem = isProblem ? parse(await readText(response)) : undefined
  if (!isProblem) void response.body?.cancel().catch(() => {})
  if (typeof problem !== 'object' || problem === null || !('code' in problem)) return unexpected(response)
  const { code, title, detail, request_id, errors, rule } = problem as {
    code: ClientErrorCode
    title: string
    detail?: string
    request_id?: string
    errors?: FieldError[]
    rule?: PolicyRule
  }
  return new LatchkeyClientError(code, describe(code, detail ?? title, response.url), {
    status: response.status,
    ...retryAfter(response),
    ...(request_id && { requestId: request_id }),
    ...(errors && { errors }),
    ...(rule && { rule }),
  })
}

/** Says of a refused token that it is the client's own, which is not the one that it asks about. */
function describe(code: ClientErrorCode, detail: string, url: string): string {
  if (code === 'invalid_token') {
    const server = URL.canParse(url) ? new URL(url).origin : 'The server'
    return `${server} refuses the token that this client itself sends: it is unknown, expired or revoked.`
  }
  if (code === 'missing_permission')
    return `The token that this client itself sends may not do this. ${detail}`
  // This client asks for no other routes than the server has: it is the address before them that is wrong, or the version.
  if (code === 'route_not_found')
    return `${URL.canParse(url) ? new URL(url).pathname : 'The address'} is no route of the server. The url of the client must be the address of the server, without /v1 or the path of a page; a server of an earlier version may lack the route.`
  return detail
}

/** The error for an answer that no Latchkey gives. */
export function unexpected(response: Response, cause?: unknown): LatchkeyClientError {
  const detail = `The answer (${response.status}) does not come from a Latchkey server. Check the url.`
  return new LatchkeyClientError('unexpected_answer', detail, {
    status: response.status,
    ...retryAfter(response),
    cause,
  })
}

/** How long the server, or a proxy before it, wants to be left alone (RFC 9110, section 10.2.3). */
function retryAfter({ headers }: Response): { retryAfterMs?: number } {
  const value = headers.get('retry-after')
  if (value === null) return {}
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(milliseconds) ? {} : { retryAfterMs: Math.max(0, milliseconds) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
