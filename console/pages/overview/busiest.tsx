// The keys or organizations with most calls.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { Named } from '../../components/usage/named.tsx'
import { useHour } from '../../components/usage/recent.tsx'
import { ShareBar } from '../../components/usage/share-bar.tsx'
import { countOf } from '../../format/limits.ts'
import { countInColumn, rangeOfKeys, type UsageRange, usageRanges } from '../../format/usage.ts'
import { busiestQuery, type UsageOwner } from '../../usage-queries.ts'

const texts = {
  key: { title: 'Busiest keys', heading: 'Key' },
  organization: { title: 'Busiest organizations', heading: 'Organization' },
} as const

export function Busiest({
  group,
  range,
  owner,
}: {
  group: 'key' | 'organization'
  range: UsageRange
  owner: UsageOwner
}) {
  const hour = useHour()
  const compared = group === 'key' ? rangeOfKeys(range, owner.organization) : range
  const figures = useQuery(busiestQuery(group, compared, owner, hour))
  const { title, heading } = texts[group]
  const rows = figures.data?.rows
  const most = rows?.[0]?.calls ?? 1
  return (
    <Section
      title={title}
      lead={
        <>
          {/* Over a longer time the keys of all organizations are not compared. */}
          {compared !== range && `${capital(usageRanges[compared].lead)}. `}
          <Link
            to="/usage"
            search={{ range: compared, group }}
            className="text-link underline underline-offset-2"
          >
            More of them
          </Link>
        </>
      }
    >
      {rows === undefined ? (
        <Unread query={figures} height="h-40" />
      ) : rows.length === 0 ? (
        <p className="text-muted">No calls.</p>
      ) : (
        <table className="w-full table-fixed border-collapse">
          <caption className="sr-only">{`${title} ${usageRanges[compared].lead}`}</caption>
          <thead>
            <tr className="text-xs text-muted">
              <th scope="col" className="pb-1 text-left font-medium">
                {heading}
              </th>
              <th scope="col" className="w-18 pb-1 text-right font-medium sm:w-24">
                Calls
              </th>
              <th scope="col" className="w-16 pb-1 text-right font-medium sm:w-24">
                Refused
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, name, calls, valid }) => (
              <tr key={id ?? ''} className="border-t border-line">
                <th scope="row" className="py-1.5 pr-3 text-left font-normal">
                  <Named group={group} id={id} name={name} />
                  <ShareBar calls={calls} most={most} look="h-1 text-valid" />
                </th>
                <td className="py-1.5 text-right tabular-nums" title={countOf(calls)}>
                  {countInColumn(calls)}
                </td>
                <td
                  className={`py-1.5 text-right tabular-nums ${calls > valid ? '' : 'text-muted'}`}
                  title={countOf(calls - valid)}
                >
                  {countInColumn(calls - valid)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
