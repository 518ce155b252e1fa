// From when on a key is valid: at once, or from an instant on.
import { useId, useState } from 'react'
import type { Beginning } from '../format/beginnings.ts'
import { fromNow, inFull } from '../format/times.ts'
import { ChoiceRow } from './choice-row.tsx'
import { InstantInput } from './instant-input.tsx'

interface BeginningFieldProps {
  /** Undefined while a date is chosen and not given yet: ask `beginningFault` before it is sent. */
  value: Beginning
  onChange: (value: Beginning) => void
  /** A sentence, where the beginning was refused. */
  error?: string | undefined
}

const choices = [
  { value: 'now', label: 'At once' },
  { value: 'own', label: 'From a date on' },
] as const

export function BeginningField({ value, onChange, error }: BeginningFieldProps) {
  const id = useId()
  // What was given stays, for who chooses the date again.
  const [given, setGiven] = useState(value ?? undefined)
  const chosen = value === null ? 'now' : 'own'
  const change = (next: string | undefined) => {
    setGiven(next)
    onChange(next)
  }
  return (
    <fieldset aria-describedby={`${id}-told`}>
      <legend className="label mb-1">Begins</legend>
      <ChoiceRow
        options={choices}
        value={chosen}
        change={(next) => onChange(next === 'now' ? null : given)}
      />
      {chosen === 'own' && (
        <InstantInput
          id={`${id}-own`}
          label="Begins on, in your time zone"
          value={given}
          change={change}
          isFaulty={error !== undefined}
          describedBy={`${id}-told`}
        />
      )}
      <div id={`${id}-told`} className="mt-1">
        {error !== undefined && (
          <p role="alert" className="foreign text-danger">
            {error}
          </p>
        )}
        {(value !== null || error === undefined) && <p className="text-muted">{tell(value)}</p>}
      </div>
    </fieldset>
  )
}

function tell(value: Beginning): string {
  if (value === null) return 'The key is valid as soon as it is there.'
  if (value === undefined) return 'A date and a time in your zone. Until then its tokens are refused.'
  return `${inFull(value)}, ${fromNow(value, Date.now())}. Until then its tokens are refused.`
}
