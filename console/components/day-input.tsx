// The controls of filters: what is typed in them is taken once it is whole.
import { useEffect, useState } from 'react'
import type { ControlProps } from './field.tsx'

/** A day, taken once the whole of it is given. */
export function DayInput({
  control,
  day,
  change,
}: {
  control: ControlProps
  day: string
  change: (day: string) => void
}) {
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
