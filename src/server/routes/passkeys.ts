// The calls by which browsers use passkeys, and make them.
import { parseInput } from '../../core/input.ts'
import {
  beginPasskeySchema,
  beginRegistrationSchema,
  begunPasskeySchema,
  finishPasskeySchema,
  finishRegistrationSchema,
} from '../../core/shapes/passkeys.ts'
import { finishedSignInSchema } from '../../core/shapes/sign-in.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { admitSignIn, findMember, keep, signInProblems, tell } from '../sign-in-calls.ts'

const problems = [
  ...signInProblems,
  ...(['public_url_missing', 'keyring_missing', 'session_ended', 'organization_required'] as const),
]
const registrationProblems = [
  ...problems,
  ...(['invitation_ended', 'not_invited', 'fresh_sign_in_required', 'too_many_identities'] as const),
]
const finishing = ['sign_in_expired', 'passkey_refused'] as const
const bounds = 'For pages of this origin; an address may make 30 calls of sign-ins a minute.'
const begun = [
  {
    status: 200,
    description: 'What the browser is asked for.',
    schema: begunPasskeySchema,
    headers: ['Set-Cookie'],
  },
]
const finished = [
  {
    status: 200,
    description: 'What it has come to.',
    schema: finishedSignInSchema,
    headers: ['Set-Cookie'],
  },
]

export const passkeyRoutes = [
  route({
    method: 'POST',
    path: '/v1/sign-in/passkey/options',
    operationId: 'beginPasskey',
    tag: 'Sessions',
    summary: 'Ask for a passkey',
    description: `Answers with what the page hands to the browser, and a cookie that holds the challenge, sealed, for ten minutes. Nobody need say who it is. \`fresh\` takes the session of a member. ${bounds}`,
    access: 'public',
    body: beginPasskeySchema,
    bodyOptional: true,
    answers: begun,
    problems: [...problems, 'identity_not_found'],
    handle: async (call) => {
      const browser = admitSignIn(call)
      const input = parseInput(beginPasskeySchema, call.body ?? {})
      const actor = input.purpose === 'fresh' ? await findMember(call) : undefined
      const { options, underWay } = await call.parts.latchkey.passkeys.beginUse(input, { actor })
      return keep(json({ options }), underWay, browser)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sign-in/passkey',
    operationId: 'finishPasskey',
    tag: 'Sessions',
    summary: 'Sign in by a passkey',
    description: `Takes the credential that the browser gave, in the browser that asked for it, within ten minutes and once. After \`sign_in\` the answer opens a session, as \`POST /v1/sessions\` does; after \`fresh\` the calling session is fresh for ten minutes. ${bounds}`,
    access: 'public',
    body: finishPasskeySchema,
    answers: finished,
    problems: [...problems, ...finishing, 'not_invited'],
    handle: async (call) => {
      const browser = admitSignIn(call)
      const input = parseInput(finishPasskeySchema, call.body)
      const { passkeys } = call.parts.latchkey
      return tell(await passkeys.finishUse(input, { ...browser, findActor: () => findMember(call) }), browser)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sign-in/passkey/registration-options',
    operationId: 'beginPasskeyRegistration',
    tag: 'Sessions',
    summary: 'Ask for a new passkey',
    description: `For whoever holds the secret of an invitation, or else for the calling member, freshly signed in, who gets one more. The cookie and its time are those of any passkey. ${bounds}`,
    access: 'public',
    body: beginRegistrationSchema,
    bodyOptional: true,
    answers: begun,
    problems: registrationProblems,
    handle: async (call) => {
      const browser = admitSignIn(call)
      const input = parseInput(beginRegistrationSchema, call.body ?? {})
      const actor = input.invitation === undefined ? await findMember(call) : undefined
      const { passkeys } = call.parts.latchkey
      const { options, underWay } = await passkeys.beginRegistration(input, { actor })
      return keep(json({ options }), underWay, browser)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sign-in/passkey/registration',
    operationId: 'finishPasskeyRegistration',
    tag: 'Sessions',
    summary: 'Make a passkey',
    description: `With an invitation it accepts that, and the answer opens a session. Else the passkey is one more of the calling member. ${bounds}`,
    access: 'public',
    body: finishRegistrationSchema,
    answers: finished,
    problems: [...registrationProblems, ...finishing, 'member_exists'],
    handle: async (call) => {
      const browser = admitSignIn(call)
      const input = parseInput(finishRegistrationSchema, call.body)
      const { passkeys } = call.parts.latchkey
      return tell(
        await passkeys.finishRegistration(input, { ...browser, findActor: () => findMember(call) }),
        browser,
      )
    },
  }),
]
