// The calls on the catalogue of permissions.
import { z } from 'zod'
import { catalogueEntrySchema, describePermissionsSchema } from '../../core/shapes/catalogue.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'

const answers = [
  { status: 200, description: 'The catalogue, by names.', schema: z.array(catalogueEntrySchema) },
] as const

export const catalogueRoutes = [
  route({
    method: 'GET',
    path: '/v1/permissions',
    operationId: 'listCatalogue',
    tag: 'Keys',
    summary: 'List the catalogue of permissions',
    description:
      'What the operator says of the permissions that its API knows, at most 1000: `GET /v1/keys/permissions` has those in use.',
    access: 'latchkey:keys:read',
    answers,
    problems: ['too_many_reads'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.keys.listCatalogue({ actor: caller, signal })),
  }),
  route({
    method: 'PATCH',
    path: '/v1/permissions',
    operationId: 'describePermissions',
    tag: 'Keys',
    summary: 'Change the catalogue of permissions',
    description:
      'Describes permissions, and removes others; keys keep what they hold. The answer is the whole catalogue. Requires a key of the root organization.',
    access: 'latchkey:permissions:write',
    rootOnly: 'change the catalogue of permissions',
    body: describePermissionsSchema,
    bodyLimit: 1024 * 1024,
    answers,
    problems: ['root_organization_required'],
    handle: async ({ parts: { latchkey }, body, caller }) =>
      json(await latchkey.keys.describePermissions(body, { actor: caller })),
  }),
]
