// Where a page itself failed: says so, and offers another try.
import { useRouter } from '@tanstack/react-router'
import { ErrorNotice } from './notices.tsx'

export function RouteFailure({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return (
    <div className="mx-auto max-w-xl p-6">
      <ErrorNotice title="This page could not be shown" error={error} retry={retry} />
    </div>
  )
}
