// Where a page itself failed: says so, and offers another try.
import { useRouter } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { ApiError } from '../api.ts'
import { connection } from '../connection.ts'
import { ErrorNotice } from './notices.tsx'

export function RouteFailure({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter()
  const { lost } = useSyncExternalStore(connection.subscribe, connection.current)
  const retry = () => {
    reset()
    void router.invalidate()
  }
  const retryWhenBack = useEffectEvent(() => {
    if (error instanceof ApiError && error.code === 'unreachable') retry()
  })
  useEffect(() => {
    if (!lost) retryWhenBack()
  }, [lost])
  return (
    <div className="mx-auto max-w-xl p-6">
      <ErrorNotice title="This page could not be shown" error={error} retry={retry} />
    </div>
  )
}
