// The calls on plans.
import { z } from 'zod'
import { changeDoneSchema, waitSchema } from '../../core/shapes/calls.ts'
import {
  changedPlanSchema,
  createPlanSchema,
  listPlansSchema,
  planDetailsSchema,
  planSchema,
  updatePlanSchema,
} from '../../core/shapes/plans.ts'
import { answerPage } from '../../http/paging.ts'
import { route } from '../parts.ts'
import { done, edit, making, tagged } from './applied.ts'

export const planRoutes = [
  route({
    method: 'POST',
    path: '/v1/plans',
    operationId: 'createPlan',
    tag: 'Limits',
    summary: 'Create a plan',
    description:
      'A named set of permissions and limits for organizations. Requires a key of the root organization.',
    access: 'latchkey:limits:write',
    body: createPlanSchema,
    answers: [{ status: 200, description: 'The plan.', schema: planSchema, headers: ['ETag'] }],
    problems: ['root_organization_required', 'plan_exists'],
    once: true,
    handle: async (call) => tagged(await call.parts.latchkey.plans.create(call.body, making(call))),
  }),
  route({
    method: 'GET',
    path: '/v1/plans',
    operationId: 'listPlans',
    tag: 'Limits',
    summary: 'List plans',
    description: 'By their names. Requires a key of the root organization.',
    access: 'latchkey:organizations:read',
    query: listPlansSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(planSchema), headers: ['Link'] }],
    problems: ['root_organization_required', 'too_many_reads'],
    handle: (call) => answerPage(call, (options) => call.parts.latchkey.plans.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/plans/{name}',
    operationId: 'getPlan',
    tag: 'Limits',
    summary: 'Get a plan',
    description: 'Tells how many organizations are on it, too. Requires a key of the root organization.',
    access: 'latchkey:organizations:read',
    answers: [{ status: 200, description: 'The plan.', schema: planDetailsSchema, headers: ['ETag'] }],
    problems: ['root_organization_required', 'too_many_reads', 'plan_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      tagged(await latchkey.plans.get(params.name, { actor: caller, signal })),
  }),
  route({
    method: 'PATCH',
    path: '/v1/plans/{name}',
    operationId: 'updatePlan',
    tag: 'Limits',
    summary: 'Change a plan',
    description:
      'Changes the given fields for all organizations of the plan, and keeps the rest. Requires a key of the root organization.',
    access: 'latchkey:limits:write',
    query: waitSchema,
    body: updatePlanSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'The plan.', schema: changedPlanSchema, headers: ['ETag'] }],
    problems: ['root_organization_required', 'plan_not_found'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.plans.update(call.params.name, call.body, options)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/plans/{name}',
    operationId: 'deletePlan',
    tag: 'Limits',
    summary: 'Delete a plan',
    description:
      'Deletes a plan on which no organization is; `plan_in_use` says how many are. Requires a key of the root organization.',
    access: 'latchkey:limits:write',
    query: waitSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'It is deleted.', schema: changeDoneSchema }],
    problems: ['root_organization_required', 'plan_not_found', 'plan_in_use'],
    handle: async (call) =>
      edit(call, (options) => done(call.parts.latchkey.plans.delete(call.params.name, options))),
  }),
]
