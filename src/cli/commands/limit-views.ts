// Limits as people see them: what was given, and what is left.
import type { LimitState, VerdictLimit } from '../../core/shapes/limits.ts'
import { formatLimit } from '../kit/limits.ts'
import type { Column } from '../kit/table.ts'
import { formatAgo, formatInstant, formatLength } from '../kit/times.ts'

/** Whose limit refuses or is told of. */
export const owners = {
  key: 'key',
  organization: 'organization',
  ancestor: 'key that created this key',
} as const

/** The columns of a table of limits. Where a plan adds some, one says which. */
export function limitColumns(now: number, ofPlan: readonly LimitState[]): Column<LimitState>[] {
  return [
    { heading: 'NAME', value: ({ name }) => name },
    { heading: 'LIMIT', value: (limit) => formatLimit(limit).slice(limit.name.length + 1) },
    { heading: 'LEFT', value: describeLeft },
    { heading: 'HELD', value: ({ held }) => String(held), isNumber: true, leaves: 1 },
    { heading: 'RESETS', value: (limit) => describeReset(limit, now) },
    ...(ofPlan.length === 0
      ? []
      : [{ heading: 'FROM', value: (limit: LimitState) => (ofPlan.includes(limit) ? 'plan' : 'own') }]),
  ]
}

/** What is left; `0, owes 432` if it is less than nothing. */
function describeLeft({ remaining, owed }: LimitState): string {
  return owed > 0 ? `${remaining}, owes ${owed}` : String(remaining)
}

/** When a quota begins anew; a rate is said to be full. */
function describeReset({ resetsAt, windowSeconds }: LimitState, now: number): string {
  if (windowSeconds === undefined) return formatAgo(resetsAt, now)
  return resetsAt === null || resetsAt.getTime() <= now ? 'full' : `full ${formatAgo(resetsAt, now)}`
}

/** The lines of an owner's limits: its own, and those of its plan if the answer tells of any. */
export function limitFields({
  limits,
  planLimits,
}: {
  limits: readonly LimitState[]
  planLimits?: readonly LimitState[] | undefined
}): [string, string][] {
  return [
    ['Limits', describeLimits(limits)],
    ...(planLimits?.length ? [['Plan limits', describeLimits(planLimits)] as [string, string]] : []),
  ]
}

/** Writes limits in one line, each as `--limit` takes it. */
function describeLimits(limits: readonly LimitState[]): string {
  return (
    limits
      .map(
        (limit) =>
          `${formatLimit(limit)} (${limit.owed > 0 ? `owes ${limit.owed}` : `${limit.remaining} left`})`,
      )
      .join(', ') || 'none'
  )
}

/** Writes what a verdict tells of a limit. */
export function describeVerdictLimit({ name, scope, remaining, limit, resetsAt }: VerdictLimit): string {
  const reset = resetsAt === null ? '' : `, resets ${formatInstant(resetsAt, Date.now())}`
  // Units that were added, or a burst, may be more than the limit.
  const left = remaining > limit ? `${remaining} left` : `${remaining} of ${limit} left`
  return `${name} of the ${owners[scope]}: ${left}${reset}`
}

/** Writes when a call that limits refuse may be repeated. */
export function describeRetry(retryAfterMs: number | null): string {
  return retryAfterMs === null
    ? 'never: waiting does not help'
    : `in ${formatLength(Math.max(1, Math.ceil(retryAfterMs / 1000)))}`
}
