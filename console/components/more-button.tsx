// At the end of a list: fetches more of it when pressed, and by itself while it is in sight.
import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react'
import { Button } from './button.tsx'

export function MoreButton({
  busy,
  isStopped,
  more,
  children,
}: {
  busy: boolean
  /** Waits to be pressed: by itself, it would fail over and over. */
  isStopped: boolean
  more: () => void
  children: ReactNode
}) {
  const end = useRef<HTMLDivElement>(null)
  const seen = useEffectEvent(more)
  const isReady = !busy && !isStopped
  useEffect(() => {
    if (!isReady) return
    // Made anew after each page: a short one leaves the end in sight.
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && seen(),
      { rootMargin: '400px' },
    )
    if (end.current !== null) observer.observe(end.current)
    return () => observer.disconnect()
  }, [isReady])
  return (
    <div ref={end} className="flex justify-center pt-4">
      <Button busy={busy} onClick={more}>
        {busy ? 'Loading…' : children}
      </Button>
    </div>
  )
}
