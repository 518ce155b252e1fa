// A dialog with a form in it: sends once at a time, keeps what was typed when that fails, and says why it did.
import type { Context } from '../context.ts'
import { h, newId } from '../dom.ts'
import { codeOf, PortalError } from '../portal-error.ts'
import type { FieldFault } from '../wire.ts'
import { errorText } from '../words/words.ts'

interface Options {
  title: string
  content: Node[]
  submit: string
  isDangerous?: boolean
  /** Looks at what was typed; false if it cannot be sent, which it has told beside the fields. */
  check?(): boolean
  /** Sends it. What it throws is told, and the dialog stays. */
  send(): Promise<void>
  /** Shows the server's faults beside their fields; false if one has no field here. */
  showFaults?(faults: readonly FieldFault[]): boolean
  onClose(end: End): void
}

/** How a dialog ends: what it is for was done, somebody gave it up, or left it by Escape, for now. */
export type End = 'done' | 'given up' | 'set aside'

/** Makes such a dialog. It is shown by `showModal`, in whatever tree it was put into. */
export function formDialog(context: Context, options: Options): HTMLDialogElement {
  const { words } = context
  const titleId = newId()
  const told = h('p', { class: 'alert', role: 'alert', hidden: true })
  const submit = h(
    'button',
    { type: 'submit', class: options.isDangerous ? 'button danger' : 'button primary' },
    options.submit,
  )
  const giveUp = () => {
    if (isBusy) return
    end = 'given up'
    dialog.close()
  }
  const cancel = h('button', { type: 'button', class: 'button', on: { click: giveUp } }, words.cancel)
  let isBusy = false
  let end: End = 'set aside'
  const setBusy = (busy: boolean) => {
    isBusy = busy
    // Disabled, it would lose the focus.
    submit.setAttribute('aria-disabled', String(busy))
    cancel.setAttribute('aria-disabled', String(busy))
    form.setAttribute('aria-busy', String(busy))
    submit.textContent = busy ? words.working : options.submit
  }
  const send = async () => {
    if (isBusy) return
    told.hidden = true
    if (options.check?.() === false) return focusFault()
    setBusy(true)
    try {
      await options.send()
      end = 'done'
    } catch (error) {
      tell(error)
    } finally {
      setBusy(false)
    }
    // A browser lets a dialog be closed by force while it is busy.
    if (!dialog.open) options.onClose(end)
    else if (end === 'done') dialog.close()
  }
  const tell = (error: unknown) => {
    const code = codeOf(error)
    const faults = error instanceof PortalError ? error.errors : []
    const areShown = options.showFaults?.(faults) ?? faults.length === 0
    told.textContent = errorText(words, code)
    const [unplaced] = areShown ? [] : faults
    if (unplaced) told.append(` ${words.faults.serverSays} `, h('q', { lang: 'en' }, unplaced.message))
    told.hidden = false
    if (faults.length > 0 && areShown) focusFault()
  }
  const focusFault = () => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  const form = h(
    'form',
    {
      novalidate: true,
      on: {
        submit: (event) => {
          event.preventDefault()
          void send()
        },
      },
    },
    h('h3', { id: titleId }, options.title),
    ...options.content,
    told,
    h('div', { class: 'actions' }, cancel, submit),
  )
  const dialog = h(
    'dialog',
    {
      'aria-labelledby': titleId,
      on: {
        // What is under way ends before the dialog does.
        cancel: (event) => isBusy && event.preventDefault(),
        close: () => {
          if (!isBusy) options.onClose(end)
        },
      },
    },
    form,
  )
  return dialog
}
