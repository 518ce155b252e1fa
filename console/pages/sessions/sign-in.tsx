// The first page of who is not signed in. Whatever the address is, it is there again afterwards.
import { useEffect, useRef } from 'react'
import { useFocusOnArrival } from '../../components/autofocus.ts'
import { Logo } from '../../components/logo.tsx'
import { SignInForm } from '../../components/sign-in-form.tsx'
import type { Self } from '../../self.ts'

export function SignInPage({ signedIn }: { signedIn: (self: Self) => void }) {
  const place = useRef<HTMLElement>(null)
  useFocusOnArrival(place)
  useEffect(() => {
    document.title = 'Sign in · Latchkey'
  }, [])
  return (
    <main ref={place} className="flex min-h-dvh items-center justify-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-3">
          <Logo size={36} />
          <h1 className="text-xl font-semibold tracking-tight">Sign in to Latchkey</h1>
        </div>
        <div className="card p-5">
          <SignInForm signedIn={signedIn} />
        </div>
        <p className="mt-4 text-muted">
          The operator’s first token was printed when Latchkey first started;{' '}
          <code className="code">latchkey root-key</code> makes another. The API is described at{' '}
          <a href="/docs" className="text-link underline">
            /docs
          </a>
          .
        </p>
      </div>
    </main>
  )
}
