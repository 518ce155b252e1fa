// What somebody types to say that something permanent is meant.
import { Field } from './field.tsx'

interface ConfirmationFieldProps {
  label: string
  value: string
  change: (value: string) => void
  className?: string
}

export function ConfirmationField({ label, value, change, className = '' }: ConfirmationFieldProps) {
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          className={`input ${className}`}
          dir="auto"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={value}
          onChange={(event) => change(event.target.value)}
        />
      )}
    </Field>
  )
}
