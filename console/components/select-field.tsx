// A field that is one of a few things.
import { Field } from './field.tsx'

interface SelectFieldProps<Value extends string> {
  label: string
  options: readonly { value: Value; label: string }[]
  /** Undefined for none of them. */
  value: Value | undefined
  /** What stands for none of them; absent if it cannot be chosen. */
  none?: string | undefined
  change: (value: Value | undefined) => void
  error?: string | undefined
}

export function SelectField<Value extends string>({
  label,
  options,
  value,
  none,
  change,
  error,
}: SelectFieldProps<Value>) {
  return (
    <Field label={label} error={error}>
      {(control) => (
        <select
          {...control}
          className="input"
          value={value ?? ''}
          onChange={({ target }) => change(options.find((option) => option.value === target.value)?.value)}
        >
          {none !== undefined && <option value="">{none}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
