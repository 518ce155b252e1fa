// A provider by the name that its button has, or a passkey.
import { passkeyProvider } from '../self.ts'
import { marked } from './foreign.tsx'
import { useProviderNames } from './sign-in-again.tsx'

/** The id, while the name is not known. */
export function ProviderName({ id }: { id: string }) {
  const isPasskey = id === passkeyProvider
  const [provider] = useProviderNames(isPasskey ? [] : [id])
  return <span className="foreign">{isPasskey ? 'a passkey' : marked(provider?.name ?? id)}</span>
}
