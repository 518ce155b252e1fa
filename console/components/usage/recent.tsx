// The calls of late: of a key, of an organization or of all, over a time that the reader chooses.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hourMs } from '../../../src/core/periods.ts'
import { type UsageRange, usageRanges } from '../../format/usage.ts'
import { useSession } from '../../session.ts'
import { rangeQuery, type UsageOwner } from '../../usage-queries.ts'
import { Section } from '../page.tsx'
import { Segments } from '../segments.tsx'
import { useNow } from '../time.tsx'
import { UsageFigure } from './figure.tsx'

export const rangeChoices = Object.entries(usageRanges).map(([value, { label }]) => ({
  value: value as UsageRange,
  label,
}))

export function RangeChoice({ range, change }: { range: UsageRange; change: (range: UsageRange) => void }) {
  return <Segments label="Time" options={rangeChoices} value={range} change={change} />
}

/** The hour that runs, in milliseconds since 1970. */
export function useHour(): number {
  return Math.floor(useNow() / hourMs) * hourMs
}

/** The chart of a range, as far as the reader may see it. */
export function RangeFigure({
  range,
  owner,
  isLow,
}: {
  range: UsageRange
  owner: UsageOwner
  isLow?: boolean | undefined
}) {
  const hour = useHour()
  const figures = useQuery(rangeQuery(range, owner, hour))
  const { by, lead } = usageRanges[range]
  return <UsageFigure label={`Calls by ${by} ${lead}`} figures={figures} hour={hour} cut={by} isLow={isLow} />
}

/** The section of a page that is about somebody's usage. */
export function RecentUsage({
  owner,
  lead,
  ...given
}: {
  owner: UsageOwner
  lead: string
  /** The time, if the page has it for other parts too. */
  range?: UsageRange
  change?: (range: UsageRange) => void
}) {
  const [own, setOwn] = useState<UsageRange>('7d')
  const { range = own, change = setOwn } = given
  if (useSession().refusal('latchkey:usage:read') !== undefined) return null
  return (
    <Section
      title="Usage"
      lead={
        <>
          {lead}{' '}
          <Link to="/usage" search={owner} className="text-link underline underline-offset-2">
            More
          </Link>
        </>
      }
      actions={<RangeChoice range={range} change={change} />}
    >
      <RangeFigure range={range} owner={owner} />
    </Section>
  )
}
