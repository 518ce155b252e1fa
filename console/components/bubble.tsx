// The box of a hint, over the page beside what it is about; loaded with the first hint that is wanted.
import { Tooltip } from 'radix-ui'
import type { ReactNode } from 'react'

/** Stands beside its parent, which must be positioned; `close` is told of Escape. */
export function Bubble({ children, close }: { children: ReactNode; close: () => void }) {
  return (
    <Tooltip.Provider>
      <Tooltip.Root open onOpenChange={(isOpen) => !isOpen && close()}>
        <Tooltip.Trigger asChild>
          <span className="pointer-events-none absolute inset-0" aria-hidden />
        </Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            sideOffset={6}
            collisionPadding={12}
            className="z-50 max-w-72 rounded-md border border-line bg-raised px-3 py-2 text-sm text-ink shadow-raised"
          >
            {children}
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
    </Tooltip.Provider>
  )
}
