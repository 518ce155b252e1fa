// The calls on limits: units are added to quotas. Limits themselves are set with their keys and organizations.
import { waitSchema } from '../../core/shapes/calls.ts'
import { addUnitsSchema, changedLimitSchema } from '../../core/shapes/limits.ts'
import { route } from '../parts.ts'
import { change } from './applied.ts'

export const limitRoutes = [
  route({
    method: 'POST',
    path: '/v1/keys/{id}/limits/{name}/units',
    operationId: 'addKeyUnits',
    tag: 'Limits',
    summary: 'Add units to a quota of a key',
    description:
      'For the current period; negative: takes them away. With a `reference`, the same units are added once, however often the call is repeated.',
    access: 'latchkey:limits:write',
    query: waitSchema,
    body: addUnitsSchema,
    answers: [{ status: 200, description: 'The limit, with what is left.', schema: changedLimitSchema }],
    problems: ['key_not_found', 'limit_not_found', 'reference_used'],
    once: true,
    handle: async (call) => {
      const { id, name } = call.params
      return change(call, (options) => call.parts.latchkey.keys.addUnits(id, name, call.body, options))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/organizations/{id}/limits/{name}/units',
    operationId: 'addOrganizationUnits',
    tag: 'Limits',
    summary: 'Add units to a quota of an organization',
    description:
      'For the current period; negative: takes them away. With a `reference`, the same units are added once, however often the call is repeated.',
    access: 'latchkey:limits:write',
    query: waitSchema,
    body: addUnitsSchema,
    answers: [{ status: 200, description: 'The limit, with what is left.', schema: changedLimitSchema }],
    problems: ['organization_not_found', 'root_organization_required', 'limit_not_found', 'reference_used'],
    once: true,
    handle: async (call) => {
      const { id, name } = call.params
      return change(call, (options) =>
        call.parts.latchkey.organizations.addUnits(id, name, call.body, options),
      )
    },
  }),
]
