// Why somebody is not signed in, and what to do next.
import type { ReactNode } from 'react'
import { ApiError } from '../api.ts'
import { signInFault } from '../format/sign-in-faults.ts'
import { ErrorNotice, Notice } from './notices.tsx'

export function SignInFault({ error, action }: { error: unknown; action?: ReactNode }) {
  const fault = error instanceof ApiError ? signInFault(error) : undefined
  if (fault === undefined || !(error instanceof ApiError))
    return (
      <div className="space-y-3">
        <ErrorNotice error={error} />
        {action}
      </div>
    )
  return (
    <Notice tone="error" title={fault.title} action={action}>
      <p>{fault.next}</p>
      {error.requestId !== undefined && (
        <p className="text-muted">
          Request <code className="code">{error.requestId}</code>
        </p>
      )}
    </Notice>
  )
}
