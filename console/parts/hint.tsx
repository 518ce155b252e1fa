// A sentence beside something, for who points at it or comes to it with the keyboard.
import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'

/** Shows `text` with its child. `id` names a copy of the text for `aria-describedby`. */
export function Hint({ id, text, children }: { id?: string; text: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Provider delayDuration={200}>
      <Tooltip.Root>
        <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            sideOffset={6}
            collisionPadding={12}
            className="z-50 max-w-72 rounded-md border border-line bg-raised px-3 py-2 text-sm text-ink shadow-raised"
          >
            {text}
          </Tooltip.Content>
        </Tooltip.Portal>
        {id !== undefined && (
          <span id={id} className="sr-only">
            {text}
          </span>
        )}
      </Tooltip.Root>
    </Tooltip.Provider>
  )
}
