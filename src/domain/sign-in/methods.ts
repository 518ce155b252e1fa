// What the library can do with sign-ins of people: the table of its methods.
import type { MemberCaller } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import {
  type BeginSignInInput,
  type FinishSignInInput,
  type ShownInvitation,
  type SignInOptions,
  showInvitationSchema,
} from '../../core/shapes/sign-in.ts'
import type { Engine } from '../engine.ts'
import {
  beginSignIn,
  type FinishedSignIn,
  type FinishingBrowser,
  finishSignIn,
  redirectUriOf,
} from './flow.ts'
import { showInvitation } from './invitation.ts'
import type { SignInUnderWay } from './under-way.ts'

/** How people sign in: for strangers, who show what only they can have. */
export interface SignIn {
  /**
   * Throws `invalid_input` for a secret of a provider that cannot be read; if there are providers, `public_url_missing`, and
   * `keyring_missing` on a PostgreSQL without keys.
   */
  check(): void
  /** Tells the listed providers, and one that is named, whether passkeys sign in, and whether there is a mail server. */
  options(input?: { provider?: string | undefined }): Omit<SignInOptions, 'tokens'>
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
   * `invitation_ended`, `member_exists`, `session_ended`, `fresh_sign_in_required`, `too_many_identities`.
   */
  finish(providerId: string, input: FinishSignInInput, browser: FinishingBrowser): Promise<FinishedSignIn>
  /** Shows an invitation to whoever holds its secret. Throws `invalid_input`, `invitation_ended` for every other secret. */
  readInvitation(secret: string): Promise<ShownInvitation>
}

/** Makes the methods on sign-ins of an open Latchkey. */
export function signInMethods(engine: Engine): SignIn {
  return {
    check: () => {
      for (const provider of engine.providers.list) redirectUriOf(engine, provider)
      engine.providers.check()
      if (engine.providers.list.length > 0 && !engine.keyring.canSeal)
        throw new LatchkeyError(
          'keyring_missing',
          'People sign in at providers, and what a browser began is sealed by the keys of the instance. Make them with `latchkey keyring new --file <file>`, keep the file, and set LATCHKEY_SEALING_KEYS to what it holds, the same for every process.',
        )
    },
    options: ({ provider } = {}) => ({
      providers: engine.providers.shown({ named: provider }),
      passkeys: engine.passkeys,
      mail: engine.mailer !== undefined,
    }),
    begin: async (providerId, input, { actor } = {}) => beginSignIn(engine, providerId, input, actor),
    finish: async (providerId, input, browser) => finishSignIn(engine, providerId, input, browser),
    readInvitation: async (secret) =>
      showInvitation(engine, parseInput(showInvitationSchema, { invitation: secret }).invitation),
  }
}
