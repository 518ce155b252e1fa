// The calls on keys.
import { z } from 'zod'
import { maxImportBytes, secretsPage } from '../../core/bounds.ts'
import { parseInput } from '../../core/input.ts'
import { bulkChangeSchema, bulkResultSchema } from '../../core/shapes/bulk-changes.ts'
import { changeDoneSchema, doneSchema, waitSchema } from '../../core/shapes/calls.ts'
import { importKeysSchema, importOutcomeSchema, recipeUseSchema } from '../../core/shapes/imports.ts'
import {
  createKeySchema,
  revokeKeySchema,
  suspendSchema,
  updateKeySchema,
} from '../../core/shapes/key-changes.ts'
import { listKeysSchema, listPermissionsSchema } from '../../core/shapes/key-lists.ts'
import { keyPermissionsSchema, permissionUseSchema } from '../../core/shapes/key-permissions.ts'
import {
  changedKeySchema,
  createdKeySchema,
  getKeySchema,
  keyDetailsSchema,
  keySchema,
  rotatedKeySchema,
} from '../../core/shapes/keys.ts'
import { keyPlacesSchema } from '../../core/shapes/places.ts'
import { previewKeySchema } from '../../core/shapes/preview-changes.ts'
import { keyPreviewSchema } from '../../core/shapes/previews.ts'
import { rotateKeySchema } from '../../core/shapes/rotations.ts'
import { answerPage, linkToNext } from '../../http/paging.ts'
import { faultsUnderWireNames, json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { change, done, edit, making, tagged } from './applied.ts'

export const keyRoutes = [
  route({
    method: 'POST',
    path: '/v1/keys',
    operationId: 'createKey',
    tag: 'Keys',
    summary: 'Create a key',
    description:
      'No other answer ever contains the token. The calling key must cover the permissions that it grants; a key of the root organization may grant anything outside `latchkey:`. A key that expires cannot create a key of its own organization that expires later. To set `metadata`, the calling key needs to be of the root organization, or to hold `latchkey:metadata:write`.',
    access: 'latchkey:keys:write',
    body: createKeySchema,
    answers: [
      { status: 200, description: 'The key, with its token.', schema: createdKeySchema, headers: ['ETag'] },
    ],
    problems: [
      'permission_escalation',
      'policy',
      'root_organization_required',
      'organization_not_found',
      'fresh_sign_in_required',
      'key_not_found',
      'key_revoked',
      'key_expired',
      'line_too_long',
      'decoy_key',
      'too_many_children',
    ],
    once: true,
    handle: async (call) => tagged(await call.parts.latchkey.keys.create(call.body, making(call))),
  }),
  route({
    method: 'GET',
    path: '/v1/keys',
    operationId: 'listKeys',
    tag: 'Keys',
    summary: 'List keys',
    description:
      'A key of the root organization lists the keys of every organization, unless the query names one. All filters hold at once. A search that finds little answers a short page after a tenth of a second, with the way to go on. To find a key by what you have of its token, send its kid or its hint with `status=all`, and never the token.',
    access: 'latchkey:keys:read',
    query: listKeysSchema,
    answers: [
      {
        status: 200,
        description: 'One page.',
        schema: z.array(keySchema),
        headers: ['Link', 'Latchkey-Total-Count'],
      },
    ],
    problems: ['too_many_reads', 'organization_not_found'],
    handle: (call) => answerPage(call, (options) => call.parts.latchkey.keys.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/self',
    operationId: 'getOwnKey',
    tag: 'Keys',
    summary: 'Get the calling key',
    description: 'Requires no permission.',
    access: 'any key',
    answers: [{ status: 200, description: 'The calling key.', schema: keySchema, headers: ['ETag'] }],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      tagged(await latchkey.keys.self({ actor: caller, signal })),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/permissions',
    operationId: 'listPermissions',
    tag: 'Keys',
    summary: 'List the permissions in use',
    description:
      'The permissions that the newest 1000 active keys hold, each with the number of keys that hold it: most used first, at most 200.',
    access: 'latchkey:keys:read',
    query: listPermissionsSchema,
    answers: [{ status: 200, description: 'The permissions.', schema: z.array(permissionUseSchema) }],
    problems: ['too_many_reads', 'organization_not_found'],
    handle: async ({ parts: { latchkey }, query, caller, signal }) =>
      json(await latchkey.keys.listPermissions(query, { actor: caller, signal })),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/import',
    operationId: 'importKeys',
    tag: 'Keys',
    summary: 'Import keys with the tokens of another system',
    description:
      'Makes up to 1000 keys whose tokens another system has made: the tokens themselves, or the hashes that the other system keeps. A token has 16 to 512 visible ASCII characters. Each item is checked by itself, and the answer tells in the same order what became of it: the good ones are made, and an item that is sent again is `exists`. Root organization only. The keys hold no permission of `latchkey:`. A deployment has at most 4 ways (`scheme`, `of`, `pepper`) in which tokens are hashed.',
    access: 'latchkey:keys:write',
    rootOnly: 'import keys',
    body: importKeysSchema,
    bodyLimit: maxImportBytes,
    answers: [
      {
        status: 200,
        description: 'What became of each, in the order of the list.',
        schema: z.array(importOutcomeSchema),
      },
    ],
    problems: ['root_organization_required', 'fresh_sign_in_required'],
    handle: async ({ parts: { latchkey }, body, caller, signal }) =>
      json(
        (await latchkey.keys.import(body, { actor: caller, signal })).map(({ errors, ...outcome }) =>
          errors === undefined ? outcome : { ...outcome, errors: faultsUnderWireNames(errors) },
        ),
      ),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/recipes',
    operationId: 'listRecipes',
    tag: 'Keys',
    summary: 'List the ways in which imported tokens are found',
    description: 'Root organization only.',
    access: 'latchkey:keys:read',
    answers: [{ status: 200, description: 'The ways.', schema: z.array(recipeUseSchema) }],
    problems: ['too_many_reads', 'root_organization_required'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.keys.listRecipes({ actor: caller, signal })),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/{id}',
    operationId: 'getKey',
    tag: 'Keys',
    summary: 'Get a key and its secrets',
    description:
      'The newest 100 secrets; if there may be more, `Link` leads to the next ones. A key keeps the newest 1000 secrets that have ended; a token of an older one is `not_found`.',
    query: getKeySchema,
    access: 'latchkey:keys:read',
    answers: [{ status: 200, description: 'The key.', schema: keyDetailsSchema, headers: ['Link', 'ETag'] }],
    problems: ['too_many_reads', 'key_not_found', 'secret_not_found'],
    handle: async ({ parts: { latchkey }, params, query, caller, signal }) => {
      const { secretsAfter } = parseInput(getKeySchema, query)
      const key = await latchkey.keys.get(params.id, { actor: caller, signal, secretsAfter })
      const last = key.secrets.length === secretsPage ? key.secrets.at(-1) : undefined
      return tagged(key, last && linkToNext(new URLSearchParams({ secrets_after: last.kid })))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/keys/{id}/permissions',
    operationId: 'readKeyPermissions',
    tag: 'Keys',
    summary: 'Read which permissions of a key its calls need',
    description:
      'How many valid calls of the last 90 days needed each permission of the key, and the least that would have admitted them. Processes write what they count within ten seconds.',
    access: 'latchkey:usage:read',
    answers: [{ status: 200, description: 'The permissions.', schema: keyPermissionsSchema }],
    problems: ['too_many_reads', 'key_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      json(await latchkey.keys.readPermissions(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'GET',
    path: '/v1/keys/{id}/places',
    operationId: 'readKeyPlaces',
    tag: 'Keys',
    summary: 'Read from where a key is called',
    description:
      'The clients of its calls, by address and kind, as far as verifications told of them in `context`. Places are kept for 30 days. Processes write what they count within ten seconds.',
    access: 'latchkey:usage:read',
    answers: [{ status: 200, description: 'The places.', schema: keyPlacesSchema }],
    problems: ['too_many_reads', 'key_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      json(await latchkey.keys.readPlaces(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{id}/places',
    operationId: 'forgetKeyPlaces',
    tag: 'Keys',
    summary: 'Forget from where a key was called',
    description:
      'Deletes the addresses and user agents of its calls, also that of its last use. What other processes have counted in the last ten seconds may come after it.',
    access: 'latchkey:keys:write',
    answers: [{ status: 200, description: 'They are forgotten.', schema: doneSchema }],
    problems: ['permission_escalation', 'key_not_found'],
    handle: async ({ parts: { latchkey }, params, caller }) => {
      await latchkey.keys.forgetPlaces(params.id, { actor: caller })
      return json({ success: true })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/{id}/preview',
    operationId: 'previewKey',
    tag: 'Keys',
    summary: 'Preview a change of a key',
    description:
      'Tells which valid calls of the last 30 days a change would have refused, by operation and client, and changes nothing. The body names one change: fields as `PATCH /v1/keys/{id}` takes them, `rotate`, `end_secret` or `revoke`. Calls are judged as verifications judge them, at once and when a grace or the key ends. Of limits, which depend on when calls come, there are bounds. The calling key needs what the change needs, and `latchkey:usage:read`.',
    access: 'latchkey:keys:write',
    changesNothing: true,
    body: previewKeySchema,
    answers: [{ status: 200, description: 'What the change would refuse.', schema: keyPreviewSchema }],
    problems: [
      ...([
        'too_many_reads',
        'permission_escalation',
        'policy',
        'key_not_found',
        'key_revoked',
        'key_expired',
      ] as const),
      ...(['decoy_key', 'rotation_in_progress', 'secret_not_found', 'last_secret'] as const),
    ],
    handle: async ({ parts: { latchkey }, params, body, caller, signal }) =>
      json(await latchkey.keys.preview(params.id, body, { actor: caller, signal })),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/bulk',
    operationId: 'changeKeys',
    tag: 'Keys',
    summary: 'Change many keys',
    description:
      'Revokes, suspends, resumes or tags up to 10,000 keys, by their ids or by the filters of a list. If not exactly `expect` keys are meant, nothing is done: a `dry_run` tells how many are, and what would become of them. Each key is judged as by a change of it alone, and what one refuses stops no other. The calling key is skipped. Keys change by 500 in a transaction; each has its event.',
    access: 'latchkey:keys:write',
    query: waitSchema,
    body: bulkChangeSchema,
    bodyLimit: 1024 * 1024,
    answers: [{ status: 200, description: 'What became of the keys.', schema: bulkResultSchema }],
    problems: ['too_many_reads', 'unexpected_count', 'organization_not_found'],
    handle: async (call) => change(call, (options) => call.parts.latchkey.keys.bulk(call.body, options)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/keys/{id}',
    operationId: 'updateKey',
    tag: 'Keys',
    summary: 'Change a key',
    description:
      'Changes the given fields and keeps the rest. The calling key must cover all permissions of the key, unless it changes itself. To change `metadata`, it needs to be of the root organization, or to hold `latchkey:metadata:write`.',
    access: 'latchkey:keys:write',
    query: waitSchema,
    body: updateKeySchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'The key.', schema: changedKeySchema, headers: ['ETag'] }],
    problems: [
      'permission_escalation',
      'policy',
      'key_not_found',
      'key_revoked',
      'fresh_sign_in_required',
      'last_root_key',
    ],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.keys.update(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/{id}/rotate',
    operationId: 'rotateKey',
    tag: 'Keys',
    summary: 'Rotate a key',
    description:
      'Gives the key a new token. The old token stays valid until the grace period ends, but not after the key expires. Without a grace period, every older token becomes invalid at once. The body is optional.',
    access: 'latchkey:keys:write',
    query: waitSchema,
    body: rotateKeySchema,
    bodyOptional: true,
    ifMatch: true,
    answers: [
      {
        status: 200,
        description: 'The key, with its new token.',
        schema: rotatedKeySchema,
        headers: ['ETag'],
      },
    ],
    problems: [
      'permission_escalation',
      'policy',
      'key_not_found',
      'key_revoked',
      'fresh_sign_in_required',
      'key_expired',
      'decoy_key',
      'rotation_in_progress',
      'organization_suspended',
    ],
    once: true,
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.keys.rotate(call.params.id, call.body, options)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{id}/secrets/{kid}',
    operationId: 'endKeySecret',
    tag: 'Keys',
    summary: 'End the grace period of an old token',
    access: 'latchkey:keys:write',
    query: waitSchema,
    answers: [{ status: 200, description: 'It is no longer valid.', schema: changeDoneSchema }],
    problems: ['permission_escalation', 'key_not_found', 'secret_not_found', 'last_secret'],
    handle: async (call) =>
      change(call, (options) =>
        done(call.parts.latchkey.keys.endSecret(call.params.id, call.params.kid, options)),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/{id}/suspend',
    operationId: 'suspendKey',
    tag: 'Keys',
    summary: 'Suspend a key',
    description:
      'Refuses its tokens until the key is resumed, and ends its sessions. What a key of the root organization suspends, only the root organization resumes. Repeated, the call changes nothing. The body is optional.',
    access: 'latchkey:keys:write',
    query: waitSchema,
    body: suspendSchema,
    bodyOptional: true,
    ifMatch: true,
    answers: [{ status: 200, description: 'The key.', schema: changedKeySchema, headers: ['ETag'] }],
    problems: ['permission_escalation', 'key_not_found', 'key_revoked', 'last_root_key'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.keys.suspend(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/{id}/resume',
    operationId: 'resumeKey',
    tag: 'Keys',
    summary: 'Resume a suspended key',
    description: 'A key that is not suspended stays as it is.',
    access: 'latchkey:keys:write',
    query: waitSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'The key.', schema: changedKeySchema, headers: ['ETag'] }],
    problems: [
      ...(['permission_escalation', 'root_organization_required', 'key_not_found', 'key_revoked'] as const),
      'fresh_sign_in_required',
    ],
    handle: async (call) => edit(call, (options) => call.parts.latchkey.keys.resume(call.params.id, options)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{id}',
    operationId: 'revokeKey',
    tag: 'Keys',
    summary: 'Revoke a key permanently',
    description:
      'Cannot be undone. Repeated, the call answers the same and keeps the first `revoked_at` and its reason.',
    access: 'latchkey:keys:write',
    query: waitSchema.extend(revokeKeySchema.shape),
    ifMatch: true,
    answers: [{ status: 200, description: 'It is revoked.', schema: changeDoneSchema }],
    problems: ['permission_escalation', 'key_not_found', 'last_root_key'],
    handle: async (call) => {
      const { reason, ...query } = call.query
      return edit({ ...call, query }, (options) =>
        done(call.parts.latchkey.keys.revoke(call.params.id, { ...options, reason })),
      )
    },
  }),
]
