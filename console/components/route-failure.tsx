// Where a page itself failed: says so, and offers another try.
import { useRouter } from '@tanstack/react-router'
import { useEffect, useSyncExternalStore } from 'react'
import { ApiError } from '../api.ts'
import { connection } from '../connection.ts'
import { renewPage, renewPageNow } from '../renewal.ts'
import { ErrorNotice } from './notices.tsx'

export function RouteFailure({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter()
  const { lost } = useSyncExternalStore(connection.subscribe, connection.current)
  const isIncomplete = error instanceof ApiError && error.code === 'unreachable'
  useEffect(() => {
    if (isIncomplete && !lost) void renewPage()
  }, [isIncomplete, lost])
  const retry = () => {
    if (isIncomplete) return void renewPageNow()
    reset()
    void router.invalidate()
  }
  return (
    <div className="mx-auto max-w-xl p-6">
      <ErrorNotice title="This page could not be shown" error={error} retry={retry} />
    </div>
  )
}
