// The window in which a field of a key is changed: what was typed stays in it until the change is made.
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react'
import { ApiError, type WireKey } from '../../api.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog, DialogActions } from '../../parts/dialog.tsx'
import { ErrorNotice } from '../../parts/notices.tsx'
import { type KeyChange, useChangeKey } from './key-changes.ts'

/** What a form holds: a change, none at all, or what cannot be sent as it is. */
export type Edited = KeyChange | 'unchanged' | 'faulty'

interface EditDialogProps {
  keyToChange: WireKey
  title: string
  lead?: ReactNode
  read: () => Edited
  close: () => void
  /** The form's fields; `faultOf` gives the server's sentence on one of them. */
  children: (faultOf: (field: keyof KeyChange) => string | undefined) => ReactNode
}

export function EditDialog({ keyToChange, title, lead, read, close, children }: EditDialogProps) {
  const change = useChangeKey(keyToChange)
  const form = useRef<HTMLFormElement>(null)
  const { error } = change
  const focusFault = () => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('input:not([type="radio"]), textarea, input:checked')?.focus()
  }, [])
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (change.isPending) return
    const edited = read()
    if (edited === 'unchanged') close()
    // What is wrong is shown with the next rendering.
    else if (edited === 'faulty') setTimeout(focusFault)
    else change.mutate(edited, { onSuccess: close })
  }
  const fields = error instanceof ApiError ? error.fields : []
  const faultOf = (field: keyof KeyChange) => {
    const faults = fields.filter(({ path }) => path.split(/[.[]/)[0] === field)
    return faults.length === 0 ? undefined : faults.map(({ message }) => message).join(' ')
  }
  return (
    <Dialog title={title} lead={lead} close={close}>
      <form ref={form} onSubmit={submit} noValidate className="space-y-4">
        {children(faultOf)}
        {error !== null && fields.length === 0 && <ChangeRefused error={error} />}
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="primary" busy={change.isPending}>
            {change.isPending ? 'Saving…' : 'Save'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function ChangeRefused({ error }: { error: Error }) {
  const isEscalation = error instanceof ApiError && error.code === 'permission_escalation'
  return (
    <ErrorNotice
      {...(isEscalation && { title: 'You can give a key only what your own key may do' })}
      error={error}
    />
  )
}
