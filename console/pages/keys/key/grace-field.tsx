// How long the old token goes on working: a length that is offered, or any other up to the longest.
import { useId, useState } from 'react'
import { ChoiceRow } from '../../../components/choice-row.tsx'
import {
  type ChosenGrace,
  type Grace,
  gracePresets,
  graceUnits,
  longestGraceSeconds,
  readGrace,
  silencePresets,
  splitGrace,
  usualSilenceSeconds,
} from '../../../format/graces.ts'

const choices: { value: number | 'silent' | 'own'; label: string }[] = [
  ...gracePresets.map(({ seconds, label }) => ({ value: seconds, label })),
  { value: 'silent', label: 'Until nobody uses it' },
  { value: 'own', label: 'Another length' },
]

interface GraceFieldProps {
  /** Undefined while an own length is not given, or is none that the server takes. */
  seconds: Grace
  /** How long the old token must be silent to end before; undefined if it does not end so. */
  silentSeconds: number | undefined
  change: (grace: ChosenGrace) => void
}

/** A controlled grace: radio buttons, and for an own length a number and its unit. */
export function GraceField({ seconds, silentSeconds, change }: GraceFieldProps) {
  const id = useId()
  const [isOwn, setOwn] = useState(false)
  const [own, setOwnLength] = useState(() => splitGrace(seconds || 86_400))
  const set = (next: typeof own) => {
    setOwnLength(next)
    change({ seconds: readGrace(next.count, next.unit) })
  }
  const fault = isOwn && seconds === undefined
  const chosen = isOwn || seconds === undefined ? 'own' : silentSeconds === undefined ? seconds : 'silent'
  const choose = (next: number | 'silent' | 'own') => {
    setOwn(next === 'own')
    if (next === 'own') set(seconds ? splitGrace(seconds) : own)
    else if (next === 'silent') change({ seconds: longestGraceSeconds, silentSeconds: usualSilenceSeconds })
    else change({ seconds: next })
  }
  return (
    <fieldset>
      <legend className="label mb-1">Grace: how long the old token goes on working</legend>
      <ChoiceRow options={choices} value={chosen} change={choose} />
      {silentSeconds !== undefined && (
        <label className="mt-2 flex flex-wrap items-center gap-2">
          Not used for
          <select
            className="input w-auto"
            value={silentSeconds}
            onChange={(event) =>
              change({ seconds: longestGraceSeconds, silentSeconds: Number(event.target.value) })
            }
          >
            {silencePresets.map((preset) => (
              <option key={preset.seconds} value={preset.seconds}>
                {preset.label}
              </option>
            ))}
          </select>
        </label>
      )}
      {isOwn && (
        <div className="mt-2 flex max-w-xs gap-2">
          <input
            aria-label="Length of the grace"
            className="input"
            inputMode="decimal"
            autoComplete="off"
            aria-invalid={fault || undefined}
            aria-describedby={`${id}-fault`}
            value={own.count}
            onChange={(event) => set({ ...own, count: event.target.value })}
          />
          <select
            aria-label="Unit of the grace"
            className="input w-auto"
            value={own.unit}
            onChange={(event) => {
              const unit = graceUnits.find((one) => one.unit === event.target.value)?.unit
              if (unit) set({ ...own, unit })
            }}
          >
            {graceUnits.map(({ unit }) => (
              <option key={unit}>{unit}</option>
            ))}
          </select>
        </div>
      )}
      <p id={`${id}-fault`} role="alert" className={fault ? 'mt-1 text-danger' : 'sr-only'}>
        {fault && 'Must be a number, such as 12 or 1.5, and at most 30 days.'}
      </p>
    </fieldset>
  )
}
