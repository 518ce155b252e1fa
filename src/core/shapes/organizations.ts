// Organizations: what is given, what is told, and what can be done with them.
import { z } from 'zod'
import { maxPermissions } from '../bounds.ts'
import { instant, organizationIdSchema, permissionSchema, text } from '../fields.ts'
import { isReserved } from '../permissions.ts'
import { signInPolicies } from '../sign-in-reach.ts'
import {
  type CallOptions,
  type Changed,
  type EditOptions,
  revision,
  type WaitOptions,
  waited,
} from './calls.ts'
import type { SuspendInput } from './key-changes.ts'
import {
  type AddUnitsInput,
  type LimitState,
  limitStateSchema,
  limitsSchema,
  nameOf,
  planLimitsSchema,
} from './limits.ts'
import { type List, nameSchema, pageFields } from './page.ts'

const signInText =
  'By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in fresh.'
const limits = limitsSchema.meta({
  description: 'All of its keys draw from these. Setting them takes `latchkey:limits:write`.',
})
const plan = nameOf('plan', 'pro')
  .nullable()
  .meta({ description: 'The name of its plan; null for none. Setting it takes `latchkey:limits:write`.' })

export const createOrganizationSchema = z
  .strictObject({
    id: organizationIdSchema.optional().meta({
      description: 'If absent: a new UUID. Choose a UUID if programs of the organization take no other ids.',
    }),
    name: nameSchema,
    limits: limits.default([]),
    plan: plan.default(null),
  })
  .meta({ id: 'CreateOrganization', examples: [{ id: 'acme', name: 'Acme' }] })

export const updateOrganizationSchema = z
  .strictObject({
    name: nameSchema.optional(),
    grantablePermissions: z
      .array(
        permissionSchema.refine((permission) => !isReserved(permission), 'Must not begin with latchkey:.'),
        { error: 'Must be a list of permissions.' },
      )
      .max(maxPermissions, `Must have at most ${maxPermissions} permissions.`)
      .optional()
      .meta({
        description:
          'What its members may grant to its keys. Replaces the current list; takes the root organization.',
      }),
    signIn: z
      .enum(signInPolicies, { error: 'Must be any or provider.' })
      .optional()
      .meta({ description: `${signInText} Setting it takes the root organization.` }),
    limits: limitsSchema
      .nullish()
      .meta({ description: 'Replaces what it has; null keeps it, as if absent.' }),
    plan: plan.optional(),
  })
  .refine(
    ({ name, limits: given, plan: planned, grantablePermissions, signIn }) =>
      (name ?? given ?? signIn ?? grantablePermissions) != null || planned !== undefined,
    'Must name at least one field to change.',
  )
  .meta({ id: 'UpdateOrganization', examples: [{ name: 'Acme, Inc.' }], minProperties: 1 })

export const listOrganizationsSchema = z.strictObject({
  q: text(256)
    .optional()
    .meta({ description: 'Only organizations whose name or id contains this text, case-insensitive.' }),
  ...pageFields,
})

const organizationExample = {
  id: 'acme',
  name: 'Acme',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  limits: [],
  plan: null,
  suspendedAt: null,
  suspendedBy: null,
  suspendedReason: null,
  grantablePermissions: ['emails:*'],
  signIn: 'any' as const,
  revision: '1769860800000',
}

export const organizationSchema = z
  .strictObject({
    id: organizationIdSchema.meta({ description: 'The id, as it was chosen or made; it never changes.' }),
    name: nameSchema,
    createdAt: instant.meta({ description: 'When it was created.' }),
    limits: z
      .array(limitStateSchema)
      .meta({ description: 'Its own limits, from which all of its keys draw, with what is left of them.' }),
    plan: nameOf('plan', 'pro').nullable().meta({ description: 'The name of its plan; null for none.' }),
    suspendedAt: instant
      .nullable()
      .meta({ description: 'Since when it is suspended, with all of its keys; null if it is not.' }),
    suspendedBy: z
      .string()
      .nullable()
      .meta({ description: 'The id of the key that suspended it; null for the operator, and if it is not.' }),
    suspendedReason: z.string().nullable().meta({ description: 'Why it is suspended, for people.' }),
    grantablePermissions: z.array(z.string()).meta({
      description:
        'What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant everything there.',
    }),
    signIn: z.enum(signInPolicies).meta({ description: signInText }),
    revision,
  })
  .meta({ id: 'Organization', examples: [organizationExample] })

/** An organization, with what its plan adds. */
export const organizationDetailsSchema = organizationSchema
  .extend({ planLimits: planLimitsSchema })
  .meta({ id: 'OrganizationDetails', examples: [organizationExample] })

/** An organization after a change. */
export const changedOrganizationSchema = organizationSchema
  .extend(waited)
  .meta({ id: 'ChangedOrganization', examples: [organizationExample] })

/** A customer of the operator, which owns keys. */
export interface Organization extends z.infer<typeof organizationSchema> {}
/** An organization, with the limits that its plan adds. */
export interface OrganizationDetails extends z.infer<typeof organizationDetailsSchema> {}
/** An organization to make: its name, and an id of the operator's own; a new UUID if absent. */
export interface CreateOrganizationInput extends z.input<typeof createOrganizationSchema> {}
/** What to change of an organization. */
export interface UpdateOrganizationInput extends z.input<typeof updateOrganizationSchema> {}
/** Which organizations are listed, newest first. */
export interface ListOrganizationsInput extends z.input<typeof listOrganizationsSchema> {}

/** What can be done with organizations. */
export interface Organizations<Options extends CallOptions = CallOptions>
  extends List<ListOrganizationsInput, Organization, Options> {
  /** Creates an organization. Throws `invalid_input`, `organization_exists`, `root_organization_required`. */
  create(input: CreateOrganizationInput, options?: Options): Promise<Organization>
  /** Reads an organization. Throws `organization_not_found`. */
  get(id: string, options?: Options): Promise<OrganizationDetails>
  /**
   * Changes the given fields and keeps the rest. Throws `invalid_input`, `organization_not_found`, `plan_not_found`,
   * `missing_permission` for limits and plan, `precondition_failed`.
   */
  update<Given extends Options & EditOptions = Options>(
    id: string,
    input: UpdateOrganizationInput,
    options?: Given,
  ): Promise<Changed<Organization, Given>>
  /**
   * Suspends an organization until it is resumed: all of its keys are refused, its sessions end, and its webhooks wait. Again, it
   * changes nothing. Throws `invalid_input`, `organization_not_found`, `root_organization_required`, `root_organization` for
   * the root organization, `precondition_failed`.
   */
  suspend<Given extends Options & EditOptions = Options>(
    id: string,
    input?: SuspendInput,
    options?: Given,
  ): Promise<Changed<Organization, Given>>
  /**
   * Resumes a suspended organization; one that is not suspended stays as it is. Throws `organization_not_found`,
   * `root_organization_required`, `precondition_failed`.
   */
  resume<Given extends Options & EditOptions = Options>(
    id: string,
    options?: Given,
  ): Promise<Changed<Organization, Given>>
  /**
   * Adds units to a quota of the organization for its current period; negative: takes them away. Throws
   * `organization_not_found`, `root_organization_required`, `limit_not_found`, `missing_permission`, `invalid_input` for a
   * rate, `reference_used`.
   */
  addUnits<Given extends Options & WaitOptions = Options>(
    id: string,
    name: string,
    input: AddUnitsInput,
    options?: Given,
  ): Promise<Changed<LimitState, Given>>
}
