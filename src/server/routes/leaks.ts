// The calls on leaks: tokens that stand where they must not.
import { parseInput } from '../../core/input.ts'
import { changeDoneSchema, doneSchema, waitSchema } from '../../core/shapes/calls.ts'
import { revokeOwnKeySchema } from '../../core/shapes/key-changes.ts'
import { findLeaksSchema, foundLeaksSchema, reportLeaksSchema } from '../../core/shapes/leaks.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { change, done } from './applied.ts'

/** As long as a report of as many tokens as it may have, of the longest. */
const bodyLimit = 1024 * 1024

export const leakRoutes = [
  route({
    method: 'POST',
    path: '/v1/leaks',
    operationId: 'reportLeaks',
    tag: 'Leaks',
    summary: 'Report leaked tokens',
    description:
      'Whoever shows a whole token may report it: nobody need sign in. Every report is written down before it is answered, and the answer is the same for any token, live or not. A moment later the newest token of a key meets the policy (`on_leak`; `revoke` without one), an old token in its grace ends, and the owner is told by the event `key.exposed`. From one address (of IPv6, a /48) come at most 60 reports and 2,000 tokens an hour.',
    access: 'public',
    body: reportLeaksSchema,
    bodyLimit,
    answers: [{ status: 202, description: 'It is written down.', schema: doneSchema }],
    problems: ['too_many_reports', 'store_unavailable'],
    refuseEarly: ({ parts: { reportLimit }, exchange }) => reportLimit.requireRoom(exchange.ip),
    handle: async ({ parts: { latchkey, reportLimit }, body, exchange }) => {
      const { keys, url } = parseInput(reportLeaksSchema, body)
      reportLimit.require(exchange.ip, keys.length)
      const found = keys.map((token) => ({ token, url }))
      await latchkey.leakInbox.receive(found, { source: 'possession', requestId: exchange.requestId })
      return { ...json({ success: true }), status: 202 }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/leaks/known',
    operationId: 'findLeaks',
    tag: 'Leaks',
    summary: 'Find out which leaked tokens are live',
    description:
      'By kid and SHA-256, for up to 1000 tokens: nobody need send a token. It counts as no use of their keys, and draws from no limit. For a key outside the root organization, tokens of other organizations are `unknown`.',
    access: 'latchkey:keys:verify',
    changesNothing: true,
    body: findLeaksSchema,
    bodyLimit: 256 * 1024,
    answers: [{ status: 200, description: 'What they are, in the same order.', schema: foundLeaksSchema }],
    handle: async ({ parts: { latchkey }, body, caller, signal }) =>
      json(await latchkey.leaks.find(body, { actor: caller, signal })),
  }),
  route({
    method: 'POST',
    path: '/v1/keys/self/revoke',
    operationId: 'revokeOwnKey',
    tag: 'Keys',
    summary: 'Revoke the calling key',
    description:
      'For whoever holds a token that is no longer safe: no permission is needed. An old token in its grace ends itself alone. Cannot be undone.',
    access: 'any key',
    tokenOnly: true,
    query: waitSchema,
    body: revokeOwnKeySchema,
    bodyOptional: true,
    answers: [{ status: 200, description: 'It is revoked.', schema: changeDoneSchema }],
    problems: ['last_root_key'],
    handle: async (call) =>
      change(call, (options) => done(call.parts.latchkey.keys.revokeSelf({ ...options, ...call.body }))),
  }),
  route({
    method: 'DELETE',
    path: '/v1/keys/{id}/exposure',
    operationId: 'clearKeyExposure',
    tag: 'Keys',
    summary: 'Clear the mark of a leak',
    description:
      'When the leak is dealt with: `exposure` is null again, until another report. Neither the key itself nor a child of it may. Repeated, the call changes nothing.',
    access: 'latchkey:keys:write',
    answers: [{ status: 200, description: 'It is cleared.', schema: doneSchema }],
    problems: ['permission_escalation', 'key_not_found'],
    handle: async ({ parts: { latchkey }, params, caller }) => {
      await latchkey.keys.clearExposure(params.id, { actor: caller })
      return json({ success: true })
    },
  }),
]
