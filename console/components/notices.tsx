// What the page says beside its content: errors, warnings, and that there is nothing yet.
import type { UseQueryResult } from '@tanstack/react-query'
import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../api.ts'
import { Button } from './button.tsx'

type Tone = 'error' | 'warning' | 'note'

const tones: Record<Tone, { look: string; icon: ReactNode }> = {
  error: { look: 'border-danger/40 bg-danger-soft text-danger', icon: <CircleAlert size={18} aria-hidden /> },
  warning: { look: 'border-warn/40 bg-warn-soft text-warn', icon: <TriangleAlert size={18} aria-hidden /> },
  note: { look: 'border-line bg-note-soft text-link', icon: <Info size={18} aria-hidden /> },
}

export function Notice({
  tone,
  title,
  children,
  action,
}: {
  tone: Tone
  title?: string
  children?: ReactNode
  action?: ReactNode
}) {
  const { look, icon } = tones[tone]
  return (
    <div role={tone === 'error' ? 'alert' : undefined} className={`flex gap-3 rounded-lg border p-3 ${look}`}>
      <span className="mt-px shrink-0">{icon}</span>
      <div className="min-w-0 grow text-ink">
        {title !== undefined && <p className="font-medium">{title}</p>}
        <div className="foreign space-y-1">{children}</div>
        {action && <div className="mt-2">{action}</div>}
      </div>
    </div>
  )
}

/** An error in words, with the request id by which the operator finds it in the log. */
export function ErrorNotice({ error, title, retry }: { error: unknown; title?: string; retry?: () => void }) {
  const requestId = error instanceof ApiError ? error.requestId : undefined
  // Who was asked for a token and would rather not show it has made no mistake.
  const isDeclined = error instanceof ApiError && error.code === 'fresh_sign_in_required'
  return (
    <Notice
      tone={isDeclined ? 'note' : 'error'}
      {...(title !== undefined && { title })}
      action={retry && <Button onClick={retry}>Try again</Button>}
    >
      <p>{messageOf(error)}</p>
      {requestId !== undefined && (
        <p className="text-muted">
          Request <code className="code">{requestId}</code>
        </p>
      )}
    </Notice>
  )
}

interface NotRenewedProps {
  list: { items: unknown; error: Error | null; retry: () => void }
}

/** Below a list that stays as it was read last: why it is not as it is now. */
export function NotRenewed({ list: { items, error, retry } }: NotRenewedProps) {
  if (items === undefined || error === null) return null
  return (
    <div className="mt-3">
      <ErrorNotice title="The list could not be renewed" error={error} retry={retry} />
    </div>
  )
}

/** In place of what is not read yet: as high as that will be, or why it could not be read. */
export function Unread({
  query,
  height,
}: {
  query: Pick<UseQueryResult, 'error' | 'refetch'>
  height: string
}) {
  const { error, refetch } = query
  return error === null ? (
    <div className={`animate-pulse rounded bg-sunken ${height}`} aria-hidden />
  ) : (
    <ErrorNotice title="They could not be read" error={error} retry={() => void refetch()} />
  )
}

function messageOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The console failed. Reload the page.'
  // The server tells programs how to show a key; people sign in.
  const isOver = error.code === 'session_ended' || error.code === 'missing_token'
  return isOver ? 'Your session had ended, so nothing was changed. Sign in and try again.' : error.message
}

/** Where a list has nothing: what it is for and what to do first. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode
  title: string
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <span
        className="mb-4 flex size-12 items-center justify-center rounded-full bg-sunken text-brass"
        aria-hidden
      >
        {icon}
      </span>
      <h2 className="text-base font-semibold">{title}</h2>
      <div className="mt-1 max-w-md text-muted">{children}</div>
      {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}
