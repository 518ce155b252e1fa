// The window in which a field of a key is changed.
import type { ReactNode } from 'react'
import type { FieldError } from '../../../../src/core/errors.ts'
import { ApiError, type WireKey } from '../../../api.ts'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { ErrorNotice } from '../../../components/notices.tsx'
import { type KeyChange, type LateChange, useChangeKey } from './key-changes.ts'

/** What a form holds: a change, none at all, or what cannot be sent as it is. */
type Edited = KeyChange | LateChange | 'unchanged' | 'faulty'

interface EditDialogProps {
  keyToChange: WireKey
  title: string
  lead?: ReactNode
  read: () => Edited
  close: () => void
  /** Whether the field holds another value than when it was opened. */
  isTyped: boolean
  /** The form's fields; `faultOf` gives the server's sentence on one of them, and `errors` are all of them. */
  children: (
    faultOf: (field: keyof KeyChange) => string | undefined,
    errors: readonly FieldError[],
  ) => ReactNode
}

export function EditDialog({ keyToChange, title, lead, read, close, isTyped, children }: EditDialogProps) {
  const change = useChangeKey(keyToChange)
  const { error } = change
  const submit = () => {
    const edited = read()
    if (edited === 'faulty') return false
    if (edited === 'unchanged') close()
    else change.mutate(edited, { onSuccess: close })
    return true
  }
  const fields = error instanceof ApiError ? error.fields : []
  const faultOf = (field: keyof KeyChange) => {
    const faults = fields.filter(({ path }) => path.split(/[.[]/)[0] === field)
    return faults.length === 0 ? undefined : faults.map(({ message }) => message).join(' ')
  }
  return (
    <FormDialog
      title={title}
      lead={lead}
      action={{ label: 'Save', busyLabel: 'Saving…' }}
      busy={change.isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={isTyped}
    >
      {children(faultOf, fields)}
      {error !== null && fields.length === 0 && <ChangeRefused error={error} />}
    </FormDialog>
  )
}

function ChangeRefused({ error }: { error: Error }) {
  const isEscalation = error instanceof ApiError && error.code === 'permission_escalation'
  return (
    <ErrorNotice
      {...(isEscalation && { title: 'You can grant only what your own key holds' })}
      error={error}
    />
  )
}
