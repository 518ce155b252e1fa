// A sentence beside something, for who points at it or comes to it with the keyboard.
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { later } from '../later.tsx'

// Most pages are read without one, and rows of long lists come in masses: made when it is wanted. Where it cannot be
// loaded there is none: the page is worth more.
const Bubble = later(
  async () => (await import('./bubble.tsx')).Bubble,
  () => null,
)

const beforeOpenMs = 150
/** Long enough to get from what the hint is about into the hint. */
const beforeCloseMs = 150

/** Shows `text` with its child. `id` names a copy of the text for `aria-describedby`. */
export function Hint({ id, text, children }: { id?: string; text: ReactNode; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const turn = (open: boolean, afterMs: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setOpen(open), afterMs)
  }
  // What bubbles up from the child, which alone is the control.
  const watch = {
    onPointerEnter: () => turn(true, beforeOpenMs),
    onPointerLeave: () => turn(false, beforeCloseMs),
    onFocus: () => turn(true, 0),
    onBlur: () => turn(false, 0),
  }
  return (
    <span className="relative inline-flex max-w-full has-[>.w-full]:w-full" {...watch}>
      {children}
      {isOpen && (
        <Suspense>
          <Bubble close={() => turn(false, 0)}>{text}</Bubble>
        </Suspense>
      )}
      {id !== undefined && (
        <span id={id} className="sr-only">
          {text}
        </span>
      )}
    </span>
  )
}
