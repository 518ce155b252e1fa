// One of a few things, each in a box of its own: radio buttons, for a `<fieldset>`.
import { useId } from 'react'

interface ChoiceRowProps<Value> {
  options: readonly { value: Value; label: string }[]
  value: Value
  change: (value: Value) => void
}

export function ChoiceRow<Value extends string | number>({ options, value, change }: ChoiceRowProps<Value>) {
  const name = useId()
  return (
    <div className="flex flex-wrap gap-2">
      {options.map((option) => (
        <label
          key={option.value}
          className="flex min-h-9 cursor-pointer items-center gap-2 rounded-md border border-edge px-3 hover:bg-hover has-checked:border-ink has-checked:bg-sunken has-checked:font-medium"
        >
          <input
            type="radio"
            name={name}
            className="accent-ink"
            checked={option.value === value}
            onChange={() => change(option.value)}
          />
          {option.label}
        </label>
      ))}
    </div>
  )
}
