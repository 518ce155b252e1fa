// Where a provider sends the browser back to: what it has brought is handed on, and who has signed in is where they were.
import { useEffect, useState } from 'react'
import type { ProviderAnswer } from '../../arrival.ts'
import { Button } from '../../components/button.tsx'
import { SignInFault } from '../../components/sign-in-fault.tsx'
import { SignInFrame } from '../../components/sign-in-frame.tsx'
import { takeReturnPath } from '../../return-path.ts'
import { finishAtProvider, type WireToldSignIn } from '../../sign-in-calls.ts'
import { finishWindow, readWindowTask } from '../../sign-in-window.ts'

interface CallbackPageProps {
  provider: string
  /** Undefined for a page that was loaded anew: its address is clear by then. */
  answer: ProviderAnswer | undefined
}

/** An answer is good for once, however often the page is rendered. */
let finishing: Promise<WireToldSignIn> | undefined

export function CallbackPage({ provider, answer }: CallbackPageProps) {
  const [error, setError] = useState<unknown>()
  const [isDone, setDone] = useState(false)
  const [task] = useState(readWindowTask)
  useEffect(() => {
    if (answer === undefined) return
    finishing ??= finishAtProvider(provider, answer)
    finishing.then(({ purpose }) => {
      setDone(true)
      if (task !== undefined) finishWindow(task.purpose)
      else location.replace(purpose === 'invitation' ? '/' : takeReturnPath())
    }, setError)
  }, [provider, answer, task])
  if (error !== undefined)
    return (
      <SignInFrame title="You are not signed in">
        <SignInFault error={error} action={<Again provider={provider} />} />
      </SignInFrame>
    )
  if (answer === undefined)
    return (
      <SignInFrame title="There is nothing to finish here">
        <p className="mb-4">This page ends a sign-in, and the one that led to it has ended already.</p>
        <Again provider={provider} />
      </SignInFrame>
    )
  if (isDone && task !== undefined)
    return (
      <SignInFrame title="Done">
        <p className="mb-4">The console goes on in the window in which you were. This one can be closed.</p>
        <Button onClick={() => window.close()}>Close this window</Button>
      </SignInFrame>
    )
  return (
    <SignInFrame title="Signing you in">
      <p role="status" className="text-muted">
        Latchkey checks what the provider says…
      </p>
    </SignInFrame>
  )
}

/** Begins again, in a window of its own as it was begun. */
function Again({ provider }: { provider: string }) {
  const to = readWindowTask() === undefined ? `/sign-in/${encodeURIComponent(provider)}` : '/sign-in/window'
  return <Button onClick={() => location.assign(to)}>Sign in again</Button>
}
