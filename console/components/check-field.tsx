// A field that is on or off: its label beside it, and what that means below.
import { useId } from 'react'

interface CheckFieldProps {
  label: string
  hint: string
  value: boolean
  onChange: (value: boolean) => void
}

export function CheckField({ label, hint, value, onChange }: CheckFieldProps) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <input
        id={id}
        type="checkbox"
        className="mt-0.5 size-4 shrink-0 accent-current"
        aria-describedby={`${id}-hint`}
        checked={value}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id} className="label">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-muted">
          {hint}
        </p>
      </div>
    </div>
  )
}
