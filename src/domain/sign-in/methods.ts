// What the library can do with sign-ins of people: the table of its methods.
import type { MemberCaller } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import {
  type BeginSignInInput,
  type FinishSignInInput,
  type ShownInvitation,
  type SignInOptions,
  type SignInPurpose,
  showInvitationSchema,
} from '../../core/shapes/sign-in.ts'
import type { Engine } from '../engine.ts'
import type { SignInOrigin, StartedSession } from '../sessions/sign-in.ts'
import { showInvitation } from './invitation.ts'
import type { SignInUnderWay } from './under-way.ts'

/** The browser that finishes a sign-in. */
export interface FinishingBrowser extends Pick<SignInOrigin, 'ip' | 'userAgent' | 'requestId'> {
  /** What it has under way: what it keeps of each, by its id. */
  underWay: ReadonlyMap<string, string>
  /** Tells who is signed in there already, for a purpose that takes a member. */
  findActor(): Promise<MemberCaller | undefined>
}

/** What a sign-in has come to. */
export interface FinishedSignIn {
  purpose: SignInPurpose
  /** The id of the sign-in, which its browser gives up. */
  id: string
  /** The session that it has opened. */
  session: StartedSession | undefined
  freshUntil: Date | null
  organizationId: string | null
  memberId: string | null
}

/** How people sign in: for strangers, who show what only they can have. */
export interface SignIn {
  /** Tells the listed providers, and one that is named, and whether passkeys sign in. */
  options(input?: { provider?: string | undefined }): Pick<SignInOptions, 'providers' | 'passkeys'>
  /**
   * Begins to sign in at a provider. Throws `provider_not_found`, `provider_unavailable`, `public_url_missing`, `keyring_missing`,
   * `invitation_ended`; `session_ended` for a purpose that takes a member, without one.
   */
  begin(
    providerId: string,
    input: BeginSignInInput,
    by?: { actor?: MemberCaller | undefined },
  ): Promise<{ url: string; underWay: SignInUnderWay }>
  /**
   * Finishes it, once. Throws `provider_not_found`, `provider_unavailable`, `sign_in_expired`, `not_invited`, `email_not_proven`,
   * `invitation_ended`, `member_exists`, `session_ended`, `fresh_sign_in_required`.
   */
  finish(providerId: string, input: FinishSignInInput, browser: FinishingBrowser): Promise<FinishedSignIn>
  /** Shows an invitation to whoever holds its secret. Throws `invalid_input`, `invitation_ended` for every other secret. */
  readInvitation(secret: string): Promise<ShownInvitation>
}

/** Makes the methods on sign-ins of an open Latchkey. */
export function signInMethods(engine: Engine): SignIn {
  return {
    options: ({ provider } = {}) => ({
      providers: engine.providers.shown({ named: provider }),
      passkeys: engine.passkeys,
    }),
    begin: async (providerId) => {
      engine.providers.get(providerId)
      throw new LatchkeyError('provider_unavailable', 'The provider cannot be asked.')
    },
    finish: async (providerId) => {
      engine.providers.get(providerId)
      throw new LatchkeyError('provider_unavailable', 'The provider cannot be asked.')
    },
    readInvitation: async (secret) =>
      showInvitation(engine, parseInput(showInvitationSchema, { invitation: secret }).invitation),
  }
}
