// The door of the console: it lets in who is signed in, and asks everyone else for a token.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useCallback, useMemo, useSyncExternalStore } from 'react'
import { ApiError, call, type WireKey } from './api.ts'
import { SignInPage } from './pages/sign-in.tsx'
import { ErrorNotice } from './parts/notices.tsx'
import { PageSkeleton } from './parts/page.tsx'
import { SignInDialog } from './parts/sign-in-dialog.tsx'
import { SessionContext, sessionEnd, sessionOf, signOut } from './session.ts'

/** Shows its children to who is signed in, and the sign-in page to everyone else. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const self = useQuery({
    queryKey: ['self'],
    queryFn: ({ signal }) => call<WireKey>('GET', '/v1/keys/self', { signal }),
    staleTime: 60_000,
  })
  const isOver = useSyncExternalStore(sessionEnd.subscribe, sessionEnd.current)
  const signedIn = useCallback(
    async (key: WireKey) => {
      client.setQueryData(['self'], key)
      sessionEnd.forget()
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'self' })
    },
    [client],
  )
  const key = self.data
  const session = useMemo(() => key && sessionOf(key, () => signOut(client)), [key, client])
  if (session === undefined) {
    if (self.isPending) return <PageSkeleton />
    if (self.error instanceof ApiError && self.error.status !== 401) {
      return (
        <main className="mx-auto max-w-xl p-6">
          <ErrorNotice error={self.error} retry={() => void self.refetch()} />
        </main>
      )
    }
    return <SignInPage signedIn={signedIn} />
  }
  return (
    <SessionContext value={session}>
      {children}
      {/* What was typed stays on the page below. */}
      {isOver && <SignInDialog previous={session.key} signedIn={signedIn} />}
    </SessionContext>
  )
}
