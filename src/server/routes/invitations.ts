// The calls on invitations. Nothing here accepts one: that is for a person who signs in.
import { z } from 'zod'
import { doneSchema } from '../../core/shapes/calls.ts'
import {
  createInvitationSchema,
  invitationSchema,
  listInvitationsSchema,
} from '../../core/shapes/invitations.ts'
import { answerPage } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { making } from './applied.ts'

const made = [{ status: 200, description: 'The invitation, with its `url`.', schema: invitationSchema }]
const problems = [
  ...(['permission_escalation', 'member_exists', 'too_many_invitations'] as const),
  ...(['public_url_missing', 'fresh_sign_in_required', 'too_many_mails'] as const),
]

export const invitationRoutes = [
  route({
    method: 'POST',
    path: '/v1/invitations',
    operationId: 'createInvitation',
    tag: 'Members',
    summary: 'Invite a person',
    description:
      'The person becomes a member by the link in `url`, once and within 72 hours. An invitation for the same address ends. An organization has at most 50 pending ones. With `send`, the link goes by mail, and `url` is null if the mail server has taken it. The caller must hold all that the role may do.',
    access: 'latchkey:members:write',
    body: createInvitationSchema,
    answers: made,
    problems: [...problems, 'organization_not_found', 'mail_missing'],
    once: true,
    handle: async (call) => json(await call.parts.latchkey.invitations.create(call.body, making(call))),
  }),
  route({
    method: 'GET',
    path: '/v1/invitations',
    operationId: 'listInvitations',
    tag: 'Members',
    summary: 'List invitations',
    description: 'Newest first. A caller outside the root organization lists those of its own organization.',
    access: 'latchkey:members:read',
    query: listInvitationsSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(invitationSchema), headers: ['Link'] },
    ],
    problems: ['too_many_reads', 'organization_not_found'],
    handle: (call) =>
      answerPage(call, (options) => call.parts.latchkey.invitations.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/invitations/{id}',
    operationId: 'getInvitation',
    tag: 'Members',
    summary: 'Get an invitation',
    access: 'latchkey:members:read',
    answers: [{ status: 200, description: 'The invitation.', schema: invitationSchema }],
    problems: ['too_many_reads', 'invitation_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      json(await latchkey.invitations.get(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'POST',
    path: '/v1/invitations/{id}/renew',
    operationId: 'renewInvitation',
    tag: 'Members',
    summary: 'Renew an invitation',
    description:
      'Gives it another link and 72 hours more. The link of before opens nothing any more. One that was sent by mail is sent anew.',
    access: 'latchkey:members:write',
    answers: made,
    problems: [...problems, 'invitation_not_found', 'invitation_ended'],
    handle: async ({ parts: { latchkey }, params, caller }) =>
      json(await latchkey.invitations.renew(params.id, { actor: caller })),
  }),
  route({
    method: 'DELETE',
    path: '/v1/invitations/{id}',
    operationId: 'revokeInvitation',
    tag: 'Members',
    summary: 'Revoke an invitation',
    description: 'Repeated, the call changes nothing.',
    access: 'latchkey:members:write',
    answers: [{ status: 200, description: 'It opens nothing any more.', schema: doneSchema }],
    problems: ['permission_escalation', 'invitation_not_found', 'invitation_ended'],
    handle: async ({ parts: { latchkey }, params, caller }) => {
      await latchkey.invitations.revoke(params.id, { actor: caller })
      return json({ success: true })
    },
  }),
]
