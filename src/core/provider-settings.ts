// By which providers of OpenID Connect people sign in: what the operator's file says of them, and for which organizations each one's
// word counts.
import { z } from 'zod'
import { rootOrganizationId } from './access.ts'
import { LatchkeyError, pathOf } from './errors.ts'
import { organizationIdSchema } from './fields.ts'
import { type MayAct, passkeyProvider } from './sign-in-reach.ts'

/** The id of the provider that three variables describe. */
export const onlyProviderId = 'oidc'

const ruledRoles = ['admin', 'developer', 'viewer', 'auditor'] as const
const maxProviders = 200
const maxRules = 100

const filled = (most: number) =>
  z
    .string({ error: 'Must be a text.' })
    .min(1, 'Must not be empty.')
    .max(most, `Must have at most ${most} characters.`)

const ruleSchema = z.strictObject({
  claim: filled(256),
  equals: z.union([filled(1_024), z.number(), z.boolean()], {
    error: 'Must be a text, a number, true or false.',
  }),
  organization_id: organizationIdSchema,
  role: z.enum(ruledRoles, {
    error: `Must be one of ${ruledRoles.join(', ')}: no rule makes an owner.`,
  }),
})

const providerSchema = z
  .strictObject({
    id: z
      .string({ error: 'Must be an id.' })
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'Must be lower-case letters, digits and -, at most 63.')
      .refine((id) => id !== passkeyProvider, 'Must be another id: passkeys have this one.'),
    name: filled(64),
    issuer: filled(512).superRefine((issuer, context) => {
      const message = issuerFault(issuer)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    }),
    client_id: filled(512),
    client_secret_file: filled(1_024).optional(),
    organizations: z
      .array(z.union([z.literal('*'), organizationIdSchema]), {
        error: 'Must be a list of ids of organizations, or "*" for all but root.',
      })
      .min(1, 'Must name at least one organization.')
      .max(1_000, 'Must name at most 1000 organizations.'),
    scopes: z
      .array(filled(128), { error: 'Must be a list of scopes.' })
      .max(32, 'Must have at most 32 scopes.')
      .refine((scopes) => scopes.includes('openid'), 'Must have the scope openid.')
      .default(['openid', 'email', 'profile']),
    listed: z.boolean({ error: 'Must be true or false.' }).default(false),
    email_proof: z.enum(['claim', 'issuer'], { error: 'Must be claim or issuer.' }).default('claim'),
    email_domains: z
      .array(
        z
          .string({ error: 'Must be a domain.' })
          .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'Must be a domain in lower case, such as example.com.'),
        { error: 'Must be a list of domains.' },
      )
      .default([]),
    tenants: z
      .array(filled(128), { error: 'Must be a list of ids of tenants.' })
      .max(1_000, 'Must have at most 1000 tenants.')
      .default([]),
    rules: z
      .array(ruleSchema, { error: 'Must be a list of rules.' })
      .max(maxRules, `Must have at most ${maxRules} rules.`)
      .default([]),
  })
  .superRefine((provider, context) => {
    const refuse = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    const { email_proof: proof, email_domains: domains, tenants, issuer, organizations, rules } = provider
    if (proof === 'issuer' && domains.length === 0)
      refuse(['email_domains'], 'Must name the domains whose addresses the issuer owns.')
    if (proof === 'claim' && domains.length > 0)
      refuse(['email_domains'], 'Goes with "email_proof": "issuer" alone.')
    if (tenants.length === 0 && isOfManyTenants(issuer))
      refuse(['tenants'], 'Must name the tenants: this issuer signs in people of everyone.')
    for (const [i, { organization_id: id }] of rules.entries())
      if (!reaches(organizations, id))
        refuse(['rules', i, 'organization_id'], 'Must be one of "organizations".')
  })

const fileSchema = z.strictObject({
  providers: z
    .array(providerSchema, { error: 'Must be a list of providers.' })
    .max(maxProviders, `Must have at most ${maxProviders} providers.`)
    .superRefine((providers, context) => {
      for (const [i, { id }] of providers.entries())
        if (providers.findIndex((other) => other.id === id) < i)
          context.addIssue({ code: 'custom', path: [i, 'id'], message: 'Is the id of another provider.' })
    }),
})

