// What came of something that was done, above the page that it was done on.
import { type ReactNode, useEffect, useRef } from 'react'
import { Notice } from './notices.tsx'

interface OutcomeProps {
  tone: 'note' | 'warning'
  title: string
  children?: ReactNode
}

/** Takes the focus, so that it is read. */
export function Outcome({ tone, title, children }: OutcomeProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.focus(), [])
  return (
    <div ref={place} tabIndex={-1} role="status" className="mb-6 rounded-lg">
      <Notice tone={tone} title={title}>
        {children}
      </Notice>
    </div>
  )
}
