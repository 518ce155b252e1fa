// The window in which somebody signs in at a provider while the page below keeps what was typed: it goes to the provider at once.
import { useEffect, useState } from 'react'
import { Button } from '../../components/button.tsx'
import { SignInFault } from '../../components/sign-in-fault.tsx'
import { SignInFrame } from '../../components/sign-in-frame.tsx'
import { goToProvider } from '../../sign-in-calls.ts'
import { readWindowTask } from '../../sign-in-window.ts'

/** Whether this page is on its way, however often it is rendered. */
let isGoing = false

export function WindowPage() {
  const [task] = useState(readWindowTask)
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    if (task === undefined || isGoing || error !== undefined) return
    isGoing = true
    goToProvider(task.provider, { purpose: task.purpose }).catch((cause: unknown) => {
      isGoing = false
      setError(cause)
    })
  }, [task, error])
  if (task === undefined)
    return (
      <SignInFrame title="There is nothing to do here">
        <p className="mb-4">The console opens this window when somebody signs in again.</p>
        <Button onClick={() => location.assign('/')}>Go to the console</Button>
      </SignInFrame>
    )
  if (error !== undefined)
    return (
      <SignInFrame title="You are not signed in">
        <SignInFault
          error={error}
          action={
            <div className="flex flex-wrap gap-2">
              <Button onClick={() => setError(undefined)}>Try again</Button>
              <Button onClick={() => window.close()}>Close this window</Button>
            </div>
          }
        />
      </SignInFrame>
    )
  return (
    <SignInFrame title="Sign in">
      <p role="status" className="text-muted">
        Going to the provider…
      </p>
    </SignInFrame>
  )
}
