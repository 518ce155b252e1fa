// The door of the console: it lets in who is signed in, and asks everyone else for a token.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, Suspense, useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import { ApiError } from './api.ts'
import { MissingPart } from './components/missing-part.tsx'
import { ErrorNotice } from './components/notices.tsx'
import { freshSignIn } from './fresh-sign-in.ts'
import { later } from './later.tsx'
import { followOtherTabs } from './page-value.ts'
import { SignInPage } from './pages/sign-in/sign-in.tsx'
import { lastProviderOf, readSelf, type Self } from './self.ts'
import { leave, SessionContext, sessionEnd, sessionOf, signOut } from './session.ts'
import { signInOptionsQuery } from './sign-in-calls.ts'
import { followSignInWindows } from './sign-in-window.ts'

const Missing = () => <MissingPart />
const FreshSignInDialog = later(
  async () => (await import('./components/fresh-sign-in-dialog.tsx')).FreshSignInDialog,
  Missing,
)
const SignInDialog = later(
  async () => (await import('./components/sign-in-dialog.tsx')).SignInDialog,
  Missing,
)

/** Shows its children to who is signed in, and the sign-in page to everyone else. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const self = useQuery({
    queryKey: ['self'],
    queryFn: ({ signal }) => readSelf(signal),
    staleTime: 60_000,
  })
  const isOver = useSyncExternalStore(sessionEnd.subscribe, sessionEnd.current)
  const signedIn = useCallback(
    async (self: Self) => {
      const before = client.getQueryData<Self>(['self'])
      client.setQueryData(['self'], self)
      sessionEnd.forget()
      // What waits for a fresh sign-in has one now; not for somebody else.
      freshSignIn.answer(before?.id === self.id)
      const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== 'self' }
      // What somebody else was shown is not for this one to see.
      if (before !== undefined && before.id !== self.id) await client.resetQueries(others)
      else await client.invalidateQueries(others)
    },
    [client],
  )
  useEffect(
    () =>
      followOtherTabs((isSignedIn) => {
        if (!isSignedIn) return leave(client)
        void readSelf().then(signedIn, sessionEnd.notice)
      }),
    [client, signedIn],
  )
  useEffect(
    () =>
      followSignInWindows((purpose) => {
        if (purpose === 'fresh') return freshSignIn.answer(true)
        void readSelf().then(signedIn, sessionEnd.notice)
      }),
    [signedIn],
  )
  const isFreshAsked = useSyncExternalStore(freshSignIn.subscribe, freshSignIn.isAsked)
  const who = self.data
  const session = useMemo(() => who && sessionOf(who, () => signOut(client)), [who, client])
  const isIn = session !== undefined
  const isPerson = who?.type === 'member'
  const provider = who && lastProviderOf(who)
  useEffect(() => {
    if (!isIn) return
    // Needed when there may be no connection left to fetch it by.
    const timer = setTimeout(() => {
      for (const dialog of [SignInDialog, FreshSignInDialog]) void dialog.preload().catch(() => {})
      // A key signs in by its token, whatever else there is.
      if (isPerson) void client.prefetchQuery(signInOptionsQuery(provider))
    }, 2_000)
    return () => clearTimeout(timer)
  }, [client, isIn, isPerson, provider])
  if (session === undefined) {
    // For a moment nothing: neither page is known to be the right one.
    if (self.isPending)
      return (
        <p role="status" className="sr-only">
          Loading
        </p>
      )
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
      {isOver && (
        <Suspense>
          <SignInDialog previous={session.self} signedIn={signedIn} />
        </Suspense>
      )}
      {isFreshAsked && !isOver && (
        <Suspense>
          <FreshSignInDialog of={session.self} />
        </Suspense>
      )}
    </SessionContext>
  )
}
