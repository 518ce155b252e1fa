// What a guard answers to requests that it does not let through: problems (RFC 9457), the same in every framework.
import { type BasicPart, challengeOf, invalidToken } from '../core/bearer.ts'
import { type ErrorCode, errorTable } from '../core/errors.ts'
import { type ExceededVerdict, exceededStatus, rateLimitHeaders } from '../core/rate-limit-headers.ts'

/** An answer to a request that is not let through: a problem (RFC 9457). */
export interface Refusal {
  /** 503 if nobody could judge: that is neither yes nor no. */
  status: 401 | 402 | 403 | 422 | 429 | 503
  /** The type of the body, and such as `www-authenticate` and `retry-after`. */
  headers: Record<string, string>
  /** The problem, as JSON. */
  body: string
}

/** 429 with how long to wait, or 402 if waiting does not help. */
export function refuseExceeded(verdict: ExceededVerdict): { refusal: Refusal } {
  const { code, exceeded, retryAfterMs } = verdict
  const limits = new Intl.ListFormat('en').format(
    exceeded.map(({ name, scope }) => `${name} of the ${owners[scope]}`),
  )
  const what = `${exceeded.length === 1 ? 'The limit' : 'The limits'} ${limits}`
  const has = exceeded.length === 1 ? 'has' : 'have'
  const now = Date.now()
  const detail =
    retryAfterMs === null
      ? `${what} ${has} too few units for this request, and waiting gives no more.`
      : `${what} ${has} too few units for this request now. Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`
  const status = exceededStatus(verdict)
  return answer({ status, code, title: exceededTitles[code], detail }, rateLimitHeaders(verdict, now))
}

const owners = { key: 'key', organization: 'organization', ancestor: 'key that created this key' } as const
const exceededTitles = { rate_limited: 'Rate limited', quota_exceeded: 'Quota exceeded' } as const

/** For a cost that a function of the request gave, and that is none. */
export function refuseCost(): { refusal: Refusal } {
  return refuse('invalid_input', 'This request costs a number of units that no limit can count.', {})
}

/** For permissions that no key can hold. Their text is the sender's, and stands in no header. */
export function refuseUnaskable(): { refusal: Refusal } {
  const detail = 'This request requires a permission that no key can hold.'
  return refuse('missing_permission', detail, { 'www-authenticate': 'Bearer error="insufficient_scope"' })
}

/** One sentence for all tokens that open nothing, so that nobody learns which once opened something. */
export function refuseToken(basic: BasicPart | undefined): { refusal: Refusal } {
  const detail = 'The token is unknown, expired or revoked.'
  return refuse('invalid_token', detail, { 'www-authenticate': challengeOf(invalidToken, basic) })
}

/** Makes a refusal by the status and the title of an error. */
export function refuse(
  code: ErrorCode,
  detail: string,
  headers: Record<string, string>,
): { refusal: Refusal } {
  const [status, title] = errorTable[code]
  return answer({ status: status as Refusal['status'], code, title, detail }, headers)
}

interface Problem {
  status: Refusal['status']
  code: ErrorCode | ExceededVerdict['code']
  title: string
  detail: string
}

function answer(
  { status, code, title, detail }: Problem,
  headers: Record<string, string>,
): { refusal: Refusal } {
  return {
    refusal: {
      status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
      body: JSON.stringify({ type: `urn:latchkey:error:${code}`, title, status, detail, code }),
    },
  }
}
