// The calls by which an operator's backend gives its users sessions on their customers' page, and ends them.
import { z } from 'zod'
import { doneSchema } from '../../core/shapes/calls.ts'
import {
  createPortalSessionSchema,
  endPortalSessionsSchema,
  listPortalSessionsSchema,
  portalSessionSchema,
} from '../../core/shapes/portal-sessions.ts'
import { answerPage } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { making } from './applied.ts'

const ends = [{ status: 200, description: 'They open nothing any more.', schema: doneSchema }]
const access = 'latchkey:portal:write'

export const portalSessionRoutes = [
  route({
    method: 'POST',
    path: '/v1/portal-sessions',
    operationId: 'createPortalSession',
    tag: 'Portal',
    summary: 'Make a portal session',
    description:
      'Lets a user of the operator’s see and change the keys of one organization: on the page behind `url`, which opens once and within five minutes, or in `<latchkey-keys>` with `token`. It ends after `expires_in_seconds`, and with the key or member that made it. Of a user’s more than 20 sessions, the oldest ends.',
    access,
    rootOnly: 'make portal sessions',
    body: createPortalSessionSchema,
    answers: [
      { status: 200, description: 'The session, with its `url` or `token`.', schema: portalSessionSchema },
    ],
    problems: [
      ...(['organization_not_found', 'organization_suspended', 'permission_escalation'] as const),
      ...(['root_organization_required', 'public_url_missing', 'fresh_sign_in_required'] as const),
    ],
    once: true,
    handle: async (call) => json(await call.parts.latchkey.portalSessions.create(call.body, making(call))),
  }),
  route({
    method: 'GET',
    path: '/v1/portal-sessions',
    operationId: 'listPortalSessions',
    tag: 'Portal',
    summary: 'List portal sessions',
    description:
      'Newest first, with those that ended: they are kept for a day after they would have expired.',
    access,
    rootOnly: 'list portal sessions',
    query: listPortalSessionsSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(portalSessionSchema), headers: ['Link'] },
    ],
    problems: ['root_organization_required', 'too_many_reads', 'organization_not_found'],
    handle: (call) =>
      answerPage(call, (options) => call.parts.latchkey.portalSessions.list(call.query, options)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/portal-sessions',
    operationId: 'endPortalSessions',
    tag: 'Portal',
    summary: 'End the portal sessions of a user',
    description:
      'Ends all sessions of a user, or of a whole organization. Repeated, the call changes nothing.',
    access,
    rootOnly: 'end portal sessions',
    query: endPortalSessionsSchema,
    answers: ends,
    problems: ['root_organization_required', 'organization_not_found'],
    handle: async ({ parts: { latchkey }, query, caller }) => {
      await latchkey.portalSessions.endAll(query, { actor: caller })
      return json({ success: true })
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/portal-sessions/{id}',
    operationId: 'endPortalSession',
    tag: 'Portal',
    summary: 'End a portal session',
    description: 'Repeated, the call changes nothing.',
    access,
    rootOnly: 'end portal sessions',
    answers: ends,
    problems: ['root_organization_required', 'portal_session_not_found', 'too_many_reads'],
    handle: async ({ parts: { latchkey }, params, caller }) => {
      await latchkey.portalSessions.end(params.id, { actor: caller })
      return json({ success: true })
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/portal-users/{organization_id}/{user_id}',
    operationId: 'forgetPortalUser',
    tag: 'Portal',
    summary: 'Forget a portal user',
    description: 'Ends the sessions of a user, and forgets its name. Repeated, the call changes nothing.',
    access,
    rootOnly: 'forget portal users',
    answers: [{ status: 200, description: 'Its name is forgotten.', schema: doneSchema }],
    problems: ['root_organization_required', 'organization_not_found', 'invalid_input'],
    handle: async ({ parts: { latchkey }, params, caller }) => {
      const userId = decodeUserId(params.user_id)
      await latchkey.portalSessions.forgetUser(params.organization_id, userId, { actor: caller })
      return json({ success: true })
    },
  }),
]

/** The id of a user, which is any text, as a path has it; empty, which nobody's is, for what is not encoded as URLs are. */
function decodeUserId(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
