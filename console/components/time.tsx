// An instant in words, with the whole of it for who points at it.
import { useSyncExternalStore } from 'react'
import { fromNow, inFull } from '../format/times.ts'

const everyMs = 20_000
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    now = Date.now()
    timer = setInterval(tick, everyMs)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function tick(): void {
  now = Date.now()
  for (const listener of listeners) listener()
}

/** The time, anew every twenty seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

/** `3 minutes ago`; `never` where there is no instant. */
export function Ago({ instant, never = 'Never' }: { instant: string | null; never?: string }) {
  // It is rendered anew when that changes; what just happened must not seem to be still to come.
  const present = Math.max(useNow(), Date.now())
  if (instant === null) return <span className="text-muted">{never}</span>
  return (
    <time dateTime={instant} title={inFull(instant)} className="whitespace-nowrap">
      {fromNow(instant, present)}
    </time>
  )
}
