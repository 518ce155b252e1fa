// A chart of calls with what it comes to, and the same as a table.
import type { UseQueryResult } from '@tanstack/react-query'
import { Suspense, useCallback, useId, useMemo, useState } from 'react'
import type { Figures } from '../../api.ts'
import { countOf } from '../../format/limits.ts'
import {
  codeTitle,
  cutUsage,
  nameOf,
  reasonsOf,
  shareOf,
  totalOf,
  type UsageBucket,
  type UsageCut,
} from '../../format/usage.ts'
import { later } from '../../later.tsx'
import { Button } from '../button.tsx'
import { ErrorNotice } from '../notices.tsx'
import { UsageTable } from './table.tsx'

const UsageChart = later(
  async () => (await import('./chart.tsx')).UsageChart,
  () => (
    <p className="py-8 text-center text-muted">
      The chart could not be loaded. The table has the same figures.
    </p>
  ),
)

interface UsageFigureProps {
  /** What it shows, for who does not see it: `Calls by hour in the last 24 hours`. */
  label: string
  figures: UseQueryResult<Figures>
  /** The hour that runs. */
  hour: number
  cut: UsageCut
  /** Of the chart, where it stands above what the page is about. */
  isLow?: boolean | undefined
  /** Shows the table in any case. */
  hasTable?: boolean
}

export function UsageFigure({
  label,
  figures,
  hour,
  cut,
  isLow = false,
  hasTable = false,
}: UsageFigureProps) {
  const rows = figures.data?.rows
  const buckets = useMemo(() => rows && cutUsage(rows, cut, hour), [rows, cut, hour])
  const heightPx = isLow ? 120 : 190
  const [active, setActive] = useState<number>()
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const point = useCallback((index: number | undefined) => setActive(index), [])
  const pointed = active === undefined ? undefined : buckets?.[active]
  const told = pointed ?? (buckets && totalOf(buckets))
  const last = buckets?.at(-1)
  const textOf = (bucket: UsageBucket) =>
    `${nameOf(bucket, cut)}${bucket.isRunning ? ', so far' : ''}: ${countOf(bucket.calls)} calls, ${countOf(bucket.calls - bucket.valid)} refused`
  if (buckets === undefined && figures.error !== null)
    return (
      <ErrorNotice
        title="Usage could not be read"
        error={figures.error}
        retry={() => void figures.refetch()}
      />
    )
  return (
    <div aria-busy={buckets === undefined}>
      <dl className="mb-3 flex flex-wrap items-end gap-x-5 gap-y-2 sm:gap-x-8">
        <Total label="Calls" count={told?.calls} />
        <Total label="Valid" count={told?.valid} look="bg-valid" />
        <Total
          label="Refused"
          count={told && told.calls - told.valid}
          share={told && told.calls > 0 ? shareOf(told.calls - told.valid, told.calls) : undefined}
          look="bg-refused"
        />
        <div className="min-w-0 flex-1 basis-40 text-xs text-muted sm:text-right">
          <dt className="sr-only">Of</dt>
          <dd className="truncate">
            {pointed === undefined ? (
              '\u00A0'
            ) : (
              <>
                <span className="font-medium text-ink">{nameOf(pointed, cut)}</span>
                {pointed.isRunning && ', so far'}
              </>
            )}
          </dd>
          <dd className="truncate" aria-hidden>
            {pointed === undefined
              ? '\u00A0'
              : reasonsOf(pointed)
                  .map(([code, calls]) => `${codeTitle(code)} ${countOf(calls)}`)
                  .join(', ') || '\u00A0'}
          </dd>
        </div>
      </dl>
      {/* As high as the chart will be. */}
      <div className="relative" style={{ height: heightPx }}>
        {buckets && totalOf(buckets).calls === 0 && (
          <p className="pointer-events-none absolute inset-x-0 top-1/3 z-10 text-center text-muted">
            No calls in this time
          </p>
        )}
        {buckets === undefined ? (
          <Coming />
        ) : (
          <Suspense fallback={<Coming />}>
            <UsageChart
              buckets={buckets}
              cut={cut}
              label={label}
              textOf={textOf}
              active={active}
              point={point}
              heightPx={heightPx}
            />
          </Suspense>
        )}
      </div>
      <div className="mt-1 flex items-center justify-between gap-x-4 gap-y-2">
        <p className="text-xs text-muted">
          {last?.isRunning && last.calls > 0 ? 'The paler bar still runs.' : '\u00A0'}
        </p>
        {!hasTable && (
          <Button
            kind="quiet"
            className="-mr-3 text-link"
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setOpen(!isOpen)}
          >
            As a table
          </Button>
        )}
      </div>
      <div id={id}>
        {(hasTable || isOpen) && buckets && <UsageTable buckets={buckets} cut={cut} caption={label} />}
      </div>
    </div>
  )
}

function Coming() {
  return <div className="h-full animate-pulse rounded bg-sunken" />
}

function Total({
  label,
  count,
  share,
  look,
}: {
  label: string
  count: number | undefined
  share?: string | undefined
  /** The colour of its bars. */
  look?: string
}) {
  return (
    <div>
      <dt className="flex items-center gap-1.5 text-xs text-muted">
        {look !== undefined && <span className={`size-2.5 rounded-[3px] ${look}`} aria-hidden />}
        {label}
      </dt>
      <dd className="text-base font-semibold tabular-nums tracking-tight sm:text-xl">
        {count === undefined ? '\u00A0' : countOf(count)}
        {share !== undefined && (
          <span className="ml-1.5 text-xs font-normal sm:text-sm text-muted">{share}</span>
        )}
      </dd>
    </div>
  )
}
