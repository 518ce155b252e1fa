// The ways to sign in as a person: a button for each provider, and one for passkeys.
import { useMutation } from '@tanstack/react-query'
import { Fingerprint, LogIn } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { withMarks } from '../format/foreign-text.ts'
import { takesPasskeys } from '../passkeys.ts'
import type { WireSignInProvider } from '../sign-in-calls.ts'
import { Button } from './button.tsx'
import { marked } from './foreign.tsx'
import { SignInFault } from './sign-in-fault.tsx'

interface SignInWaysProps {
  providers: readonly WireSignInProvider[]
  /** What the button of a provider says before its name. */
  verb?: string
  /** Goes to a provider, or opens a window that does; false if the browser opens none. */
  toProvider: (id: string) => Promise<unknown> | boolean
  /** Uses or makes a passkey; undefined if there is no such way. */
  byPasskey?: (() => Promise<unknown>) | undefined
  passkeyLabel?: string
}

/** A failed way says why, and the others stay. */
export function SignInWays({
  providers,
  verb = 'Continue with',
  toProvider,
  byPasskey,
  passkeyLabel = 'Sign in with a passkey',
}: SignInWaysProps) {
  const going = useMutation({
    mutationFn: async (id: string) => {
      if ((await toProvider(id)) === false) throw new BlockedWindow()
      return id
    },
  })
  const using = useMutation({ mutationFn: async () => byPasskey?.() })
  const { reset: stay } = going
  useEffect(() => {
    // Browsers keep a page as it was left, and show that to who goes back to it.
    const comeBack = ({ persisted }: PageTransitionEvent) => persisted && stay()
    addEventListener('pageshow', comeBack)
    return () => removeEventListener('pageshow', comeBack)
  }, [stay])
  const busy = (going.isPending && typeof going.variables === 'string') || using.isPending
  const error = going.error ?? using.error
  const start = (begin: () => void) => {
    if (busy) return
    going.reset()
    using.reset()
    begin()
  }
  return (
    <div className="space-y-3">
      {error instanceof BlockedWindow ? (
        <Blocked />
      ) : (
        error !== null && <SignInFault key={error.message} error={error} />
      )}
      {providers.map(({ id, name }) => (
        <Way
          key={id}
          icon={<LogIn size={17} aria-hidden className="shrink-0" />}
          label={`${verb} ${withMarks(name)}`}
          busy={going.isPending && going.variables === id}
          press={() => start(() => going.mutate(id))}
        >
          <span className="min-w-0 whitespace-normal break-words">
            {verb} <bdi>{marked(name)}</bdi>
          </span>
        </Way>
      ))}
      {byPasskey && (
        <Way
          icon={<Fingerprint size={17} aria-hidden className="shrink-0" />}
          busy={using.isPending}
          refusal={takesPasskeys() ? undefined : 'This browser uses passkeys at https addresses alone.'}
          press={() => start(() => using.mutate())}
        >
          {passkeyLabel}
        </Way>
      )}
    </div>
  )
}

interface WayProps {
  icon: ReactNode
  label?: string
  busy: boolean
  refusal?: string | undefined
  press: () => void
  children: ReactNode
}

function Way({ icon, label, busy, refusal, press, children }: WayProps) {
  return (
    <Button
      icon={icon}
      busy={busy}
      refusal={refusal}
      className="w-full"
      {...(label !== undefined && { title: label })}
      onClick={press}
    >
      {children}
    </Button>
  )
}

class BlockedWindow extends Error {
  override readonly name = 'BlockedWindow'
}

function Blocked() {
  return (
    <p role="alert" className="text-danger">
      Your browser has blocked the window. Allow windows of this page, then press the button again.
    </p>
  )
}
