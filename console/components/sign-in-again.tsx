// The ways by which a person signs in afresh, while the page stays: those of their own that the server named.
import { useQueries } from '@tanstack/react-query'
import type { SignInMethod } from '../../src/core/errors.ts'
import type { WireOwnMember } from '../api.ts'
import { passkeyProvider } from '../self.ts'
import { signInByPasskey, signInOptionsQuery } from '../sign-in-calls.ts'
import { openSignInWindow } from '../sign-in-window.ts'
import { SignInWays } from './sign-in-ways.tsx'

interface SignInAgainProps {
  member: WireOwnMember
  /** As the server has named them; all of the member's own if it has not. */
  methods: readonly SignInMethod[]
  /** Called once a passkey has done it; a window tells by itself. */
  done: () => void
}

export function SignInAgain({ member: { identities }, methods, done }: SignInAgainProps) {
  const takes = (method: SignInMethod) => methods.length === 0 || methods.includes(method)
  const own = [...new Set(identities.map(({ provider }) => provider))]
  const providers = useProviderNames(
    own.filter((provider) => provider !== passkeyProvider && takes('provider')),
  )
  const byPasskey = async () => {
    await signInByPasskey('fresh')
    done()
  }
  return (
    <SignInWays
      providers={providers}
      verb="Sign in again with"
      toProvider={(provider) => openSignInWindow({ provider, purpose: 'fresh' })}
      byPasskey={own.includes(passkeyProvider) && takes('passkey') ? byPasskey : undefined}
      passkeyLabel="Use your passkey"
    />
  )
}

/** What providers are called, listed or not; by their ids until that is known. */
export function useProviderNames(ids: readonly string[]): { id: string; name: string }[] {
  return useQueries({
    queries: ids.map((id) => signInOptionsQuery(id)),
    combine: (answers) =>
      answers.map(({ data }, i) => {
        const id = ids[i] as string
        return data?.providers.find((provider) => provider.id === id) ?? { id, name: id }
      }),
  })
}
