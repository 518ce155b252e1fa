// A form that takes a token, hands it on, and forgets it at once.
import { type FormEvent, useRef, useState } from 'react'
import { readToken, strangerIn } from '../format/token-reading.ts'
import { focusMark } from './autofocus.ts'
import { Button } from './button.tsx'
import { Field } from './field.tsx'
import { ErrorNotice } from './notices.tsx'

interface TokenFormProps {
  hint: string
  /** What the button says, and what it says meanwhile. */
  action: { label: string; busyLabel: string }
  /** Does what the token is for; what it throws is shown. */
  exchange: (token: string) => Promise<void>
  /** Puts a button beside the first that leaves everything as it is. */
  cancel?: () => void
}

export function TokenForm({ hint, action, exchange, cancel }: TokenFormProps) {
  // Not a state: React would keep it, and write it into the page, where it is in the attributes for all to read.
  const token = useRef<HTMLInputElement>(null)
  const [fault, setFault] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    // The dialog may stand over a form of the page, and React tells that one too.
    event.stopPropagation()
    if (busy) return
    const field = token.current as HTMLInputElement
    const { token: plain, isWhole } = readToken(field.value)
    setError(undefined)
    setFault(undefined)
    if (!isWhole) return setFault(faultOf(plain))
    setBusy(true)
    try {
      await exchange(plain)
      field.value = ''
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4" noValidate>
      <Field label="Token" hint={hint} error={fault}>
        {(control) => (
          <input
            {...control}
            {...focusMark}
            ref={token}
            className="input font-mono"
            type="password"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="re_…"
          />
        )}
      </Field>
      {error !== undefined && <ErrorNotice error={error} />}
      <div className="flex flex-wrap justify-end gap-2">
        {cancel && <Button onClick={cancel}>Cancel</Button>}
        <Button type="submit" kind="primary" busy={busy} {...(!cancel && { className: 'w-full' })}>
          {busy ? action.busyLabel : action.label}
        </Button>
      </div>
    </form>
  )
}

function faultOf(text: string): string {
  if (text === '') return 'Paste a token.'
  const stranger = strangerIn(text)
  return stranger === undefined
    ? 'This is not a whole token. Check whether copying lost a character.'
    : `This looks like ${stranger}. It is not one of ours.`
}