/** A provider, as the operator's file has it. */
export interface ProviderSettings extends z.infer<typeof providerSchema> {
  /** Its secret if no file has it. */
  client_secret?: string | undefined
}

/** Who of a provider's people becomes a member by itself, and as what. */
export type ProviderRule = z.infer<typeof ruleSchema>

/** What the options of the library say of it. */
export interface ProviderOptions {
  /**
   * A file of JSON with the providers of OpenID Connect by which people sign in. The environment's LATCHKEY_OIDC_FILE if absent, or
   * the one provider that LATCHKEY_OIDC_ISSUER, LATCHKEY_OIDC_CLIENT_ID and LATCHKEY_OIDC_CLIENT_SECRET describe, else none.
   */
  oidcFile?: string
  /**
   * Whether people may act whom a provider has proved that is not listed: `serve` is for a program that proves itself who people are,
   * and calls `invitations.accept` and `sessions.startFor`. If absent: `serve` if no provider is listed, else `refuse`.
   */
  unlistedProviders?: 'serve' | 'refuse'
}

/** Reads the text of a file of providers. Throws `invalid_input` that says where each fault stands, and which fields there are. */
export function parseProviders(text: string, from: string): ProviderSettings[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refusal(from, [`is no JSON: ${(error as Error).message}`])
  }
  const result = fileSchema.safeParse(value)
  if (result.success) return result.data.providers
  throw refusal(from, result.error.issues.slice(0, 8).flatMap(describe))
}

function describe(issue: z.core.$ZodIssue): string[] {
  const at = (path: readonly PropertyKey[]) => pathOf(path) || 'the file'
  if (issue.code !== 'unrecognized_keys') return [`${at(issue.path)}: ${sentence(issue)}`]
  const allowed = allowedAt(issue.path).join(', ')
  return issue.keys
    .slice(0, 8)
    .map((key) => `${at([...issue.path, key])}: Unknown field. Allowed are ${allowed}.`)
}

function sentence(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.expected === 'object' ? 'Must be an object.' : issue.message
}

/** The fields that an object of the file may have, by where it stands. */
function allowedAt(path: readonly PropertyKey[]): string[] {
  if (path.includes('rules')) return Object.keys(ruleSchema.shape)
  return Object.keys(path.length > 0 ? providerSchema.shape : fileSchema.shape)
}

function refusal(from: string, faults: string[]): LatchkeyError {
  return new LatchkeyError('invalid_input', `${from}: ${faults.join(' ')}`)
}

/** Says what is wrong with the address of an issuer; undefined if nothing is. */
export function issuerFault(issuer: string): string | undefined {
  const url = URL.parse(issuer)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password || /[?#]/.test(issuer))
    return 'Must be the address of an issuer, such as https://accounts.google.com.'
  return isSafeOrigin(issuer) ? undefined : 'Must begin with https:// unless it is on this machine.'
}

/** Tells whether nobody on the way reads along: by https, or on this machine. */
export function isSafeOrigin(address: string): boolean {
  const { protocol, hostname = '' } = URL.parse(address) ?? {}
  return protocol === 'https:' || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** Tells whether an issuer signs in people of any tenant, as Entra's `common` and its like do. */
function isOfManyTenants(issuer: string): boolean {
  const { hostname = '', pathname = '' } = URL.parse(issuer) ?? {}
  return (
    /^login\.(?:microsoftonline|windows)\./.test(hostname) &&
    /^\/(?:common|organizations|consumers)\b/.test(pathname)
  )
}

/** Tells whether a list of organizations, in which `*` is all but `root`, has one. */
export function reaches(organizations: readonly string[], id: string): boolean {
  return organizations.includes(id) || (id !== rootOrganizationId && organizations.includes('*'))
}

/** Whose word lets people act for which organizations. */
export function mayActBy(
  providers: readonly Pick<ProviderSettings, 'id' | 'organizations'>[],
  unlisted: 'serve' | 'refuse',
): MayAct {
  const known = new Map(providers.map(({ id, organizations }) => [id, organizations]))
  return ({ provider, organization_id: id, sign_in: policy }) => {
    // Whoever signs in by a passkey where the organization wants a provider has nothing to act by.
    if (provider === passkeyProvider) return policy !== 'provider'
    const organizations = known.get(provider)
    return organizations === undefined ? unlisted === 'serve' : reaches(organizations, id)
  }
}
