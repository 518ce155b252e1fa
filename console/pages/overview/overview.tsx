// The first page: whether calls come, what is refused and why, who calls most, and which keys want attention.
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useNavigate, useSearch } from '@tanstack/react-router'
import { Notice } from '../../components/notices.tsx'
import { Page, Section } from '../../components/page.tsx'
import { RangeChoice, RangeFigure, useHour } from '../../components/usage/recent.tsx'
import { type UsageRange, usageRanges } from '../../format/usage.ts'
import { firstPlace, hasOverview, linkOf } from '../../places.ts'
import { useSession } from '../../session.ts'
import { rangeQuery, type UsageOwner } from '../../usage-queries.ts'
import { NeedsAttention } from './attention.tsx'
import { Busiest } from './busiest.tsx'
import { Reasons } from './reasons.tsx'
import { FirstSteps } from './steps.tsx'

const defaultRange: UsageRange = '24h'

export function OverviewPage() {
  const session = useSession()
  const { isRoot, self, refusal, holder } = session
  const { range = defaultRange } = useSearch({ from: '/' })
  const navigate = useNavigate({ from: '/' })
  const unseen = refusal('latchkey:usage:read')
  // Who runs nothing begins with what they come for.
  if (!hasOverview(session)) return <Navigate {...linkOf(firstPlace(session), session)} replace />
  const owner: UsageOwner = isRoot ? {} : { organization: self.organization_id }
  return (
    <Page
      width="columns"
      title="Overview"
      lead={isRoot ? 'The calls with keys of all organizations.' : 'The calls with your keys.'}
      actions={
        unseen === undefined && (
          <RangeChoice
            range={range}
            change={(next) =>
              void navigate({ search: next === defaultRange ? {} : { range: next }, replace: true })
            }
          />
        )
      }
    >
      <FirstSteps isRoot={isRoot} organization={self.organization_id} />
      {refusal('latchkey:keys:read') === undefined && <NeedsAttention owner={owner} />}
      {unseen === undefined ? (
        <Calls range={range} owner={owner} isRoot={isRoot} />
      ) : (
        <div className="mb-6">
          <Notice tone="note" title={`${holder} cannot read usage`}>
            <p>{unseen} Without it there are no figures here.</p>
          </Notice>
        </div>
      )}
    </Page>
  )
}

function Calls({ range, owner, isRoot }: { range: UsageRange; owner: UsageOwner; isRoot: boolean }) {
  const hour = useHour()
  const figures = useQuery(rangeQuery(range, owner, hour))
  return (
    <>
      <div className="grid grid-cols-1 items-start gap-x-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Section
          title="Calls"
          lead={
            <>
              {isRoot ? 'Every verdict, of tokens that are no key’s too. ' : ''}
              <Link to="/usage" search={{ range }} className="text-link underline underline-offset-2">
                Filters, tables and files
              </Link>
            </>
          }
        >
          <RangeFigure range={range} owner={owner} />
        </Section>
        <Reasons figures={figures} range={range} />
      </div>
      <div className={`grid grid-cols-1 items-start gap-x-6 ${isRoot ? 'lg:grid-cols-2' : ''}`}>
        <Busiest group="key" range={range} owner={owner} />
        {isRoot && <Busiest group="organization" range={range} owner={owner} />}
      </div>
      <p className="sr-only" role="status">
        {figures.data === undefined ? '' : `Calls ${usageRanges[range].lead}`}
      </p>
    </>
  )
}
