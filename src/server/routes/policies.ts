// The calls on policies: what keys may be.
import { changeDoneSchema, waitSchema } from '../../core/shapes/calls.ts'
import { changedPolicySchema, policySchema, setPolicySchema } from '../../core/shapes/policies.ts'
import { route } from '../parts.ts'
import { done, edit, tagged } from './applied.ts'

const found = [{ status: 200, description: 'The policy.', schema: policySchema, headers: ['ETag'] }] as const
const changed = [
  { status: 200, description: 'The policy.', schema: changedPolicySchema, headers: ['ETag'] },
] as const

export const policyRoutes = [
  route({
    method: 'GET',
    path: '/v1/policy',
    operationId: 'getPolicy',
    tag: 'Policies',
    summary: 'Get the policy of the deployment',
    description:
      'The rules that new and changed keys of every organization must keep. Keys of the root organization are exempt.',
    access: 'latchkey:keys:read',
    answers: found,
    problems: ['too_many_reads'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      tagged(await latchkey.policies.get({ actor: caller, signal })),
  }),
  route({
    method: 'PUT',
    path: '/v1/policy',
    operationId: 'setPolicy',
    tag: 'Policies',
    summary: 'Set the policy of the deployment',
    description:
      'Replaces all of its rules; a rule that is absent is none. It is judged from then on whenever a key is created, imported, rotated or derived, and of a change what that names. Keys that break it stay as they are: `GET /v1/keys?breaks_policy=true` lists them. Requires a key of the root organization.',
    access: 'latchkey:organizations:write',
    query: waitSchema,
    body: setPolicySchema,
    ifMatch: true,
    answers: changed,
    problems: ['root_organization_required'],
    handle: async (call) => edit(call, (options) => call.parts.latchkey.policies.set(call.body, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/organizations/{id}/policy',
    operationId: 'getOrganizationPolicy',
    tag: 'Policies',
    summary: 'Get the policy of an organization',
    description: 'Its own rules, which its keys must keep beside those of the deployment.',
    access: 'latchkey:keys:read',
    answers: found,
    problems: ['too_many_reads', 'organization_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      tagged(await latchkey.policies.getFor(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'PUT',
    path: '/v1/organizations/{id}/policy',
    operationId: 'setOrganizationPolicy',
    tag: 'Policies',
    summary: 'Set the policy of an organization',
    description:
      'Replaces all of its rules. A key must keep these and those of the deployment, so that they narrow that policy and never widen it. An organization sets its own ones; what a key of the root organization has set, only such a key changes.',
    access: 'latchkey:organizations:write',
    query: waitSchema,
    body: setPolicySchema,
    ifMatch: true,
    answers: changed,
    problems: ['organization_not_found', 'root_organization_required', 'root_organization'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.policies.setFor(call.params.id, call.body, options)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/organizations/{id}/policy',
    operationId: 'deleteOrganizationPolicy',
    tag: 'Policies',
    summary: 'Remove the policy of an organization',
    description:
      'That of the deployment stays. Repeated, the call changes nothing. What a key of the root organization has set, only such a key removes.',
    access: 'latchkey:organizations:write',
    query: waitSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'It is removed.', schema: changeDoneSchema }],
    problems: ['organization_not_found', 'root_organization_required', 'root_organization'],
    handle: async (call) =>
      edit(call, (options) => done(call.parts.latchkey.policies.deleteFor(call.params.id, options))),
  }),
]
