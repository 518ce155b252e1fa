// Why keys are revoked, in the words of people. Pure.
import type { WireKey } from '../api.ts'

export type RevocationReason = NonNullable<WireKey['revocation_reason']>

export const revocationWords: Record<RevocationReason, string> = {
  unspecified: 'No reason given',
  compromised: 'Somebody else may have its token',
  superseded: 'Another key has replaced it',
  no_longer_used: 'Nobody uses it any more',
  owner_left: 'Its owner has left',
}

/** To choose from, in the order in which they are offered. */
export const revocationChoices = (Object.keys(revocationWords) as RevocationReason[]).map((value) => ({
  value,
  label: revocationWords[value],
}))
