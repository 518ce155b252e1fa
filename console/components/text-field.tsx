// A field for a line of text in anybody's writing: a name, a user's id.
import type { FocusEvent, ReactNode } from 'react'
import { focusMark } from './autofocus.ts'
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
  /** Whether people come to the page for it. */
  isFirst?: boolean
}

export function TextField({ label, hint, optional, error, isFirst, onChange, ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} {...(optional && { optional })}>
      {(control) => (
        <input
          {...control}
          {...input}
          {...(isFirst && focusMark)}
          className="input"
          dir="auto"
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
