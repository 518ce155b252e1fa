// Everything by which somebody signs in here: providers, a passkey, and the token of a key.
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { readSelf, type Self } from '../self.ts'
import { signInByPasskey, signInOptionsQuery, type WireSignInOptions } from '../sign-in-calls.ts'
import { useFocusOnArrival } from './autofocus.ts'
import { Button } from './button.tsx'
import { ErrorNotice, Notice } from './notices.tsx'
import { SignInForm } from './sign-in-form.tsx'
import { Or } from './sign-in-frame.tsx'
import { SignInWays } from './sign-in-ways.tsx'

interface SignInProps {
  /** A provider that need not be listed. */
  provider?: string | undefined
  /** Goes to a provider, or opens a window that does; false if the browser opens none. */
  toProvider: (id: string) => Promise<unknown> | boolean
  signedIn: (self: Self) => void
  /** Below what signs in by a token alone. */
  tokenNote?: ReactNode
}

export function SignIn({ provider, ...props }: SignInProps) {
  const options = useQuery(signInOptionsQuery(provider))
  if (options.data !== undefined) return <Ways {...props} provider={provider} options={options.data} />
  if (options.error === null)
    return (
      <div role="status" className="h-44 animate-pulse rounded bg-sunken">
        <span className="sr-only">Loading</span>
      </div>
    )
  // A token signs in without knowing what else there is.
  return (
    <div className="space-y-4">
      <ErrorNotice
        title="The other ways to sign in could not be read"
        error={options.error}
        retry={() => void options.refetch()}
      />
      <SignInForm signedIn={props.signedIn} />
    </div>
  )
}

function Ways({
  provider,
  options: { providers, passkeys, tokens },
  toProvider,
  signedIn,
  tokenNote,
}: SignInProps & { options: WireSignInOptions }) {
  const place = useRef<HTMLDivElement>(null)
  useFocusOnArrival(place)
  const isAlone = providers.length === 0 && !passkeys
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    // The button that was pressed is gone.
    if (isOpen) place.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
  }, [isOpen])
  const isUnknown = provider !== undefined && providers.every(({ id }) => id !== provider)
  const byPasskey = async () => {
    await signInByPasskey('sign_in')
    signedIn(await readSelf())
  }
  return (
    <div ref={place} className="space-y-4">
      {isUnknown && (
        <Notice tone="warning" title="There is no provider of this address">
          <p>Ask an owner of your organization how you sign in.</p>
        </Notice>
      )}
      {!isAlone && (
        <SignInWays
          providers={inFront(provider, providers)}
          toProvider={toProvider}
          byPasskey={passkeys ? byPasskey : undefined}
        />
      )}
      {isAlone && tokens === 'off' && (
        <p>
          Nobody can sign in here: keys do not sign in by their tokens, and no other way is set up. The
          operator sets one up with <code className="code">LATCHKEY_OIDC_FILE</code>.
        </p>
      )}
      {tokens !== 'off' && !isAlone && <Or />}
      {tokens !== 'off' &&
        (isAlone || isOpen ? (
          <>
            <SignInForm signedIn={signedIn} isForRoot={tokens === 'root'} />
            {isAlone && tokenNote}
          </>
        ) : (
          <Button kind="quiet" className="w-full" onClick={() => setOpen(true)}>
            Use the token of a key
          </Button>
        ))}
    </div>
  )
}

/** The provider that the address names stands first. */
function inFront(id: string | undefined, providers: WireSignInOptions['providers']) {
  return [...providers].sort((a, b) => Number(b.id === id) - Number(a.id === id))
}
