// A field of a form: its label, what it is for, its control, and what is wrong with it.
import { type ReactNode, useId } from 'react'

/** What a field hands its control, to be spread on it. */
export interface ControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

interface FieldProps {
  label: string
  hint?: ReactNode
  /** A sentence, where the value was refused. */
  error?: string | undefined
  optional?: boolean
  children: (control: ControlProps) => ReactNode
}

export function Field({ label, hint, error, optional, children }: FieldProps) {
  const id = useId()
  const hintId = `${id}-hint`
  const errorId = `${id}-error`
  const described = [hint !== undefined && hintId, error !== undefined && errorId].filter(Boolean).join(' ')
  return (
    <div>
      <label htmlFor={id} className="label mb-1">
        {label}
        {optional && <span className="font-normal text-muted"> (optional)</span>}
      </label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': error === undefined ? undefined : true,
      })}
      {error !== undefined && (
        <p id={errorId} role="alert" className="foreign mt-1 text-danger">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p id={hintId} className="mt-1 text-muted">
          {hint}
        </p>
      )}
    </div>
  )
}
