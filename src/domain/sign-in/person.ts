// Who has signed in, by what a provider says: a person is the provider, the issuer and the subject. Addresses and names are labels.
import { emailSchema } from '../../core/fields.ts'
import type { ProviderRule, ProviderSettings } from '../../core/provider-settings.ts'
import type { ProvedPerson } from '../../core/shapes/invitations.ts'
import { type Claims, unavailable } from './client.ts'
import { notInvited } from './refusals.ts'

const google = 'https://accounts.google.com'

/** A person, and what of it may be shown. */
export interface SignedInPerson extends ProvedPerson {
  name: string | null
}

/**
 * Reads who has signed in. Throws `not_invited` for a person of a tenant that is none of the provider's, `provider_unavailable` for a
 * subject that can be none.
 */
export function personOf(provider: ProviderSettings, claims: Claims): SignedInPerson {
  const { tenants } = provider
  if (tenants.length > 0 && !(typeof claims.tid === 'string' && tenants.includes(claims.tid)))
    throw notInvited()
  const subject = subjectOf(claims)
  const address = emailSchema.safeParse(claims.email)
  // As it was said, or not at all: an address of which something was taken away is another one.
  const email = address.success ? address.data : undefined
  const name = textOf(claims.name, 256)
  return {
    provider: provider.id,
    issuer: String(claims.iss),
    subject,
    label: email ?? textOf(claims.email, 256) ?? textOf(claims.preferred_username, 256) ?? name ?? subject,
    email: email ?? null,
    emailVerified: email !== undefined && isProven(provider, email, claims),
    name: name ?? null,
  }
}

/** The claims without which something cannot be told of a person. */
export function neededClaims({ rules, email_proof: proof }: ProviderSettings): string[] {
  // Some tell the address in the ID token, and in userinfo alone that it is verified.
  const ofAddress = proof === 'claim' ? ['email', 'email_verified'] : ['email']
  return [...ofAddress, ...rules.map(({ claim }) => claim)]
}

/** Tells whether a provider proves that an address is the person's own. */
function isProven(provider: ProviderSettings, email: string, claims: Claims): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  if (provider.email_proof === 'issuer')
    return String(claims.email_verified) !== 'false' && provider.email_domains.includes(domain)
  // The boolean: some say 'true' of what somebody has typed.
  if (claims.email_verified !== true) return false
  // Google verifies an address once, also one that another provider owns, and gives away later.
  return claims.iss !== google || domain === 'gmail.com' || claims.hd === domain
}

/**
 * The first rule that a person fulfils; of a claim with several values, one must be the rule's. An address must be proven: else
 * somebody has typed it.
 */
export function findRule(
  { rules }: ProviderSettings,
  claims: Claims,
  { emailVerified }: Pick<SignedInPerson, 'emailVerified'>,
): ProviderRule | undefined {
  return rules.find(({ claim, equals }) => {
    if (claim === 'email' && !emailVerified) return false
    const value = claims[claim]
    return Array.isArray(value) ? value.includes(equals) : value === equals
  })
}

/** The subject: of at most 255 characters, says OpenID Connect. A longer one fits no index. */
function subjectOf({ sub }: Claims): string {
  if (typeof sub === 'string' && /^\P{Cc}{1,255}$/u.test(sub) && sub.isWellFormed()) return sub
  throw unavailable(new Error('The subject is no text of 1 to 255 characters.'))
}

/** A text as a label may hold it; undefined for anything else. */
function textOf(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
  return text === '' || text.length > most ? undefined : text
}
