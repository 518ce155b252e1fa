// Plans: named sets of permissions and limits that organizations share.
import { z } from 'zod'
import { instant, permissionsSchema } from '../fields.ts'
import { type CallOptions, type Changed, type Done, type EditOptions, revision, waited } from './calls.ts'
import { limitsSchema, nameOf, plainLimitSchema } from './limits.ts'
import { type List, pageFields } from './page.ts'

const planName = nameOf('plan', 'pro')
const permissions = permissionsSchema.nullable().meta({
  description:
    'All that keys of its organizations may do, whatever they hold; null for no bound. The `latchkey:` permissions have none.',
})
const limits = limitsSchema.meta({ description: 'All keys of an organization draw from these together.' })
const keyLimits = limitsSchema.meta({
  description:
    "Each key has these of its own. A key's own limit of the same name counts instead if it is tighter, or was set with `latchkey:limits:write`.",
})

export const createPlanSchema = z
  .strictObject({
    name: planName,
    permissions: permissions.default(null),
    limits: limits.default([]),
    keyLimits: keyLimits.default([]),
  })
  .meta({
    id: 'CreatePlan',
    examples: [{ name: 'pro', keyLimits: [{ name: 'requests', limit: 100, windowSeconds: 60 }] }],
  })

export const updatePlanSchema = z
  .strictObject({
    permissions: permissions.optional(),
    limits: limits.nullish(),
    keyLimits: keyLimits.nullish(),
  })
  .refine(
    ({ permissions: given, limits: ofAll, keyLimits: ofEach }) =>
      given !== undefined || (ofAll ?? ofEach) != null,
    'Must name at least one field to change.',
  )
  .meta({ id: 'UpdatePlan', examples: [{ permissions: ['emails:*'] }], minProperties: 1 })

export const listPlansSchema = z.strictObject({ ...pageFields })

const planExample = {
  name: 'pro',
  permissions: null,
  limits: [],
  keyLimits: [{ name: 'requests', limit: 100, windowSeconds: 60, burst: 100, defaultCost: 1 }],
  createdAt: new Date('2026-01-31T12:00:00Z'),
  revision: '1769860800000',
}

export const planSchema = z
  .strictObject({
    name: planName,
    permissions: z.array(z.string()).nullable().meta({
      description: 'All that keys of its organizations may do, whatever they hold; null for no bound.',
    }),
    limits: z
      .array(plainLimitSchema)
      .meta({ description: 'What all keys of an organization draw from together.' }),
    keyLimits: z.array(plainLimitSchema).meta({ description: 'What each key has of its own.' }),
    createdAt: instant.meta({ description: 'When it was created.' }),
    revision,
  })
  .meta({ id: 'Plan', examples: [planExample] })

export const planDetailsSchema = planSchema
  .extend({ organizations: z.int().min(0).meta({ description: 'How many organizations are on it.' }) })
  .meta({ id: 'PlanDetails', examples: [{ ...planExample, organizations: 12 }] })

export const changedPlanSchema = planSchema
  .extend(waited)
  .meta({ id: 'ChangedPlan', examples: [planExample] })

/** A named set of permissions and limits that organizations share. */
export interface Plan extends z.infer<typeof planSchema> {}
/** A plan, with the number of its organizations. */
export interface PlanDetails extends z.infer<typeof planDetailsSchema> {}
/** A plan to make. */
export interface CreatePlanInput extends z.input<typeof createPlanSchema> {}
/** What to change of a plan; a field that is absent stays as it is. */
export interface UpdatePlanInput extends z.input<typeof updatePlanSchema> {}
/** Which plans are listed, by their names. */
export interface ListPlansInput extends z.input<typeof listPlansSchema> {}

/** What can be done with plans, by keys of the root organization. */
export interface Plans<Options extends CallOptions = CallOptions>
  extends List<ListPlansInput, Plan, Options> {
  /** Creates a plan. Throws `invalid_input`, `plan_exists`, `missing_permission`, `root_organization_required`. */
  create(input: CreatePlanInput, options?: Options): Promise<Plan>
  /** Reads a plan. Throws `plan_not_found`. */
  get(name: string, options?: Options): Promise<PlanDetails>
  /**
   * Changes the given fields for all organizations of the plan, and keeps the rest. Throws `invalid_input`, `plan_not_found`,
   * `precondition_failed`.
   */
  update<Given extends Options & EditOptions = Options>(
    name: string,
    input: UpdatePlanInput,
    options?: Given,
  ): Promise<Changed<Plan, Given>>
  /** Deletes a plan on which no organization is. Throws `plan_not_found`, `plan_in_use`, `precondition_failed`. */
  delete<Given extends Options & EditOptions = Options>(name: string, options?: Given): Promise<Done<Given>>
}
