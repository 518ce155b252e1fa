// One of a few, all in sight: radio buttons in a row.
import { useId } from 'react'

interface SegmentsProps<Value extends string> {
  label: string
  options: readonly { value: Value; label: string }[]
  value: Value
  change: (value: Value) => void
}

export function Segments<Value extends string>({ label, options, value, change }: SegmentsProps<Value>) {
  const name = useId()
  return (
    <fieldset className="flex w-full min-w-0 rounded-md border border-edge bg-surface sm:w-auto">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          // Five of them have no more room on the narrowest phone.
          className={`${options.length > 4 ? 'max-[22.49rem]:px-1' : ''} relative flex min-h-9 grow cursor-pointer items-center justify-center rounded-[5px] px-3 max-sm:px-2 max-sm:text-[0.8125rem] font-medium text-muted hover:text-ink has-checked:bg-primary has-checked:text-on-primary has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-link`}
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={option.value === value}
            onChange={() => change(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  )
}
