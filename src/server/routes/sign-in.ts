// The calls by which people sign in at a provider of OpenID Connect. All are for pages of this origin; `sign-in-calls.ts` says how.
import { parseInput } from '../../core/input.ts'
import {
  beginSignInSchema,
  begunSignInSchema,
  finishedSignInSchema,
  finishSignInSchema,
  readSignInSchema,
  showInvitationSchema,
  shownInvitationSchema,
  signInOptionsSchema,
} from '../../core/shapes/sign-in.ts'
import { readQuery } from '../../http/query.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { admitSignIn, findMember, keep, signInProblems, tell } from '../sign-in-calls.ts'

const byProvider = [
  ...signInProblems,
  ...(['provider_not_found', 'provider_unavailable', 'public_url_missing', 'keyring_missing'] as const),
  ...(['invitation_ended', 'session_ended', 'organization_required'] as const),
]

export const signInRoutes = [
  route({
    method: 'GET',
    path: '/v1/sign-in',
    operationId: 'readSignIn',
    tag: 'Sessions',
    summary: 'Tell how people sign in',
    description:
      'For a page of sign-in. `provider` names one that is not listed: providers of single customers have pages of their own, at `/sign-in/<provider>`.',
    access: 'public',
    query: readSignInSchema,
    answers: [{ status: 200, description: 'The ways to sign in.', schema: signInOptionsSchema }],
    handle: async ({ parts, rawQuery }) => {
      const asked = parseInput(readSignInSchema, readQuery(rawQuery))
      return json({ ...parts.latchkey.signIn.options(asked), tokens: parts.tokenSignIn })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sign-in/invitation',
    operationId: 'showInvitation',
    tag: 'Sessions',
    summary: 'Show an invitation',
    description:
      'To whoever holds its secret, before the person accepts it. To look uses nothing up. For pages of this origin; an address may make 30 calls of sign-ins a minute.',
    access: 'public',
    body: showInvitationSchema,
    answers: [{ status: 200, description: 'The invitation.', schema: shownInvitationSchema }],
    problems: [...signInProblems, 'invitation_ended'],
    handle: async (call) => {
      admitSignIn(call)
      const { invitation } = parseInput(showInvitationSchema, call.body)
      return json(await call.parts.latchkey.signIn.readInvitation(invitation))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sign-in/providers/{provider}',
    operationId: 'beginSignIn',
    tag: 'Sessions',
    summary: 'Begin to sign in at a provider',
    description:
      'Answers with the page of the provider to which the browser goes, and a cookie that holds, sealed, what it began. The provider sends the browser back to `/sign-in/callback/<provider>` of the public address, whose page hands on what came by the call below. `identity` and `fresh` take the session of a member. For pages of this origin; an address may make 30 calls of sign-ins a minute.',
    access: 'public',
    body: beginSignInSchema,
    answers: [
      {
        status: 200,
        description: 'Where the browser goes.',
        schema: begunSignInSchema,
        headers: ['Set-Cookie'],
      },
    ],
    problems: byProvider,
    handle: async (call) => {
      const browser = admitSignIn(call)
      const input = parseInput(beginSignInSchema, call.body)
      const needsMember = input.purpose === 'identity' || input.purpose === 'fresh'
      const actor = needsMember ? await findMember(call) : undefined
      const begun = await call.parts.latchkey.signIn.begin(call.params.provider, input, { actor })
      return keep(json({ url: begun.url }), begun.underWay, browser)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sign-in/providers/{provider}/callback',
    operationId: 'finishSignIn',
    tag: 'Sessions',
    summary: 'Finish to sign in at a provider',
    description:
      'Takes what the provider sent back by the browser, in which the sign-in began, within ten minutes and once. After `sign_in` and `invitation` the answer opens a session, as `POST /v1/sessions` does. `identity` and `fresh` take the session with which they began. For pages of this origin; an address may make 30 calls of sign-ins a minute.',
    access: 'public',
    body: finishSignInSchema,
    answers: [
      {
        status: 200,
        description: 'What the sign-in has come to.',
        schema: finishedSignInSchema,
        headers: ['Set-Cookie'],
      },
    ],
    problems: [
      ...byProvider,
      ...(['sign_in_expired', 'not_invited', 'email_not_proven', 'member_exists'] as const),
      ...(['fresh_sign_in_required', 'last_owner', 'too_many_identities'] as const),
    ],
    handle: async (call) => {
      const browser = admitSignIn(call)
      const input = parseInput(finishSignInSchema, call.body)
      const finishing = { ...browser, findActor: () => findMember(call) }
      return tell(await call.parts.latchkey.signIn.finish(call.params.provider, input, finishing), browser)
    },
  }),
]
