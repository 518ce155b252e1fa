// The window in which a field of a key is changed.
import { type ReactNode, useState } from 'react'
import type { FieldError } from '../../../../src/core/errors.ts'
import { ApiError, type WireKey } from '../../../api.ts'
import { EditConflict } from '../../../components/edit-conflict.tsx'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { ErrorNotice } from '../../../components/notices.tsx'
import { type KeyChange, type LateChange, useChangeKey } from './key-changes.ts'

/** What a form holds: a change, none at all, or what cannot be sent as it is. */
type Edited = KeyChange | LateChange | 'unchanged' | 'faulty'

/** What the fields of the form are told. */
interface Told {
  /** Gives the server's sentence on a field. */
  faultOf: (field: keyof KeyChange) => string | undefined
  /** All of what the server says of fields. */
  errors: readonly FieldError[]
  /** Whether somebody tried to save, so that what is wrong is told. */
  wasRead: boolean
  /** What was sent last. */
  sent: KeyChange
}

interface EditDialogProps {
  keyToChange: WireKey
  title: string
  lead?: ReactNode
  /** What the form holds now. */
  edited: Edited
  close: () => void
  /** Whether the field holds another value than when it was opened. */
  isTyped: boolean
  /** The form's fields. */
  children: (told: Told) => ReactNode
}

export function EditDialog({ keyToChange, title, lead, edited, close, isTyped, children }: EditDialogProps) {
  const { save, isPending, error, theirs } = useChangeKey(keyToChange)
  const [wasRead, setRead] = useState(false)
  const [sent, setSent] = useState<KeyChange>({})
  const bodyOf = (now: WireKey) => (typeof edited === 'function' ? edited(now) : edited) as KeyChange
  const isReady = edited !== 'faulty' && edited !== 'unchanged'
  const submit = () => {
    setRead(true)
    if (edited === 'faulty') return false
    if (edited === 'unchanged') close()
    else {
      setSent(bodyOf(theirs ?? keyToChange))
      save(bodyOf, close)
    }
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
      action={{ label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }}
      busy={isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={isTyped}
    >
      {children({ faultOf, errors: fields, wasRead, sent })}
      <EditConflict
        what="key"
        opened={keyToChange}
        theirs={theirs}
        change={theirs && isReady ? bodyOf(theirs) : undefined}
      />
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
