// A line in a list of facts: what it is called, what it is, and a button to change it.
import type { ReactNode } from 'react'
import { inFull, inShort } from '../format/times.ts'
import { Ago } from './time.tsx'

interface FactProps {
  label: string
  action?: ReactNode
  /** Over both columns; on a phone below its label. */
  wide?: boolean
  children: ReactNode
}

/** In a `<dl>` that is a grid of two columns where there is room. */
export function Fact({ label, action, wide = false, children }: FactProps) {
  const look = wide ? looks.wide : looks.narrow
  return (
    <div className={`grid min-h-13 items-start gap-x-4 border-t border-line py-2 ${look.row}`}>
      <dt className="pt-2 text-muted">{label}</dt>
      <dd className={`min-w-0 py-2 ${look.value}`}>{children}</dd>
      {action && <dd className={look.action}>{action}</dd>}
    </div>
  )
}

/** Where there is no room beside the label, the value stands below it, and the button beside it. */
const looks = {
  narrow: {
    row: 'grid-cols-[minmax(0,1fr)_auto] min-[22.5rem]:grid-cols-[6rem_minmax(0,1fr)_auto] lg:odd:pr-8',
    value:
      'row-start-2 col-span-full max-[22.49rem]:pt-0 min-[22.5rem]:row-start-1 min-[22.5rem]:col-start-2 min-[22.5rem]:-col-end-1 min-[22.5rem]:has-[+dd]:col-end-3',
    action: 'row-start-1 -col-start-2',
  },
  wide: {
    row: 'grid-cols-[minmax(0,1fr)_auto] sm:grid-cols-[6rem_minmax(0,1fr)_auto] lg:col-span-2',
    value:
      'row-start-2 col-span-full max-sm:pt-0 sm:row-start-1 sm:col-start-2 sm:-col-end-1 sm:has-[+dd]:col-end-3',
    action: 'row-start-1 -col-start-2',
  },
} as const

/** An instant to the minute, and how long ago it is. */
export function Moment({ instant }: { instant: string }) {
  return (
    <span title={inFull(instant)} className="flex flex-wrap gap-x-2">
      <time dateTime={instant}>{inShort(instant)}</time>
      <span className="text-muted">
        <Ago instant={instant} />
      </span>
    </span>
  )
}
