// Keys, organizations, permissions or verdicts beside each other, those with most calls first.
import { useQuery } from '@tanstack/react-query'
import type { WireUsageRow } from '../../api.ts'
import { Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { Named } from '../../components/usage/named.tsx'
import { countOf } from '../../format/limits.ts'
import { codeTitle, countInColumn, reasonsOf, shareOf, totalOf } from '../../format/usage.ts'
import type { UsageSearch } from '../../searches.ts'
import { figuresQuery } from '../../usage-queries.ts'
import type { UsageView } from './view.ts'

const most = 50
const number = 'w-18 px-1.5 py-1.5 sm:w-24 lg:w-28 sm:px-3 text-right tabular-nums last:pr-0'

const headings = {
  key: 'Key',
  organization: 'Organization',
  permission: 'Permission',
  code: 'Verdict',
} as const

interface UsageGroupsProps {
  group: NonNullable<UsageSearch['group']>
  view: UsageView
  /** The rows of the chart, whose sum is that of all groups. */
  rows: WireUsageRow[]
}

export function UsageGroups({ group, view, rows }: UsageGroupsProps) {
  const question = { ...view.question, by: 'total', group, limit: most } as const
  const figures = useQuery(figuresQuery(question))
  const ranked = figures.data?.rows
  const all = totalOf(rows).calls
  const caption = `By ${headings[group].toLowerCase()}`
  return (
    <Section
      title={caption}
      lead={`${ranked !== undefined && ranked.length >= most ? `The ${most} with most calls.` : 'Most calls first.'}${
        group === 'permission' ? ' A call counts for each that it asked for, by days of UTC.' : ''
      }`}
    >
      {ranked === undefined ? (
        <Unread query={figures} height="h-40" />
      ) : ranked.length === 0 ? (
        <p className="text-muted">No calls.</p>
      ) : (
        <table className="w-full table-fixed border-collapse">
          <caption className="sr-only">{caption}</caption>
          <thead>
            <tr className="text-muted">
              <th scope="col" className="py-1.5 pr-3 text-left font-medium">
                {headings[group]}
              </th>
              <th scope="col" className={`${number} font-medium`}>
                Calls
              </th>
              <th scope="col" className={`${number} font-medium max-lg:hidden`}>
                Share
              </th>
              {group !== 'code' && (
                <>
                  <th scope="col" className={`${number} font-medium`}>
                    Refused
                  </th>
                  <th scope="col" className="w-2/5 px-3 py-1.5 pr-0 text-left font-medium max-md:hidden">
                    Why
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {ranked.map((row) => (
              <tr key={row.id ?? ''} className="border-t border-line">
                <th scope="row" className="py-1.5 pr-3 text-left font-normal">
                  {group === 'code' ? (
                    codeTitle(row.id ?? '')
                  ) : group === 'permission' ? (
                    <Permission name={row.id} />
                  ) : (
                    <Named group={group} id={row.id} name={row.name} />
                  )}
                </th>
                <td className={number} title={countOf(row.calls)}>
                  {countInColumn(row.calls)}
                </td>
                <td className={`${number} text-muted max-lg:hidden`}>{shareOf(row.calls, all)}</td>
                {group !== 'code' && (
                  <>
                    <td className={number} title={countOf(row.calls - row.valid)}>
                      {countInColumn(row.calls - row.valid)}
                    </td>
                    <td className="truncate px-3 py-1.5 pr-0 max-md:hidden">{whyOf(row)}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

/** A permission that calls asked for; null for calls of which it is not known. */
function Permission({ name }: { name: string | null }) {
  if (name === null) return <span className="block truncate text-muted">Not known</span>
  return (
    <code className="code max-w-full truncate" title={name}>
      {name}
    </code>
  )
}

function whyOf(row: WireUsageRow): string {
  return reasonsOf(row)
    .map(([code, calls]) => `${codeTitle(code)} ${countOf(calls)}`)
    .join(', ')
}
