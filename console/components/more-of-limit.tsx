// What few limits have: a bucket of another size, periods of their own, an overdraft, another cost of a call.
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { anchorOn, hasAnchor, isRate, isSpecial, type LimitDraft, type RowFault } from '../format/limits.ts'

/** What a field of a row is told by, if it is at fault. */
export type Described = (field: RowFault['field']) => { 'aria-invalid'?: true; 'aria-describedby'?: string }

interface MoreOfLimitProps {
  of: LimitDraft
  /** The field at fault: one in here shows. */
  fault: RowFault['field'] | undefined
  described: Described
  change: (row: LimitDraft) => void
}

const inHere: readonly (RowFault['field'] | undefined)[] = ['burst', 'anchor', 'overdraft', 'cost']

/** Folded, unless one of its fields has a value or is at fault. */
export function MoreOfLimit({ of: row, fault, described, change }: MoreOfLimitProps) {
  const id = useId()
  const [isOpen, setOpen] = useState(() => isSpecial(row))
  // A fault in here keeps it open.
  const isShown = isOpen || inHere.includes(fault)
  return (
    <div className="mt-2">
      <button
        type="button"
        aria-expanded={isShown}
        aria-controls={isShown ? id : undefined}
        className="-mx-1 inline-flex items-center gap-1 rounded px-1 py-0.5 text-muted hover:text-ink"
        onClick={() => setOpen(!isOpen)}
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={`transition-transform ${isShown ? 'rotate-90' : ''}`}
        />
        More
        {row.name.trim() !== '' && <span className="sr-only"> of the limit {row.name.trim()}</span>}
      </button>
      {isShown && <Fields id={id} of={row} described={described} change={change} />}
    </div>
  )
}

function Fields({ id, of: row, described, change }: Omit<MoreOfLimitProps, 'fault'> & { id: string }) {
  return (
    <div id={id} className="mt-2 grid gap-x-3 gap-y-3 @md:grid-cols-2">
      {isRate(row.span) ? (
        <Units
          label="At once"
          hint="How many units there are at most after a pause."
          placeholder={row.units.trim() === '' ? '100' : row.units}
          value={row.burst}
          control={described('burst')}
          change={(burst) => change({ ...row, burst })}
        />
      ) : (
        <Units
          label="Overdraft"
          hint="How far a settlement may draw below zero. Empty: as far as it must."
          placeholder="0"
          value={row.overdraft}
          control={described('overdraft')}
          change={(overdraft) => change({ ...row, overdraft })}
        />
      )}
      <Units
        label="Cost of a call"
        hint="Of one that names no cost."
        placeholder="1"
        value={row.cost}
        control={described('cost')}
        change={(cost) => change({ ...row, cost })}
      />
      {hasAnchor(row.span) && (
        <More
          label="A period begins on"
          hint={`A day by UTC${timeOf(row.anchor)}. Empty: ${row.span === 'weekly' ? 'on Mondays' : 'on the first of each month'}.`}
          control={described('anchor')}
        >
          {(control) => (
            <input
              {...control}
              type="date"
              className="input"
              value={row.anchor.slice(0, 10)}
              onChange={(event) => change({ ...row, anchor: anchorOn(event.target.value) })}
            />
          )}
        </More>
      )}
    </div>
  )
}

/** Of an anchor that is no midnight, as programs may set it. */
function timeOf(anchor: string): string {
  const time = anchor.slice(11, 16)
  return time === '' || time === '00:00' ? '' : `, at ${time}`
}

interface UnitsProps {
  label: string
  hint: string
  placeholder: string
  value: string
  control: ReturnType<Described>
  change: (value: string) => void
}

function Units({ placeholder, value, change, ...more }: UnitsProps) {
  return (
    <More {...more}>
      {(control) => (
        <input
          {...control}
          className="input tabular-nums"
          autoComplete="off"
          inputMode="numeric"
          placeholder={placeholder}
          value={value}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </More>
  )
}

interface MoreProps {
  label: string
  hint: string
  control: ReturnType<Described>
  children: (control: ReturnType<Described> & { id: string }) => ReactNode
}

function More({ label, hint, control, children }: MoreProps) {
  const id = useId()
  const described = [control['aria-describedby'], `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs text-muted">
        {label}
      </label>
      {children({ ...control, id, 'aria-describedby': described })}
      <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
        {hint}
      </p>
    </div>
  )
}
