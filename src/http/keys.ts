// The calls on keys.
import { z } from 'zod'
import {
  createdKeySchema,
  createKeySchema,
  keyDetailsSchema,
  keySchema,
  listKeysSchema,
  rotateKeySchema,
  updateKeySchema,
} from '../schemas.ts'
import { page } from './pages.ts'
import { json } from './reply.ts'
import { route } from './route.ts'

/** The answer of a call that has nothing to say but that it was done. */
export const doneSchema = z.strictObject({ success: z.literal(true) })
const done = { success: true }

export const keyRoutes = [
  route({
    method: 'POST',
    path: '/v1/keys',
    operationId: 'createKey',
    tag: 'Keys',
    summary: 'Create a key',
    description:
      'The answer is the only one that ever holds the token. What is granted must be covered by what the calling key holds; a key of the root organization may grant anything outside `latchkey:`.',
    access: 'latchkey:keys:write',
    body: createKeySchema,
    answers: [{ status: 200, description: 'The key, with its token.', schema: createdKeySchema }],
    problems: ['permission_escalation', 'root_organization_required', 'organization_not_found'],
    handle: async ({ latchkey, body, caller }) => json(await latchkey.keys.create(body, caller)),
  }),
  route({
    method: 'GET',
    path: '/v1/keys',
    operationId: 'listKeys',
    tag: 'Keys',
    summary: 'List keys',
    description: 'A key of the root organization sees every organization, unless it names one.',
    access: 'latchkey:keys:read',
    query: listKeysSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(keySchema), headers: ['Link'] }],
    problems: ['organization_not_found'],
    handle: async ({ latchkey, query, rawQuery, caller }) =>
      page(await latchkey.keys.list(query, caller), '/v1/keys', rawQuery),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/self',
    operationId: 'getOwnKey',
    tag: 'Keys',
    summary: 'Get the key that asks',
    description: 'Takes no permission: whoever holds a token may ask what it is.',
    access: 'any key',
    answers: [{ status: 200, description: 'The calling key.', schema: keySchema }],
    handle: async ({ latchkey, caller }) => {
      const { secrets: _, ...key } = await latchkey.keys.get(caller.keyId, caller)
      return json(key)
    },
  }),
  route({
    method: 'GET',
    path: '/v1/keys/{id}',
    operationId: 'getKey',
    tag: 'Keys',
    summary: 'Get a key and its secrets',
    access: 'latchkey:keys:read',
    answers: [{ status: 200, description: 'The key.', schema: keyDetailsSchema }],
    problems: ['key_not_found'],
    handle: async ({ latchkey, params, caller }) => json(await latchkey.keys.get(params.id, caller)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/keys/{id}',
    operationId: 'updateKey',
    tag: 'Keys',
    summary: 'Change a key',
    description: 'Changes what is named and leaves the rest.',
    access: 'latchkey:keys:write',
    body: updateKeySchema,
    answers: [{ status: 200, description: 'The key.', schema: keySchema }],
    problems: ['permission_escalation', 'key_not_found', 'key_revoked'],
    handle: async ({ latchkey, params, body, caller }) =>
      json(await latchkey.keys.update(params.id, body, caller)),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/{id}/rotate',
    operationId: 'rotateKey',
    tag: 'Keys',
    summary: 'Give a key a new token',
    description:
      'The old token stays valid until the grace ends, never past the expiry of the key. Without a grace every older token ends at once. The body may be left out.',
    access: 'latchkey:keys:write',
    body: rotateKeySchema,
    bodyOptional: true,
    answers: [{ status: 200, description: 'The key, with its new token.', schema: createdKeySchema }],
    problems: [
      'permission_escalation',
      'key_not_found',
      'key_revoked',
      'key_expired',
      'rotation_in_progress',
    ],
    handle: async ({ latchkey, params, body, caller }) =>
      json(await latchkey.keys.rotate(params.id, body, caller)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{id}/secrets/{kid}',
    operationId: 'endKeySecret',
    tag: 'Keys',
    summary: 'End the grace of an old token now',
    access: 'latchkey:keys:write',
    answers: [{ status: 200, description: 'It opens nothing any more.', schema: doneSchema }],
    problems: ['key_not_found', 'secret_not_found', 'last_secret'],
    handle: async ({ latchkey, params, caller }) => {
      await latchkey.keys.endSecret(params.id, params.kid, caller)
      return json(done)
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{id}',
    operationId: 'revokeKey',
    tag: 'Keys',
    summary: 'Revoke a key for ever',
    description: 'Final. Again, it answers the same and keeps the first `revoked_at`.',
    access: 'latchkey:keys:write',
    answers: [{ status: 200, description: 'It is revoked.', schema: doneSchema }],
    problems: ['key_not_found'],
    handle: async ({ latchkey, params, caller }) => {
      await latchkey.keys.revoke(params.id, caller)
      return json(done)
    },
  }),
]
