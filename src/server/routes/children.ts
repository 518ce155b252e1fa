// The calls on the children of keys.
import { z } from 'zod'
import { changeDoneSchema, waitSchema } from '../../core/shapes/calls.ts'
import { deriveKeySchema } from '../../core/shapes/key-changes.ts'
import { listChildrenSchema } from '../../core/shapes/key-lists.ts'
import { createdKeySchema, keySchema } from '../../core/shapes/keys.ts'
import { answerPage } from '../../http/paging.ts'
import { route } from '../parts.ts'
import { change, done, making, tagged } from './applied.ts'

export const childRoutes = [
  route({
    method: 'POST',
    path: '/v1/keys/self/children',
    operationId: 'deriveKey',
    tag: 'Keys',
    summary: 'Create a child of the calling key',
    description:
      'A child may do no more than its parent at any instant, draws from the limits of its parent too, and ends with it: when it is revoked, suspended or expired, and with the token by which it was made. It lives for an hour unless `expires_at` says otherwise, and never longer than its parent. A key has at most 10,000 live children, and a line at most 4 keys.',
    access: 'latchkey:self:derive',
    body: deriveKeySchema,
    answers: [
      { status: 200, description: 'The key, with its token.', schema: createdKeySchema, headers: ['ETag'] },
    ],
    problems: [
      ...(['permission_escalation', 'policy', 'line_too_long'] as const),
      ...(['too_many_children', 'fresh_sign_in_required'] as const),
    ],
    once: true,
    handle: async (call) => tagged(await call.parts.latchkey.keys.derive(call.body, making(call))),
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/self/children/{id}',
    operationId: 'revokeChild',
    tag: 'Keys',
    summary: 'Revoke a child of the calling key',
    description: 'Cannot be undone. Repeated, the call answers the same.',
    access: 'latchkey:self:derive',
    query: waitSchema,
    answers: [{ status: 200, description: 'It is revoked.', schema: changeDoneSchema }],
    problems: ['key_not_found'],
    handle: async (call) =>
      change(call, (options) => done(call.parts.latchkey.keys.revokeChild(call.params.id, options))),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/{id}/children',
    operationId: 'listChildren',
    tag: 'Keys',
    summary: 'List the children of a key',
    description:
      'Newest first, ended ones included. `status` is what a child is by itself: it may end before, with its parent.',
    access: 'latchkey:keys:read',
    query: listChildrenSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(keySchema), headers: ['Link'] }],
    problems: ['too_many_reads', 'key_not_found'],
    handle: (call) =>
      answerPage(call, (options) =>
        call.parts.latchkey.keys.listChildren(call.params.id, call.query, options),
      ),
  }),
]
