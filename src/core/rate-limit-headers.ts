// What a refused or admitted call is told of its limits in headers: draft-ietf-httpapi-ratelimit-headers, as structured
// fields (RFC 9651), and `Retry-After` (RFC 9110, section 10.2.3).
import type { VerdictLimit } from './shapes/limits.ts'
import type { Verdict } from './shapes/verification.ts'

/** The headers of these limits; none if no limits apply. */
export function rateLimitHeaders(verdict: Verdict, now: number): Record<string, string> {
  if (!('limits' in verdict) || verdict.limits === undefined || verdict.limits.length === 0) return {}
  const { limits } = verdict
  const headers: Record<string, string> = {
    'ratelimit-policy': limits
      .map((limit) => `"${nameOf(limit, limits)}";q=${limit.limit}${windowOf(limit)}`)
      .join(', '),
    ratelimit: limits
      .map(
        (limit) =>
          `"${nameOf(limit, limits)}";r=${Math.min(limit.remaining, maxInteger)}${resetOf(limit, now)}`,
      )
      .join(', '),
  }
  if (isExceeded(verdict) && verdict.retryAfterMs !== null)
    headers['retry-after'] = String(Math.max(1, Math.ceil(verdict.retryAfterMs / 1000)))
  return headers
}

/** The largest integer of a structured field (RFC 9651, section 3.3.1). */
const maxInteger = 999_999_999_999_999

/** A verdict by which only limits refuse. */
export type ExceededVerdict = Extract<Verdict, { retryAfterMs: number | null }>

/** Tells whether only limits refuse a call. */
export function isExceeded(verdict: Verdict): verdict is ExceededVerdict {
  return verdict.code === 'rate_limited' || verdict.code === 'quota_exceeded'
}

/** 429 if waiting helps; else 402: clients repeat a 429 for days. */
export function exceededStatus({ retryAfterMs }: ExceededVerdict): 429 | 402 {
  return retryAfterMs === null ? 402 : 429
}

/** A limit of the key by its name; one of another owner, if that has the same name, with whose it is. */
function nameOf(limit: VerdictLimit, all: readonly VerdictLimit[]): string {
  const isAlone = all.every((other) => other === limit || other.name !== limit.name)
  return isAlone || limit.scope === 'key' ? limit.name : `${limit.scope}/${limit.name}`
}

function windowOf({ windowSeconds }: VerdictLimit): string {
  return windowSeconds === undefined ? '' : `;w=${windowSeconds}`
}

function resetOf({ resetsAt }: VerdictLimit, now: number): string {
  return resetsAt === null ? '' : `;t=${Math.max(0, Math.ceil((resetsAt.getTime() - now) / 1000))}`
}
