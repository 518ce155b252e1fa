// The calls on organizations.
import { z } from 'zod'
import { requirePermission } from '../../core/access.ts'
import { waitSchema } from '../../core/shapes/calls.ts'
import { suspendSchema } from '../../core/shapes/key-changes.ts'
import {
  changedOrganizationSchema,
  createOrganizationSchema,
  listOrganizationsSchema,
  organizationDetailsSchema,
  organizationSchema,
  updateOrganizationSchema,
} from '../../core/shapes/organizations.ts'
import { answerPage } from '../../http/paging.ts'
import { route } from '../parts.ts'
import { edit, making, tagged } from './applied.ts'

export const organizationRoutes = [
  route({
    method: 'POST',
    path: '/v1/organizations',
    operationId: 'createOrganization',
    tag: 'Organizations',
    summary: 'Create an organization',
    description: 'Requires a key of the root organization. If `id` is absent, the server generates a UUID.',
    access: 'latchkey:organizations:write',
    body: createOrganizationSchema,
    answers: [
      { status: 200, description: 'The organization.', schema: organizationSchema, headers: ['ETag'] },
    ],
    problems: ['root_organization_required', 'organization_exists', 'plan_not_found'],
    once: true,
    handle: async (call) => tagged(await call.parts.latchkey.organizations.create(call.body, making(call))),
  }),
  route({
    method: 'GET',
    path: '/v1/organizations',
    operationId: 'listOrganizations',
    tag: 'Organizations',
    summary: 'List organizations',
    description: 'Newest first. A key outside the root organization lists its own organization only.',
    access: 'latchkey:organizations:read',
    query: listOrganizationsSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(organizationSchema), headers: ['Link'] },
    ],
    problems: ['too_many_reads'],
    handle: (call) =>
      answerPage(call, (options) => call.parts.latchkey.organizations.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/organizations/{id}',
    operationId: 'getOrganization',
    tag: 'Organizations',
    summary: 'Get an organization',
    description:
      'Requires `latchkey:organizations:read`, unless it is the organization of the calling key: every key may read that.',
    access: 'any key',
    answers: [
      { status: 200, description: 'The organization.', schema: organizationDetailsSchema, headers: ['ETag'] },
    ],
    problems: ['missing_permission', 'too_many_reads', 'organization_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) => {
      if (params.id !== caller.organizationId) requirePermission(caller, 'latchkey:organizations:read')
      return tagged(await latchkey.organizations.get(params.id, { actor: caller, signal }))
    },
  }),
  route({
    method: 'PATCH',
    path: '/v1/organizations/{id}',
    operationId: 'updateOrganization',
    tag: 'Organizations',
    summary: 'Change an organization',
    description:
      'Changes the given fields and keeps the rest. Limits and plan are set by keys of the root organization that hold `latchkey:limits:write`.',
    access: 'latchkey:organizations:write',
    query: waitSchema,
    body: updateOrganizationSchema,
    ifMatch: true,
    answers: [
      { status: 200, description: 'The organization.', schema: changedOrganizationSchema, headers: ['ETag'] },
    ],
    problems: ['organization_not_found', 'plan_not_found', 'root_organization_required'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.organizations.update(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/organizations/{id}/suspend',
    operationId: 'suspendOrganization',
    tag: 'Organizations',
    summary: 'Suspend an organization',
    description:
      'Refuses all of its keys until it is resumed, ends their sessions, and holds its webhooks. Its keys are not rotated meanwhile. Requires a key of the root organization, which itself cannot be suspended. Repeated, the call changes nothing. The body is optional.',
    access: 'latchkey:organizations:write',
    query: waitSchema,
    body: suspendSchema,
    bodyOptional: true,
    ifMatch: true,
    answers: [
      { status: 200, description: 'The organization.', schema: changedOrganizationSchema, headers: ['ETag'] },
    ],
    problems: ['organization_not_found', 'root_organization_required', 'root_organization'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.organizations.suspend(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/organizations/{id}/resume',
    operationId: 'resumeOrganization',
    tag: 'Organizations',
    summary: 'Resume a suspended organization',
    description:
      'Its webhooks go on where they were held. An organization that is not suspended stays as it is. Requires a key of the root organization.',
    access: 'latchkey:organizations:write',
    query: waitSchema,
    ifMatch: true,
    answers: [
      { status: 200, description: 'The organization.', schema: changedOrganizationSchema, headers: ['ETag'] },
    ],
    problems: ['organization_not_found', 'root_organization_required'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.organizations.resume(call.params.id, options)),
  }),
]
