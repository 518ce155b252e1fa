// The frame of every page of the way in: the mark, what is asked, and a card in the middle of the window.
import { type ReactNode, useEffect, useRef } from 'react'
import { Logo } from './logo.tsx'

interface SignInFrameProps {
  title: string
  children: ReactNode
  /** Below the card. */
  note?: ReactNode
}

export function SignInFrame({ title, children, note }: SignInFrameProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Latchkey`
    // Who reads by ear is told what it has come to; who is somewhere already stays there.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true })
  }, [title])
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-3">
          <Logo size={36} />
          <h1 ref={heading} tabIndex={-1} className="text-xl font-semibold tracking-tight">
            {title}
          </h1>
        </div>
        <div className="card p-5">{children}</div>
        {note && <div className="mt-4 text-muted">{note}</div>}
      </div>
    </main>
  )
}

/** Between ways that are as good and those that are for few. */
export function Or() {
  return (
    <p aria-hidden className="flex items-center gap-3 text-muted">
      <span className="h-px grow bg-line" />
      or
      <span className="h-px grow bg-line" />
    </p>
  )
}
