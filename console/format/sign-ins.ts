// How the members of an organization sign in, in words. Pure.
import type { WireOrganization } from '../api.ts'

/** What each policy lets in. */
export const signInWords: Record<WireOrganization['sign_in'], string> = {
  any: 'By a provider or a passkey, as each member likes.',
  provider: 'By a provider alone. A passkey only makes a sign-in fresh.',
}
