// A sentence beside something, for who points at it or comes to it with the keyboard.
import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'

/** Shows `text` with its child. `id` names a copy of the text for `aria-describedby`. */
export function Hint({ id, text, children }: { id?: string; text: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Provider delayDuration={200}>
      <Tooltip.Root>
        <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
        <Bubble>{text}</Bubble>
        {id !== undefined && (
          <span id={id} className="sr-only">
            {text}
          </span>
        )}
      </Tooltip.Root>
    </Tooltip.Provider>
  )
}

interface OpenHintProps {
  text: ReactNode
  /** What it stands beside. */
  children: ReactNode
  /** Told when Escape was pressed. */
  close: () => void
}

/** A hint that is open as long as it is there: for rows in masses, which make theirs when it is wanted. */
export function OpenHint({ text, children, close }: OpenHintProps) {
  return (
    <Tooltip.Provider>
      <Tooltip.Root open onOpenChange={(isOpen) => !isOpen && close()}>
        <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
        <Bubble>{text}</Bubble>
      </Tooltip.Root>
    </Tooltip.Provider>
  )
}

function Bubble({ children }: { children: ReactNode }) {
  return (
    <Tooltip.Portal>
      <Tooltip.Content
        sideOffset={6}
        collisionPadding={12}
        className="z-50 max-w-72 rounded-md border border-line bg-raised px-3 py-2 text-sm text-ink shadow-raised"
      >
        {children}
      </Tooltip.Content>
    </Tooltip.Portal>
  )
}
