// The verdict on a token that was rotated away: whoever still has one learns no more of its key than that.
import type { Verdict } from './shapes/verification.ts'

/** A key, and the organization that owns it. */
type OwnedKey = { readonly keyId: string; readonly organizationId: string }

/** What is known of it and not told: neither written as JSON nor copied. */
const owner = Symbol('the organization of the key')

/** Makes the verdict on a token of a key that was rotated away. */
export function rotatedVerdict({ keyId, organizationId }: OwnedKey, ancestorId?: string): Verdict {
  const told = {
    valid: false,
    code: 'rotated',
    keyId,
    ...(ancestorId !== undefined && { ancestorId }),
  } as const
  return Object.defineProperty(told, owner, { value: organizationId })
}

/** The key of a verdict and its organization, for whoever counts and logs it. */
export function ownedKeyOf(verdict: Extract<Verdict, { keyId: string }>): OwnedKey {
  if (verdict.code !== 'rotated') return verdict
  return { keyId: verdict.keyId, organizationId: (verdict as { [owner]?: string })[owner] ?? '' }
}
