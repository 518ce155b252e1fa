// When a key expires: never, after a while, or at an instant of one's own.
import { useId, useState } from 'react'
import { type Expiry, expiryAfter, expiryFault, expiryPresets } from '../format/expiries.ts'
import { fromNow, inFull } from '../format/times.ts'
import { ChoiceRow } from './choice-row.tsx'
import { InstantInput } from './instant-input.tsx'

interface ExpiryFieldProps {
  label?: string
  /** Undefined while an own date is chosen and not given yet: ask `expiryFault` before it is sent. */
  value: Expiry
  onChange: (value: Expiry) => void
  /** The latest expiry that may be given; undefined if any may, and none. */
  latest?: string | undefined
  /** A sentence, where the expiry was refused. */
  error?: string | undefined
}

/** A controlled expiry: radio buttons, and an input for a date and a time in the reader's zone. */
export function ExpiryField({ label = 'Expires', value, onChange, latest, error }: ExpiryFieldProps) {
  const id = useId()
  const [choice, setChoice] = useState<number | 'never' | 'own'>(value === null ? 'never' : 'own')
  // Whoever holds the value may have replaced it meanwhile.
  const chosen = value === null ? 'never' : choice === 'never' ? 'own' : choice
  const now = Date.now()
  const fault = error ?? (value === undefined ? undefined : expiryFault(value, now, latest))
  const choose = (next: typeof choice) => {
    setChoice(next)
    if (next === 'never') onChange(null)
    else if (next === 'own') onChange(value ?? undefined)
    else onChange(expiryAfter(next, Date.now()))
  }
  const choices: { value: typeof choice; label: string }[] = [
    { value: 'never', label: 'Never' },
    ...expiryPresets.map(({ days, label }) => ({ value: days, label })),
    { value: 'own', label: 'On a date' },
  ]
  return (
    <fieldset aria-describedby={`${id}-told`}>
      <legend className="label mb-1">{label}</legend>
      <ChoiceRow options={choices} value={chosen} change={choose} />
      {chosen === 'own' && (
        <InstantInput
          id={`${id}-own`}
          label="Expires on, in your time zone"
          value={value ?? undefined}
          change={onChange}
          min={new Date(now).toISOString()}
          isFaulty={fault !== undefined}
          describedBy={`${id}-told`}
        />
      )}
      <div id={`${id}-told`} className="mt-1">
        {fault !== undefined && (
          <p role="alert" className="text-danger">
            {fault}
          </p>
        )}
        {(value !== null || fault === undefined) && (
          <p className="text-muted">{tell(value, chosen === 'own' ? now : undefined)}</p>
        )}
      </div>
    </fieldset>
  )
}

/** Tells also how far off it is where `now` is given: a length that was chosen says so itself. */
function tell(value: Expiry, now: number | undefined): string {
  if (value === null) return 'The key is valid until it is revoked. Keys that expire are safer.'
  if (value === undefined) return 'A date and a time in your zone.'
  return now === undefined ? `${inFull(value)}.` : `${inFull(value)}, ${fromNow(value, now)}.`
}
