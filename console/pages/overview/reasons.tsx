// Why calls were refused, the most frequent reason first.
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Figures } from '../../api.ts'
import { Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { ShareBar } from '../../components/usage/share-bar.tsx'
import { countOf } from '../../format/limits.ts'
import { codeTitle, reasonsOf, shareOf, totalOf, type UsageRange } from '../../format/usage.ts'

export function Reasons({ figures, range }: { figures: UseQueryResult<Figures>; range: UsageRange }) {
  const total = figures.data && totalOf(figures.data.rows)
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
        <Unread query={figures} height="h-24" />
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
