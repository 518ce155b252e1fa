// What a verdict tells of limits: which of them refused the call, when to try again, and what is left of each.
import type { ReactNode } from 'react'
import type { WireVerdict } from '../../api.ts'
import { LimitReset } from '../../components/limit-reset.tsx'
import { countOf, spanLabel } from '../../format/limits.ts'
import { limitOwners, retryWords } from '../../format/verdicts.ts'

type Exceeded = Extract<WireVerdict, { retry_after_ms: number | null }>
type LimitTold = Exceeded['limits'][number]

interface VerdictLimitsProps {
  of: WireVerdict
  /** How an entry of the list looks that they stand in. */
  entry: (label: string, content: ReactNode, look?: string) => ReactNode
}

/** Entries for the list of what a verdict tells; none if no limit applies. */
export function VerdictLimits({ of: verdict, entry }: VerdictLimitsProps) {
  const limits = ('limits' in verdict && verdict.limits) || []
  const isRefused = verdict.code === 'rate_limited' || verdict.code === 'quota_exceeded'
  return (
    <>
      {isRefused &&
        entry(
          'Exceeded',
          <ul aria-label="Exceeded limits">
            {verdict.exceeded.map(({ name, scope, id }) => (
              <li key={`${scope} ${id} ${name}`}>
                <code className="font-mono text-[0.8125rem]">{name}</code> {limitOwners[scope]}
              </li>
            ))}
          </ul>,
          'font-medium text-danger',
        )}
      {isRefused && entry('Try again', retryWords(verdict.retry_after_ms))}
      {limits.length > 0 &&
        entry(
          'Limits',
          <ul aria-label="Limits that apply" className="space-y-2">
            {limits.map((limit) => (
              <Left key={`${limit.scope} ${limit.id} ${limit.name}`} of={limit} />
            ))}
          </ul>,
        )}
    </>
  )
}

function Left({ of: told }: { of: LimitTold }) {
  const { name, scope, limit, remaining, window_seconds: window } = told
  // Of a rate it tells what it gains, and not how much its bucket holds.
  const of = window === undefined ? `of ${countOf(Math.max(limit, remaining))} left` : 'left'
  const gain = window === undefined ? '' : `${countOf(limit)} ${spanLabel(String(window))} · `
  return (
    <li>
      <code className="font-mono text-[0.8125rem] font-medium">{name}</code>{' '}
      <span className="text-muted">{limitOwners[scope]}</span>
      <span className="block tabular-nums">
        {countOf(remaining)} {of}
        <span className="text-muted">
          {` · ${gain}`}
          <LimitReset of={told} />
        </span>
      </span>
    </li>
  )
}
