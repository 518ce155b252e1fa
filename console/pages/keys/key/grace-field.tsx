// How long the old token goes on working: a length that is offered, or any other up to the longest.
import { useId, useState } from 'react'
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
  return (
    <fieldset>
      <legend className="label mb-1">Grace: how long the old token goes on working</legend>
      <div className="flex flex-wrap gap-2">
        {gracePresets.map((preset) => (
          <Choice
            key={preset.seconds}
            group={id}
            label={preset.label}
            isChosen={!isOwn && silentSeconds === undefined && seconds === preset.seconds}
            choose={() => {
              setOwn(false)
              change({ seconds: preset.seconds })
            }}
          />
        ))}
        <Choice
          group={id}
          label="Until nobody uses it"
          isChosen={silentSeconds !== undefined}
          choose={() => {
            setOwn(false)
            change({ seconds: longestGraceSeconds, silentSeconds: usualSilenceSeconds })
          }}
        />
        <Choice
          group={id}
          label="Another length"
          isChosen={isOwn}
          choose={() => {
            setOwn(true)
            const from = seconds ? splitGrace(seconds) : own
            set(from)
          }}
        />
      </div>
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

interface ChoiceProps {
  group: string
  label: string
  isChosen: boolean
  choose: () => void
}

function Choice({ group, label, isChosen, choose }: ChoiceProps) {
  return (
    <label className="flex min-h-9 cursor-pointer items-center gap-2 rounded-md border border-edge px-3 hover:bg-hover has-checked:border-ink has-checked:bg-sunken has-checked:font-medium">
      <input type="radio" name={group} className="accent-ink" checked={isChosen} onChange={choose} />
      {label}
    </label>
  )
}
