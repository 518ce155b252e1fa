// A secret, shown the only time that it can be, and kept from being lost by leaving too soon.
import { useBlocker } from '@tanstack/react-router'
import { type ReactNode, useId, useState } from 'react'
import { focusMark } from './autofocus.ts'
import { Button } from './button.tsx'
import { CopyBox } from './copy.tsx'
import { Dialog, DialogActions } from './dialog.tsx'
import { Notice } from './notices.tsx'

interface ShownOnceProps {
  /** Hold it in the state of a component and nowhere else: no query, no mutation's data, no address, no storage. */
  text: string
  /** What it is. */
  what: keyof typeof labels
  /** What to do if it is lost, in a sentence or two. */
  ifLost: string
  /** What else to tell, above it. */
  lead?: ReactNode
  /** How it is used. */
  children: ReactNode
  doneLabel?: string | undefined
  /** Goes on, once the reader has said that it is stored. */
  done: () => void
}

const labels = { token: 'Token', secret: 'Secret', link: 'Link' } as const

const always = () => true

/**
 * Shows a secret with code to use it. Until the reader ticks that it is stored, a link, the back button, a reload
 * and closing the tab ask first; that it was copied is not enough, because a clipboard forgets.
 */
export function ShownOnce({ text, what, ifLost, lead, children, doneLabel = 'Done', done }: ShownOnceProps) {
  const id = useId()
  const [stored, setStored] = useState(false)
  const blocker = useBlocker({ shouldBlockFn: always, disabled: stored, withResolver: true })
  return (
    <div className="space-y-5">
      <Notice tone="warning" title="Store it now: Latchkey shows it only once">
        <p>{ifLost}</p>
      </Notice>
      {lead}
      <CopyBox text={text} label={labels[what]} />
      {children}
      <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
        <label htmlFor={id} className="flex min-h-9 cursor-pointer items-center gap-2.5 font-medium">
          <input
            id={id}
            type="checkbox"
            className="size-4.5 accent-ink"
            checked={stored}
            onChange={(event) => setStored(event.target.checked)}
          />
          I have stored the {what}
        </label>
        <Button
          kind="primary"
          refusal={stored ? undefined : `Confirm first that you have stored the ${what}.`}
          onClick={done}
        >
          {doneLabel}
        </Button>
      </div>
      {blocker.status === 'blocked' && (
        <Dialog
          title={`Have you stored the ${what}?`}
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
