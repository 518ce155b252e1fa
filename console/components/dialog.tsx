// A window over the page: it keeps the keyboard inside, closes with Escape, and gives the focus back. One in which
// something was typed asks before it closes by anything but its own buttons.
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useRef, useState } from 'react'
import { focusMark } from './autofocus.ts'
import { Button, IconButton } from './button.tsx'

interface DialogProps {
  title: ReactNode
  lead?: ReactNode
  children: ReactNode
  /** Undefined for one that cannot be closed without an answer. */
  close?: (() => void) | undefined
  /** Whether something was typed or chosen that would be lost. */
  isTyped?: boolean
  /** Selects what has the focus first; else it is the first that can have it. */
  focusFirst?: string
  /** Gets the focus when it closes; else what had it when it opened. */
  opener?: HTMLElement | null
}

const firstOfAll = '[data-autofocus], input:checked'

export function Dialog({
  title,
  lead,
  children,
  close,
  isTyped = false,
  focusFirst = firstOfAll,
  opener: given,
}: DialogProps) {
  const [opener] = useState(() => given ?? document.activeElement)
  const [isAsking, setAsking] = useState(false)
  const content = useRef<HTMLDivElement>(null)
  // A press beside the window takes the focus away before the window hears of it.
  const lastFocused = useRef<HTMLElement>(null)
  const leave = () => {
    if (isTyped) setAsking(true)
    else close?.()
  }
  return (
    <Radix.Root open onOpenChange={(open) => !open && leave()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 overflow-y-auto bg-shade p-4">
          <div className="flex min-h-full items-start justify-center sm:items-center">
            <Radix.Content
              ref={content}
              className="relative w-full max-w-lg rounded-xl border border-line bg-raised p-5 shadow-raised sm:p-6"
              {...(lead === undefined && { 'aria-describedby': undefined })}
              onOpenAutoFocus={(event) => {
                const first = content.current?.querySelector<HTMLElement>(focusFirst)
                if (!first) return
                event.preventDefault()
                first.focus()
              }}
              onFocus={({ target }) => {
                if (content.current?.contains(target)) lastFocused.current = target
              }}
              onPointerDownOutside={(event) => close === undefined && event.preventDefault()}
              onCloseAutoFocus={(event) => {
                event.preventDefault()
                // What came of the dialog may have taken the focus already.
                if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus()
              }}
              onEscapeKeyDown={(event) => {
                // A list that is open inside closes first.
                const isInList = document.activeElement?.matches('[role="combobox"][aria-expanded="true"]')
                if (close === undefined || isInList) event.preventDefault()
              }}
            >
              <div className="mb-4 pr-8">
                <Radix.Title className="foreign text-lg font-semibold">{title}</Radix.Title>
                {lead !== undefined && (
                  <Radix.Description asChild>
                    <div className="foreign mt-1 text-muted">{lead}</div>
                  </Radix.Description>
                )}
              </div>
              {children}
              {close && (
                <IconButton
                  label="Close"
                  icon={<X size={18} aria-hidden />}
                  onClick={leave}
                  className="absolute right-3 top-3"
                />
              )}
              {isAsking && close && (
                <DiscardDialog stay={() => setAsking(false)} discard={close} opener={lastFocused.current} />
              )}
            </Radix.Content>
          </div>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface DiscardDialogProps extends Pick<DialogProps, 'opener'> {
  stay: () => void
  discard: () => void
}

function DiscardDialog({ stay, discard, opener }: DiscardDialogProps) {
  return (
    <Dialog
      title="Discard what you typed?"
      lead="It was not saved, and nothing was changed."
      close={stay}
      {...(opener && { opener })}
    >
      <DialogActions>
        <Button {...focusMark} onClick={stay}>
          Continue to edit
        </Button>
        <Button kind="danger" onClick={discard}>
          Discard
        </Button>
      </DialogActions>
    </Dialog>
  )
}

/** The row of a dialog's buttons: the one that goes on stands last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>
}
