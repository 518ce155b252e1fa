// The days between which a time lies, as filters of an address: each is taken once the whole of it is given.
import { useEffect, useState } from 'react'
import { dayInput, endOfDay, lastDayInput, startOfDay } from '../format/days.ts'
import { type ControlProps, Field } from './field.tsx'

interface DayFieldsProps {
  /** The instants of the address, and what is wrong with each. */
  search: { since?: string; until?: string }
  faults: { since?: string; until?: string }
  set: (name: 'since' | 'until', instant: string | undefined) => void
}

/** The first day and the last one. */
export function DayFields({ search, faults, set }: DayFieldsProps) {
  return (
    <>
      <Field label="From" error={faults.since}>
        {(control) => (
          <DayInput
            control={control}
            day={dayInput(search.since)}
            change={(day) => set('since', startOfDay(day))}
          />
        )}
      </Field>
      <Field label="To" error={faults.until}>
        {(control) => (
          <DayInput
            control={control}
            day={lastDayInput(search.until)}
            change={(day) => set('until', endOfDay(day))}
          />
        )}
      </Field>
    </>
  )
}

interface DayInputProps {
  control: ControlProps
  day: string
  change: (day: string) => void
}

function DayInput({ control, day, change }: DayInputProps) {
  const [given, setGiven] = useState(day)
  // The address changed by itself: back, or cleared.
  useEffect(() => setGiven(day), [day])
  return (
    <input
      {...control}
      type="date"
      className="input"
      value={given}
      onChange={({ target }) => {
        setGiven(target.value)
        // While a year is typed, it is one of the first thousand.
        if (target.value === '' || target.value >= '1970') change(target.value)
      }}
    />
  )
}
