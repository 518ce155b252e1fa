// At the end of a list: fetches more of it when pressed, and by itself when it comes into sight.
import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react'
import { Button } from './button.tsx'

export function MoreButton({
  busy,
  more,
  children,
}: {
  busy: boolean
  more: () => void
  children: ReactNode
}) {
  const end = useRef<HTMLDivElement>(null)
  const seen = useEffectEvent(() => !busy && more())
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && seen(),
      { rootMargin: '400px' },
    )
    if (end.current !== null) observer.observe(end.current)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={end} className="flex justify-center pt-4">
      <Button busy={busy} onClick={more}>
        {busy ? 'Loading…' : children}
      </Button>
    </div>
  )
}
