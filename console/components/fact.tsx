// A line in a list of facts: what it is called, what it is, and a button to change it.
import type { ReactNode } from 'react'
import { inFull, inShort } from '../format/times.ts'
import { Ago } from './time.tsx'

interface FactProps {
  label: string
  action?: ReactNode
  /** Over both columns. */
  wide?: boolean
  /** On a phone its button stands below. */
  isLong?: boolean
  children: ReactNode
}

/** In a `<dl>` that is a grid of two columns where there is room. */
export function Fact({ label, action, wide = false, isLong = false, children }: FactProps) {
  return (
    <div
      className={`grid min-h-13 gap-x-4 border-t border-line py-2 sm:grid-cols-[6rem_minmax(0,1fr)] ${wide ? 'lg:col-span-2' : 'grid-cols-[6rem_minmax(0,1fr)] lg:odd:pr-8'}`}
    >
      <dt className="pt-2 text-muted">{label}</dt>
      <dd
        className={`flex min-w-0 flex-wrap items-start gap-x-4 gap-y-2 ${isLong ? 'flex-col sm:flex-row' : ''}`}
      >
        <div className={`min-w-0 py-2 ${isLong ? 'max-sm:w-full sm:flex-1 sm:basis-24' : 'flex-1 basis-24'}`}>
          {children}
        </div>
        {action}
      </dd>
    </div>
  )
}

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
