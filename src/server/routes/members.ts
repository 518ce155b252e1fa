// The calls on members.
import { z } from 'zod'
import { doneSchema, waitSchema } from '../../core/shapes/calls.ts'
import { invitationSchema, resetMemberSchema } from '../../core/shapes/invitations.ts'
import { suspendSchema } from '../../core/shapes/key-changes.ts'
import {
  changedMemberSchema,
  departureSchema,
  identitySchema,
  listMembersSchema,
  memberDetailsSchema,
  memberSchema,
  ownMemberSchema,
  removeMemberSchema,
  updateMemberSchema,
  updateOwnIdentitySchema,
} from '../../core/shapes/members.ts'
import { answerPage } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { edit, tagged } from './applied.ts'

const managed = ['permission_escalation', 'member_not_found', 'last_owner', 'fresh_sign_in_required'] as const
const covers = 'The caller must hold all that the role of the member may do.'

export const memberRoutes = [
  route({
    method: 'GET',
    path: '/v1/members',
    operationId: 'listMembers',
    tag: 'Members',
    summary: 'List members',
    description: 'Newest first. A caller outside the root organization lists those of its own organization.',
    access: 'latchkey:members:read',
    query: listMembersSchema,
    answers: [{ status: 200, description: 'One page.', schema: z.array(memberSchema), headers: ['Link'] }],
    problems: ['too_many_reads', 'organization_not_found'],
    handle: (call) => answerPage(call, (options) => call.parts.latchkey.members.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/members/self',
    operationId: 'getOwnMember',
    tag: 'Members',
    summary: 'Get the calling member',
    description:
      'With the organizations for which the same person may act. Requires no permission; a key is no member.',
    access: 'any key',
    answers: [{ status: 200, description: 'The member.', schema: ownMemberSchema, headers: ['ETag'] }],
    problems: ['too_many_reads', 'member_not_found'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      tagged(await latchkey.members.self({ actor: caller, signal })),
  }),
  route({
    method: 'PATCH',
    path: '/v1/members/self/identities/{id}',
    operationId: 'updateOwnIdentity',
    tag: 'Members',
    summary: 'Rename an identity of the calling member',
    description: 'Such as a passkey. Requires no permission.',
    access: 'any key',
    body: updateOwnIdentitySchema,
    answers: [{ status: 200, description: 'The identity.', schema: identitySchema }],
    problems: ['member_not_found', 'identity_not_found'],
    handle: async ({ parts: { latchkey }, params: { id }, body, caller }) =>
      json(await latchkey.members.updateOwnIdentity(id, body, { actor: caller })),
  }),
  route({
    method: 'DELETE',
    path: '/v1/members/self/identities/{id}',
    operationId: 'removeOwnIdentity',
    tag: 'Members',
    summary: 'Remove an identity of the calling member',
    description:
      'The member signs in by it no more, and sessions end that may act for nobody any more. The last one stays. Requires no permission, and a fresh sign-in.',
    access: 'any key',
    answers: [{ status: 200, description: 'It opens nothing any more.', schema: doneSchema }],
    problems: ['member_not_found', 'identity_not_found', 'last_identity', 'fresh_sign_in_required'],
    handle: async ({ parts: { latchkey }, params: { id }, caller }) => {
      await latchkey.members.removeOwnIdentity(id, { actor: caller })
      return json({ success: true })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/members/{id}',
    operationId: 'getMember',
    tag: 'Members',
    summary: 'Get a member',
    access: 'latchkey:members:read',
    answers: [{ status: 200, description: 'The member.', schema: memberDetailsSchema, headers: ['ETag'] }],
    problems: ['too_many_reads', 'member_not_found'],
    handle: async ({ parts: { latchkey }, params, caller, signal }) =>
      tagged(await latchkey.members.get(params.id, { actor: caller, signal })),
  }),
  route({
    method: 'PATCH',
    path: '/v1/members/{id}',
    operationId: 'updateMember',
    tag: 'Members',
    summary: 'Change a member',
    description: `Its role or its name. ${covers} The same holds for the new role. An organization that has an owner keeps one.`,
    access: 'latchkey:members:write',
    query: waitSchema,
    body: updateMemberSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'The member.', schema: changedMemberSchema, headers: ['ETag'] }],
    problems: [...managed, 'member_removed'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.members.update(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/members/{id}/suspend',
    operationId: 'suspendMember',
    tag: 'Members',
    summary: 'Suspend a member',
    description: `It may not act until it is resumed, and its sessions end. ${covers} Repeated, the call changes nothing. The body is optional.`,
    access: 'latchkey:members:write',
    query: waitSchema,
    body: suspendSchema,
    bodyOptional: true,
    ifMatch: true,
    answers: [{ status: 200, description: 'What it leaves behind.', schema: departureSchema }],
    problems: ['permission_escalation', 'member_not_found', 'last_owner', 'member_removed'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.members.suspend(call.params.id, call.body, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/members/{id}/resume',
    operationId: 'resumeMember',
    tag: 'Members',
    summary: 'Resume a member',
    description: `${covers} A member that is not suspended stays as it is.`,
    access: 'latchkey:members:write',
    query: waitSchema,
    ifMatch: true,
    answers: [{ status: 200, description: 'The member.', schema: changedMemberSchema, headers: ['ETag'] }],
    problems: ['permission_escalation', 'member_not_found', 'member_removed', 'fresh_sign_in_required'],
    handle: async (call) =>
      edit(call, (options) => call.parts.latchkey.members.resume(call.params.id, options)),
  }),
  route({
    method: 'POST',
    path: '/v1/members/{id}/reset',
    operationId: 'resetMember',
    tag: 'Members',
    summary: 'Reset how a member signs in',
    description: `For a member that has lost what it signs in by: its identities and sessions end, and it is invited anew. If mail is set up, its address is told. ${covers} The body is optional.`,
    access: 'latchkey:members:write',
    body: resetMemberSchema,
    bodyOptional: true,
    answers: [{ status: 200, description: 'The invitation.', schema: invitationSchema }],
    problems: [
      ...managed,
      ...(['member_removed', 'too_many_invitations', 'public_url_missing'] as const),
      ...(['mail_missing', 'too_many_mails'] as const),
    ],
    handle: async ({ parts: { latchkey }, params, body, caller }) =>
      json(await latchkey.members.reset(params.id, body, { actor: caller })),
  }),
  route({
    method: 'POST',
    path: '/v1/members/{id}/erase',
    operationId: 'eraseMember',
    tag: 'Members',
    summary: 'Erase a removed member',
    description:
      'Its address, its name and its identities are deleted; its id, role and dates stay. For owners. Repeated, the call changes nothing.',
    access: 'latchkey:members:write',
    answers: [{ status: 200, description: 'The member.', schema: memberSchema, headers: ['ETag'] }],
    problems: ['permission_escalation', 'member_not_found', 'member_exists', 'fresh_sign_in_required'],
    handle: async ({ parts: { latchkey }, params, caller }) =>
      tagged(await latchkey.members.erase(params.id, { actor: caller })),
  }),
  route({
    method: 'DELETE',
    path: '/v1/members/{id}',
    operationId: 'removeMember',
    tag: 'Members',
    summary: 'Remove a member permanently',
    description: `It may not act any more, and its sessions end. The keys that it has made are the organization's, and stay. ${covers} Repeated, the call changes nothing.`,
    access: 'latchkey:members:write',
    query: waitSchema.extend(removeMemberSchema.shape),
    ifMatch: true,
    answers: [{ status: 200, description: 'What it leaves behind.', schema: departureSchema }],
    problems: [...managed, 'management_keys_left', 'last_root_key'],
    handle: async (call) => {
      const { managementKeys, ...query } = call.query
      return edit({ ...call, query }, (options) =>
        call.parts.latchkey.members.remove(call.params.id, {
          ...options,
          ...(managementKeys && { managementKeys }),
        }),
      )
    },
  }),
]
