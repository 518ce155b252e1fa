// What is left of limits, and when they reset.
import { Plus } from 'lucide-react'
import type { WireLimit } from '../api.ts'
import { allowanceOf, capacityOf, countOf } from '../format/limits.ts'
import { Button } from './button.tsx'
import { LimitReset } from './limit-reset.tsx'

interface LimitMetersProps {
  of: readonly WireLimit[]
  /** Those that a plan adds, and its name if that is known. */
  ofPlan: readonly WireLimit[]
  plan: string | undefined
  /** Adds units to a quota; undefined if the reader may not. */
  add: ((limit: WireLimit) => void) | undefined
}

export function LimitMeters({ of: limits, ofPlan, plan, add }: LimitMetersProps) {
  return (
    <ul className="@container divide-y divide-line border-y border-line">
      {limits.map((limit) => (
        <Meter key={limit.name} of={limit} add={limit.window_seconds === undefined ? add : undefined} />
      ))}
      {ofPlan.map((limit) => (
        <Meter
          key={`of the plan ${limit.name}`}
          of={limit}
          source={plan === undefined ? 'By the plan' : `By the plan ${plan}`}
          add={limit.window_seconds === undefined ? add : undefined}
        />
      ))}
    </ul>
  )
}

interface MeterProps {
  of: WireLimit
  /** Where it comes from, if it is not the owner's own. */
  source?: string
  add: LimitMetersProps['add']
}

function Meter({ of: limit, source, add }: MeterProps) {
  const { name, remaining, owed, held } = limit
  const capacity = capacityOf(limit)
  const part = capacity === 0 ? 0 : Math.min(1, Math.max(0, remaining / capacity))
  const look = part === 0 ? 'text-danger' : part < 0.2 ? 'text-brass' : 'text-good'
  return (
    <li className="grid items-center gap-x-6 gap-y-2 py-3 @xl:grid-cols-[minmax(0,14rem)_minmax(0,1fr)_8.5rem]">
      <div className="min-w-0">
        <p className="foreign font-mono text-[0.8125rem] font-medium">{name}</p>
        <p className="text-xs text-muted">{allowanceOf(limit)}</p>
        {source !== undefined && <p className="foreign text-xs text-muted">{source}</p>}
      </div>
      <div className="min-w-0">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <span className="tabular-nums">
            <span className={part === 0 ? 'font-medium text-danger' : ''}>{countOf(remaining)}</span>{' '}
            <span className="text-muted">of {countOf(capacity)} left</span>
          </span>
          <span className="text-xs text-muted">
            <LimitReset of={limit} />
          </span>
        </div>
        <meter
          className="sr-only"
          aria-label={`What is left of ${name}`}
          min={0}
          max={Math.max(1, capacity)}
          value={Math.max(0, Math.min(capacity, remaining))}
          aria-valuetext={`${countOf(remaining)} of ${countOf(capacity)} left${owed > 0 ? `, ${countOf(owed)} owed` : ''}`}
        />
        {/* A picture of the same: no style of a meter's own parts is the same in all browsers. */}
        <svg
          className={`mt-1 block h-2 w-full rounded-full border border-line bg-sunken ${look}`}
          preserveAspectRatio="none"
          viewBox="0 0 100 1"
          aria-hidden
        >
          <rect width={100 * part} height="1" fill="currentColor" />
        </svg>
        {owed > 0 && (
          <p className="mt-1 text-xs text-danger">
            {countOf(owed)} owed: what is added{limit.window_seconds !== undefined && ', or gained,'} pays
            them first
          </p>
        )}
        {held > 0 && (
          <p className="mt-1 text-xs text-muted">{countOf(held)} of them held by processes at the moment</p>
        )}
      </div>
      <div className="justify-self-start empty:hidden @xl:justify-self-end @xl:empty:block">
        {add !== undefined && (
          <Button icon={<Plus size={16} aria-hidden />} onClick={() => add(limit)}>
            <span>
              Add units<span className="sr-only"> to {name}</span>
            </span>
          </Button>
        )}
      </div>
    </li>
  )
}
