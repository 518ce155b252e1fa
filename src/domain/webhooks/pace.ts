// How fast a webhook goes on: when an event is tried again, and when a receiver is left alone. Pure.
//
// | state    | is entered                              | what is sent                                  | is left                       |
// | -------- | --------------------------------------- | --------------------------------------------- | ----------------------------- |
// | healthy  | an attempt succeeds                     | 16 at once; after failures first 1, then 2, 4 | an attempt fails              |
// | failing  | an attempt fails                        | the same; each event has attempts of its own  | one succeeds; ten fail in a row |
// | outage   | ten fail in a row                       | one attempt a step, the event that waits for longest | it succeeds; or disabled |
// | paused   | the receiver asks for time              | nothing until then                            | the time is over              |
// | disabled | 410; no success for five days; by hand  | nothing                                       | somebody enables it           |

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How long an event waits after each of its attempts. After the last one there is none to come. */
const waits = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour]
/** How often an event is tried. */
const maxAttempts = waits.length + 1
/** So many failures in a row are an outage. */
const outageAfter = 10
/** So much of a wait is random, so that what failed together does not come back together. */
const jitter = 0.2
/** How many attempts go on at once. */
export const maxWidth = 16
const disabledAfterMs = 5 * day
/** Failures that lie further apart are no long one. */
const maxFailureGapMs = day
/** Statuses by which a receiver asks for time (RFC 9110, section 15; RFC 6585, section 4). */
const busyStatuses: readonly number[] = [429, 502, 504]
const firstPauseMs = second
const maxPauseMs = minute
/** A receiver that asks for more time is asked again after this. */
const maxRetryAfterMs = hour
const gone = 410

/** What the pace of a webhook goes by. Instants are milliseconds since 1970. */
export interface PaceState {
  /** How many attempts have failed in a row. */
  failures: number
  failing_since: number | null
  failed_at: number | null
  delivered_at: number | null
  /** Nothing is sent before. */
  paused_until: number | null
}

/** What an attempt came to, as far as the pace goes by it. */
export interface PaceOutcome {
  isDelivered: boolean
  httpStatus: number | null
  /** The header `Retry-After`. */
  retryAfter: string | undefined
}

/** Whether the receiver fails altogether, and is only probed. */
export function isOutage({ failures }: Pick<PaceState, 'failures'>): boolean {
  return failures >= outageAfter
}

/** What a webhook is after an attempt. `random` is from 0 to below 1. */
export function afterAttempt(state: PaceState, outcome: PaceOutcome, now: number, random: number): PaceState {
  if (outcome.isDelivered)
    return { failures: 0, failing_since: null, failed_at: null, delivered_at: now, paused_until: null }
  const failures = state.failures + 1
  const isOneFailure = state.failed_at !== null && now - state.failed_at <= maxFailureGapMs
  const pauses = [
    ...(state.paused_until === null ? [] : [state.paused_until]),
    ...askedPause(outcome, failures, now),
    ...(failures >= outageAfter ? [now + waitOf(failures - outageAfter, random)] : []),
  ]
  return {
    failures,
    failing_since: isOneFailure ? (state.failing_since ?? now) : now,
    failed_at: now,
    delivered_at: state.delivered_at,
    paused_until: pauses.length === 0 ? null : Math.max(...pauses),
  }
}

/** When an event is tried again after so many attempts; null if it is given up. */
export function nextAttemptAt(attempts: number, now: number, random: number): number | null {
  return attempts >= maxAttempts ? null : now + waitOf(attempts - 1, random)
}

/** Why a webhook is disabled after an attempt that failed; undefined if it goes on. */
export function disabledBy(
  { failing_since }: PaceState,
  { isDelivered, httpStatus }: PaceOutcome,
  now: number,
): 'gone' | 'failing' | undefined {
  if (isDelivered) return undefined
  if (httpStatus === gone) return 'gone'
  return failing_since !== null && now - failing_since >= disabledAfterMs ? 'failing' : undefined
}

/** How many attempts go on at once, after so many that succeeded in a row since one failed. */
export function widthAfter(width: number): number {
  return Math.min(maxWidth, width * 2)
}

function waitOf(step: number, random: number): number {
  const milliseconds = waits[Math.min(step, waits.length - 1)] as number
  return Math.round(milliseconds * (1 - jitter / 2 + jitter * random))
}

function askedPause({ httpStatus, retryAfter }: PaceOutcome, failures: number, now: number): number[] {
  const asked = retryAfter === undefined ? undefined : retryAfterMs(retryAfter, now)
  if (asked !== undefined) return [now + Math.min(maxRetryAfterMs, Math.max(firstPauseMs, asked))]
  if (httpStatus === null || !busyStatuses.includes(httpStatus)) return []
  return [now + Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 16))]
}

/** Seconds, or a date (RFC 9110, section 10.2.3); undefined for anything else. */
function retryAfterMs(text: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * second
  // `Date.parse` takes far more for a date.
  const at = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
