// A field for a line of text in anybody's writing: a name, a user's id.
import type { FocusEvent, ReactNode } from 'react'
import { Field } from './field.tsx'

interface TextFieldProps {
  label: string
  hint?: ReactNode
  optional?: boolean
  placeholder?: string
  value: string
  onChange: (value: string) => void
  onFocus?: (event: FocusEvent<HTMLInputElement>) => void
  error?: string | undefined
}

export function TextField({ label, hint, optional, error, onChange, ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} {...(optional && { optional })}>
      {(control) => (
        <input
          {...control}
          {...input}
          className="input"
          dir="auto"
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
