// The figures of a chart as a table, the newest first.
import { countOf } from '../../format/limits.ts'
import {
  codeTitle,
  countInColumn,
  nameOf,
  reasonsOf,
  type UsageBucket,
  type UsageCut,
} from '../../format/usage.ts'

const number = 'px-1.5 py-1.5 sm:px-3 text-right tabular-nums first:pl-0 last:pr-0'
const text = 'px-1.5 py-1.5 sm:px-3 text-left first:pl-0 last:pr-0'

const headings = { hour: 'Hour', day: 'Day', 'utc-day': 'Day, by UTC', month: 'Month, by UTC' } as const

export function UsageTable({
  buckets,
  cut,
  caption,
}: {
  buckets: readonly UsageBucket[]
  cut: UsageCut
  caption: string
}) {
  return (
    <table className="w-full border-collapse">
      <caption className="sr-only">{caption}</caption>
      <thead className="sticky top-0 bg-surface">
        <tr className="text-muted">
          <th scope="col" className={`${text} font-medium`}>
            {headings[cut]}
          </th>
          <th scope="col" className={`${number} font-medium`}>
            Calls
          </th>
          <th scope="col" className={`${number} font-medium max-[22.49rem]:hidden`}>
            Valid
          </th>
          <th scope="col" className={`${number} font-medium`}>
            Refused
          </th>
          <th scope="col" className={`${text} w-2/5 font-medium max-sm:hidden`}>
            Why
          </th>
        </tr>
      </thead>
      <tbody>
        {buckets.toReversed().map((bucket) => (
          <tr key={bucket.start} className={`border-t border-line ${bucket.calls === 0 ? 'text-muted' : ''}`}>
            <th scope="row" className={`${text} font-normal sm:whitespace-nowrap`}>
              {nameOf(bucket, cut)}
              {bucket.isRunning && <span className="text-muted"> so far</span>}
            </th>
            <td className={number} title={countOf(bucket.calls)}>
              {countInColumn(bucket.calls)}
            </td>
            <td className={`${number} max-[22.49rem]:hidden`} title={countOf(bucket.valid)}>
              {countInColumn(bucket.valid)}
            </td>
            <td className={number} title={countOf(bucket.calls - bucket.valid)}>
              {countInColumn(bucket.calls - bucket.valid)}
            </td>
            <td className={`${text} max-sm:hidden`}>
              {reasonsOf(bucket)
                .map(([code, calls]) => `${codeTitle(code)} ${countOf(calls)}`)
                .join(', ')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
