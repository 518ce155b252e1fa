// Passkeys: what a browser is asked for, and what it brings. Options and credentials are the JSON of Web Authentication, Level 3,
// under its own names: a page hands them on as they are.
import { z } from 'zod'
import { text } from '../fields.ts'
import { invitationSecret } from './sign-in.ts'

const credentialExample = {
  id: 'AZcF2jPq0mXv8wKb',
  type: 'public-key',
  response: { clientDataJSON: 'eyJ0eXBlIjoi…', authenticatorData: 'SZYN5YgO…', signature: 'MEUCIQDm…' },
}
const credentialSchema = z
  .record(z.string(), z.unknown(), { error: 'Must be a credential, as the browser gives it.' })
  .meta({
    description:
      'The credential that the browser gave, as `toJSON()` writes it: the names of its fields are those of Web Authentication.',
  })

const optionsSchema = z.record(z.string(), z.unknown()).meta({
  description:
    'What the page hands to the browser, by `PublicKeyCredential.parseRequestOptionsFromJSON` or `parseCreationOptionsFromJSON`.',
})

const passkeyPurposes = ['sign_in', 'fresh'] as const
export const beginPasskeySchema = z
  .strictObject({
    purpose: z.enum(passkeyPurposes, { error: 'Must be sign_in or fresh.' }).default('sign_in').meta({
      description:
        'What for: `sign_in`; or `fresh`, to make the sign-in of the calling session fresh, which takes a passkey of the calling member.',
    }),
  })
  .meta({ id: 'BeginPasskey', examples: [{ purpose: 'sign_in' }] })

const begun = { challenge: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA', timeout: 300_000 }
export const begunPasskeySchema = z
  .strictObject({ options: optionsSchema })
  .meta({ id: 'BegunPasskey', examples: [{ options: { ...begun, userVerification: 'required' } }] })

export const finishPasskeySchema = z
  .strictObject({ credential: credentialSchema })
  .meta({ id: 'FinishPasskey', examples: [{ credential: credentialExample }] })

export const beginRegistrationSchema = z
  .strictObject({
    invitation: invitationSecret.optional().meta({
      description:
        'The secret of the invitation that the passkey accepts. Without it, the calling member gets one more.',
    }),
  })
  .meta({
    id: 'BeginRegistration',
    examples: [{ invitation: 'lki_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA' }],
  })

export const finishRegistrationSchema = z
  .strictObject({
    invitation: invitationSecret.optional().meta({
      description: 'The secret of the invitation, as at the beginning.',
    }),
    credential: credentialSchema,
    label: text(64)
      .optional()
      .meta({ description: 'By what its owner knows it, such as `Laptop`; `Passkey` if absent.' }),
  })
  .meta({ id: 'FinishRegistration', examples: [{ credential: credentialExample, label: 'Laptop' }] })

/** What a passkey is used for. */
export interface BeginPasskeyInput extends z.input<typeof beginPasskeySchema> {}
/** A used passkey. */
export interface FinishPasskeyInput extends z.input<typeof finishPasskeySchema> {}
/** For whom a passkey is made. */
export interface BeginRegistrationInput extends z.input<typeof beginRegistrationSchema> {}
/** A new passkey. */
export interface FinishRegistrationInput extends z.input<typeof finishRegistrationSchema> {}

const base64url = (most: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(most)
/** A credential id has at most 1,023 bytes. */
const credentialId = base64url(1_364)
const proof = base64url(32_768)
const common = { id: credentialId, rawId: credentialId, type: z.literal('public-key') }

/** What is read of a credential that was used. */
export const usedCredentialSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: proof,
    authenticatorData: proof,
    signature: proof,
    userHandle: base64url(256).nullish(),
  }),
})

/** What is read of a credential that was made. */
export const madeCredentialSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: proof,
    attestationObject: proof,
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .default([]),
  }),
})
