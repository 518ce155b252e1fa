// A token, shown the only time that it can be, and kept from being lost by leaving too soon.
import { useBlocker } from '@tanstack/react-router'
import { type ReactNode, useId, useState } from 'react'
import { focusMark } from './autofocus.ts'
import { Button } from './button.tsx'
import { CopyBox } from './copy.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { Notice } from './notices.tsx'
import { Snippets } from './snippets.tsx'

interface TokenOnceProps {
  /** Hold it in the state of a component and nowhere else: no query, no mutation's data, no address, no storage. */
  token: string
  /** What its key may do, for the examples. */
  permissions: readonly string[]
  /** What else to tell: after a rotation, until when the old token works. */
  children?: ReactNode
  doneLabel?: string
  /** Goes on, once the reader has said that it is stored. */
  done: () => void
}

const always = () => true

/**
 * Shows a token with code to use it. Until the reader ticks that it is stored, a link, the back button, a reload
 * and closing the tab ask first; that it was copied is not enough, because a clipboard forgets.
 */
export function TokenOnce({ token, permissions, children, doneLabel = 'Done', done }: TokenOnceProps) {
  const id = useId()
  const [stored, setStored] = useState(false)
  const blocker = useBlocker({ shouldBlockFn: always, disabled: stored, withResolver: true })
  return (
    <div className="space-y-5">
      <Notice tone="warning" title="Store it now: Latchkey shows it only once">
        <p>Latchkey keeps no copy of the token. If you lose it, rotate the key.</p>
      </Notice>
      {children}
      <CopyBox text={token} label="Token" />
      <Snippets token={token} permissions={permissions} />
      <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
        <label htmlFor={id} className="flex min-h-9 cursor-pointer items-center gap-2.5 font-medium">
          <input
            id={id}
            type="checkbox"
            className="size-4.5 accent-ink"
            checked={stored}
            onChange={(event) => setStored(event.target.checked)}
          />
          I have stored the token
        </label>
        <Button
          kind="primary"
          refusal={stored ? undefined : 'Confirm first that you have stored the token.'}
          onClick={done}
        >
          {doneLabel}
        </Button>
      </div>
      {blocker.status === 'blocked' && (
        <Dialog
          title="Have you stored the token?"
          lead="Latchkey cannot show it again after you leave this page."
          close={blocker.reset}
        >
          <DialogActions>
            <Button {...focusMark} onClick={blocker.reset}>
              Stay here
            </Button>
            <Button kind="danger" onClick={blocker.proceed}>
              Leave without it
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  )
}
