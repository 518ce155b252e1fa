// Tells that Latchkey cannot be reached and when it is tried again; what is shown meanwhile may be old.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { connection } from '../connection.ts'
import { Button } from './button.tsx'
import { Notice } from './notices.tsx'

export function ConnectionBanner() {
  const state = useSyncExternalStore(connection.subscribe, connection.current)
  const client = useQueryClient()
  const wasLost = useRef(false)
  useEffect(() => {
    if (wasLost.current && !state.lost) void client.invalidateQueries()
    wasLost.current = state.lost
  }, [state.lost, client])
  // Over the page and not in it: nothing moves when it comes and goes.
  return (
    <div role="status" className="pointer-events-none fixed inset-x-4 bottom-4 z-30 flex justify-center">
      {state.lost && (
        <div className="pointer-events-auto w-full max-w-lg rounded-lg bg-raised shadow-raised">
          <Notice
            tone="warning"
            title="No connection to Latchkey"
            action={<Button onClick={() => void connection.ask()}>Try now</Button>}
          >
            <p>
              What you see may be old, and nothing can be changed. What you typed stays here.{' '}
              <Countdown to={state.tryingAt} />
            </p>
          </Notice>
        </div>
      )}
    </div>
  )
}

function Countdown({ to }: { to: number }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.ceil((to - now) / 1000))
  return <span aria-hidden>{seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…'}</span>
}
