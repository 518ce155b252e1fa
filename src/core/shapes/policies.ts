// Policies: what keys may be, for the whole deployment, and narrower for an organization.
import { z } from 'zod'
import { maxLifetimeSeconds, maxPolicyKeys, maxPrefixes } from '../bounds.ts'
import { instant, permissionsSchema, tokenPrefixSchema } from '../fields.ts'
import { policyRules } from '../policy-rules.ts'
import { type CallOptions, type Changed, type Done, type EditOptions, revision, waited } from './calls.ts'
import { leakActions } from './leaks.ts'

const ofHours = 'Must be a whole number from 1 to 24.'
const flag = z.boolean({ error: 'Must be true or false.' })
const rules = {
  maxLifetimeSeconds: z
    .int({ error: 'Must be a whole number of seconds.' })
    .min(1, 'Must be 1 or more.')
    .max(maxLifetimeSeconds, `Must be at most ${maxLifetimeSeconds} (100 years).`)
    .nullable()
    .meta({
      description:
        'How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null for no rule.',
    }),
  requireExpiry: flag.meta({ description: 'Whether every key must expire.' }),
  permissions: permissionsSchema.nullable().meta({
    description:
      'All that may be granted, those of `latchkey:` included: each permission of a key must be covered by one of these. Null for no rule.',
  }),
  cataloguedOnly: flag.meta({
    description:
      'Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it.',
  }),
  prefixes: z
    .array(tokenPrefixSchema, { error: 'Must be a list of prefixes, such as re_live and re_test.' })
    .min(1, 'Must have at least one prefix.')
    .max(maxPrefixes, `Must have at most ${maxPrefixes} prefixes.`)
    .nullable()
    .meta({ description: 'What new tokens may begin with. Null for all prefixes of the deployment.' }),
  requireAllowedIps: flag.meta({ description: 'Whether every key must have `allowed_ips`.' }),
  maxKeys: z
    .int({ error: 'Must be a whole number.' })
    .min(0, 'Must be 0 or more.')
    .max(maxPolicyKeys, `Must be at most ${maxPolicyKeys}.`)
    .nullable()
    .meta({
      description:
        'How many keys an organization has at most that are neither revoked nor expired. Null for no rule.',
    }),
  onLeak: z
    .enum(leakActions, { error: `Must be one of ${leakActions.join(', ')}.` })
    .nullable()
    .meta({
      description:
        'What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some hours the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case. Null for no rule: then that of the deployment counts, and without one, `revoke`.',
    }),
  leakEndsAfterHours: z
    .int({ error: ofHours })
    .min(1, ofHours)
    .max(24, ofHours)
    .nullable()
    .meta({ description: 'After how many hours, with `end_after`; null otherwise.' }),
}

export const setPolicySchema = z
  .strictObject({
    maxLifetimeSeconds: rules.maxLifetimeSeconds.default(null),
    requireExpiry: rules.requireExpiry.default(false),
    permissions: rules.permissions.default(null),
    cataloguedOnly: rules.cataloguedOnly.default(false),
    prefixes: rules.prefixes.default(null),
    requireAllowedIps: rules.requireAllowedIps.default(false),
    maxKeys: rules.maxKeys.default(null),
    onLeak: rules.onLeak.default(null),
    leakEndsAfterHours: rules.leakEndsAfterHours.default(null),
  })
  .refine(({ onLeak, leakEndsAfterHours }) => (onLeak === 'end_after') === (leakEndsAfterHours !== null), {
    path: ['leakEndsAfterHours'],
    error: 'Must be from 1 to 24 with on_leak end_after, and absent with anything else.',
  })
  .meta({ id: 'SetPolicy', examples: [{ maxLifetimeSeconds: 7_776_000, maxKeys: 100 }] })

const policyExample = {
  maxLifetimeSeconds: 7_776_000,
  requireExpiry: false,
  permissions: null,
  cataloguedOnly: false,
  prefixes: null,
  requireAllowedIps: false,
  maxKeys: 100,
  onLeak: null,
  leakEndsAfterHours: null,
  setAt: new Date('2026-01-31T12:00:00Z'),
  revision: '1769860800000',
}

export const policySchema = z
  .strictObject({
    ...rules,
    permissions: z.array(z.string()).nullable().meta({
      description: 'All that may be granted; null for no rule.',
    }),
    prefixes: z.array(z.string()).nullable().meta({
      description: 'What new tokens may begin with; null for no rule.',
    }),
    setAt: instant.nullable().meta({ description: 'When it was last set; null if it never was.' }),
    revision,
  })
  .meta({ id: 'Policy', examples: [policyExample] })

export const changedPolicySchema = policySchema
  .extend(waited)
  .meta({ id: 'ChangedPolicy', examples: [policyExample] })

/** What lists tell of keys that break a policy. */
export const brokenRules = {
  brokenRules: z
    .array(z.enum(policyRules))
    .optional()
    .meta({ description: 'The rules of policies that it breaks; only in lists with `breaks_policy`.' }),
}

/** What keys may be. */
export interface Policy extends z.infer<typeof policySchema> {}
/** The rules of a policy: it has those alone, and a rule that is absent is none. */
export interface SetPolicyInput extends z.input<typeof setPolicySchema> {}
/** The rules of a policy, each with its value. */
export interface PolicyRules extends z.output<typeof setPolicySchema> {}

/**
 * What can be done with policies. New and changed keys must keep that of the deployment and that of their organization, whoever
 * makes them; only the keys of the root organization are exempt.
 */
export interface Policies<Options extends CallOptions = CallOptions> {
  /** Reads the policy of the deployment, which every organization has. */
  get(options?: Options): Promise<Policy>
  /**
   * Replaces the policy of the deployment; what is named is all that it has. Keys that break it stay as they are. Throws
   * `invalid_input`, `root_organization_required`, `precondition_failed`.
   */
  set<Given extends Options & EditOptions = Options>(
    input: SetPolicyInput,
    options?: Given,
  ): Promise<Changed<Policy, Given>>
  /** Reads the policy that an organization has beside that of the deployment. Throws `organization_not_found`. */
  getFor(organizationId: string, options?: Options): Promise<Policy>
  /**
   * Replaces the policy of an organization, which narrows that of the deployment and never widens it. What the root organization
   * has set, only it changes. Throws `invalid_input`, `organization_not_found`, `root_organization`,
   * `root_organization_required`, `precondition_failed`.
   */
  setFor<Given extends Options & EditOptions = Options>(
    organizationId: string,
    input: SetPolicyInput,
    options?: Given,
  ): Promise<Changed<Policy, Given>>
  /**
   * Removes the policy of an organization; again, it changes nothing. Throws `organization_not_found`, `root_organization_required`,
   * `precondition_failed`.
   */
  deleteFor<Given extends Options & EditOptions = Options>(
    organizationId: string,
    options?: Given,
  ): Promise<Done<Given>>
}
