// The calls of the customers' page itself: by the token of a portal session, from the pages of its origin, and by no cookie.
import { z } from 'zod'
import { parseInput } from '../../core/input.ts'
import {
  createdPortalKeySchema,
  createPortalKeySchema,
  listPortalKeysSchema,
  openedPortalSchema,
  openPortalSchema,
  portalKeySchema,
  portalSelfSchema,
  portalUsageRowSchema,
  readPortalUsageSchema,
  revokePortalKeySchema,
  rotatePortalKeySchema,
} from '../../core/shapes/portal.ts'
import { answerPage, holdPlace } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { making } from './applied.ts'

/** What all but the opening of a link have in common. */
const ofPage = { tag: 'Portal', portal: true, crossOrigin: true } as const
const problems = ['session_ended', 'origin_not_allowed'] as const

export const portalRoutes = [
  route({
    method: 'POST',
    path: '/v1/portal/token',
    operationId: 'openPortal',
    tag: 'Portal',
    summary: 'Open a portal link',
    description:
      'Trades the secret of a link, which stands behind the `#` of its `url`, for the token of its session: once, and within five minutes. The calls under `/v1/portal/` take such a token, and no other call does.',
    access: 'public',
    crossOrigin: true,
    body: openPortalSchema,
    answers: [{ status: 200, description: 'The token.', schema: openedPortalSchema }],
    problems: ['invalid_token', 'origin_not_allowed', 'too_many_changes', 'store_unavailable'],
    handle: async ({ parts: { latchkey }, body, header, exchange: { ip, requestId } }) => {
      const { secret } = parseInput(openPortalSchema, body)
      return json(await latchkey.portal.open(secret, { origin: header('origin'), ip, requestId }))
    },
  }),
  route({
    ...ofPage,
    method: 'GET',
    path: '/v1/portal/self',
    operationId: 'readPortalSelf',
    summary: 'What the page of a session needs to know',
    access: 'any key',
    answers: [{ status: 200, description: 'The session and its user.', schema: portalSelfSchema }],
    problems,
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.portal.self({ actor: caller, signal })),
  }),
  route({
    ...ofPage,
    method: 'GET',
    path: '/v1/portal/keys',
    operationId: 'listPortalKeys',
    summary: 'List keys on the customers’ page',
    description: 'Newest first. Keys of other prefixes than the session’s are not there.',
    access: 'latchkey:keys:read',
    query: listPortalKeysSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(portalKeySchema), headers: ['Link'] }],
    problems: [...problems, 'too_many_reads'],
    handle: (call) => answerPage(call, (options) => call.parts.latchkey.portal.listKeys(call.query, options)),
  }),
  route({
    ...ofPage,
    method: 'POST',
    path: '/v1/portal/keys',
    operationId: 'createPortalKey',
    summary: 'Create a key on the customers’ page',
    description:
      'As `POST /v1/keys`, for the organization of the session. `created_by` is the id of its user.',
    access: 'latchkey:keys:write',
    body: createPortalKeySchema,
    answers: [{ status: 200, description: 'The key, with its token.', schema: createdPortalKeySchema }],
    problems: [...problems, 'permission_escalation', 'policy'],
    once: true,
    handle: async (call) => json(await call.parts.latchkey.portal.createKey(call.body, making(call))),
  }),
  route({
    ...ofPage,
    method: 'POST',
    path: '/v1/portal/keys/{id}/rotate',
    operationId: 'rotatePortalKey',
    summary: 'Rotate a key on the customers’ page',
    description: 'As `POST /v1/keys/{id}/rotate`, for a key that may do no more than the user may grant.',
    access: 'latchkey:keys:write',
    body: rotatePortalKeySchema,
    bodyOptional: true,
    answers: [{ status: 200, description: 'The key, with its new token.', schema: createdPortalKeySchema }],
    problems: [
      ...([...problems, 'key_not_found', 'key_revoked', 'key_expired'] as const),
      ...(['decoy_key', 'permission_escalation', 'policy', 'rotation_in_progress'] as const),
    ],
    once: true,
    handle: async (call) =>
      json(await call.parts.latchkey.portal.rotateKey(call.params.id, call.body ?? {}, making(call))),
  }),
  route({
    ...ofPage,
    method: 'POST',
    path: '/v1/portal/keys/{id}/revoke',
    operationId: 'revokePortalKey',
    summary: 'Revoke a key on the customers’ page',
    description: 'Permanently. Repeated, the call changes nothing.',
    access: 'latchkey:keys:write',
    body: revokePortalKeySchema,
    bodyOptional: true,
    answers: [{ status: 200, description: 'The key, which is revoked.', schema: portalKeySchema }],
    problems: [...problems, 'key_not_found', 'permission_escalation'],
    handle: async ({ parts: { latchkey }, params, body, caller }) =>
      json(await latchkey.portal.revokeKey(params.id, body ?? {}, { actor: caller })),
  }),
  route({
    ...ofPage,
    method: 'GET',
    path: '/v1/portal/usage',
    operationId: 'readPortalUsage',
    summary: 'Read usage on the customers’ page',
    description: 'How many calls there were with the keys that the user sees: a row for each period.',
    access: 'latchkey:usage:read',
    query: readPortalUsageSchema,
    answers: [
      {
        status: 200,
        description: 'The rows.',
        schema: z.array(portalUsageRowSchema),
        headers: ['Latchkey-As-Of'],
      },
    ],
    problems: [...problems, 'key_not_found', 'too_many_reads'],
    handle: async ({ parts, query, caller, signal }) => {
      await holdPlace(parts, caller, signal)
      const { rows, asOf } = await parts.latchkey.portal.readUsage(query, { actor: caller, signal })
      return json(rows, { 'latchkey-as-of': asOf.toISOString() })
    },
  }),
]
