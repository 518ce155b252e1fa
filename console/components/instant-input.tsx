// An input for a date and a time in the reader's zone.
import { fromLocalInput, toLocalInput } from '../format/times.ts'

interface InstantInputProps {
  id: string
  /** What it is, for who reads by ear. */
  label: string
  /** Where it begins; undefined for nowhere. */
  value: string | undefined
  /** Undefined while parts of it are missing. */
  change: (value: string | undefined) => void
  /** The earliest instant to choose. */
  min?: string
  isFaulty: boolean
  describedBy: string
}

export function InstantInput({ id, label, value, change, min, isFaulty, describedBy }: InstantInputProps) {
  return (
    <div className="mt-2 max-w-xs">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <input
        id={id}
        type="datetime-local"
        className="input"
        min={min && toLocalInput(min)}
        aria-invalid={isFaulty || undefined}
        aria-describedby={describedBy}
        // Uncontrolled: while parts of a date are typed, the browser has no value to hand on.
        defaultValue={value === undefined ? '' : toLocalInput(value)}
        onChange={(event) => change(fromLocalInput(event.target.value))}
      />
    </div>
  )
}
