// A form in a window: what was typed stays in it until what it is for is done.
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react'
import { Button } from './button.tsx'
import { Dialog, DialogActions } from './dialog.tsx'

interface Action {
  /** What the button says, and what it says meanwhile. */
  label: string
  busyLabel: string
  /** Whether what it does cannot be taken back. */
  isPermanent?: boolean
  /** Why it may not be pressed now; undefined if it may. */
  refusal?: string | undefined
}

interface FormDialogProps {
  title: string
  lead?: ReactNode
  action: Action
  busy: boolean
  /** What the server refused last: the first field at fault gets the focus. */
  error: Error | null
  /** Tells whether it sent anything: where it did not, the first field at fault gets the focus. */
  submit: () => boolean
  close: () => void
  /** Whether the form holds another thing than when it was opened. */
  isTyped: boolean
  children: ReactNode
}

export function FormDialog({
  title,
  lead,
  action,
  busy,
  error,
  submit,
  close,
  isTyped,
  children,
}: FormDialogProps) {
  const form = useRef<HTMLFormElement>(null)
  const focus = (selector: string) => form.current?.querySelector<HTMLElement>(selector)?.focus()
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [error])
  const submitted = (event: FormEvent) => {
    event.preventDefault()
    if (busy || action.refusal !== undefined) return
    // What is wrong is shown with the next rendering.
    if (!submit()) setTimeout(() => focus('[aria-invalid]'))
  }
  return (
    <Dialog
      title={title}
      lead={lead}
      close={close}
      isTyped={isTyped}
      focusFirst='input:not([type="radio"]), textarea, input:checked'
    >
      <form ref={form} onSubmit={submitted} noValidate className="space-y-4">
        {children}
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button
            type="submit"
            kind={action.isPermanent ? 'danger' : 'primary'}
            busy={busy}
            refusal={action.refusal}
          >
            {busy ? action.busyLabel : action.label}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
