// The calls on prefixes: what the tokens of new keys may begin with.
import { prefixesSchema, setPrefixesSchema } from '../../core/shapes/prefixes.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'

export const prefixRoutes = [
  route({
    method: 'GET',
    path: '/v1/prefixes',
    operationId: 'listPrefixes',
    tag: 'Keys',
    summary: 'List the prefixes of new keys',
    description: 'What the tokens of new keys may begin with, such as one prefix for each environment.',
    access: 'latchkey:keys:read',
    answers: [{ status: 200, description: 'The prefixes.', schema: prefixesSchema }],
    problems: ['too_many_reads'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.keys.listPrefixes({ actor: caller, signal })),
  }),
  route({
    method: 'PATCH',
    path: '/v1/prefixes',
    operationId: 'setPrefixes',
    tag: 'Keys',
    summary: 'Set the prefixes of new keys',
    description:
      'Replaces the list. Keys with a prefix that is no longer on it keep it, and stay valid. At its start, a server adds the prefixes of its own setting again. Requires a key of the root organization.',
    access: 'latchkey:organizations:write',
    body: setPrefixesSchema,
    answers: [{ status: 200, description: 'The prefixes.', schema: prefixesSchema }],
    problems: ['root_organization_required'],
    handle: async ({ parts: { latchkey }, body, caller }) =>
      json(await latchkey.keys.setPrefixes(body, { actor: caller })),
  }),
]
