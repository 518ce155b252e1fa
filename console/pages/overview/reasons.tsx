// Why calls were refused, the most frequent reason first.
import { Link } from '@tanstack/react-router'
import type { WireUsageRow } from '../../api.ts'
import { Section } from '../../components/page.tsx'
import { ShareBar } from '../../components/usage/share-bar.tsx'
import { countOf } from '../../format/limits.ts'
import { codeTitle, reasonsOf, shareOf, totalOf, type UsageRange } from '../../format/usage.ts'

export function Reasons({ rows, range }: { rows: WireUsageRow[] | undefined; range: UsageRange }) {
  const total = rows && totalOf(rows)
  const reasons = total === undefined ? [] : reasonsOf(total)
  const refused = total === undefined ? 0 : total.calls - total.valid
  const most = reasons[0]?.[1] ?? 1
  return (
    <Section
      title="Refused"
      lead={
        <Link
          to="/usage"
          search={{ range, group: 'code' }}
          className="text-link underline underline-offset-2"
        >
          By verdict
        </Link>
      }
    >
      {total === undefined ? (
        <div className="h-24 animate-pulse rounded bg-sunken" aria-hidden />
      ) : reasons.length === 0 ? (
        <p className="text-muted">{total.calls === 0 ? 'No calls.' : 'No call was refused.'}</p>
      ) : (
        <ul className="space-y-3">
          {reasons.map(([code, calls]) => (
            <li key={code}>
              <div className="flex items-baseline justify-between gap-3">
                <span className="min-w-0 truncate" title={code}>
                  {codeTitle(code)}
                </span>
                <span className="shrink-0 tabular-nums">
                  {countOf(calls)} <span className="text-xs text-muted">{shareOf(calls, refused)}</span>
                </span>
              </div>
              <ShareBar calls={calls} most={most} look="h-1.5 bg-sunken text-refused" />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
