// How people sign in: by what they may, and what a browser sends and gets on the way.
import { z } from 'zod'
import { instant, organizationIdSchema, roleSchema, text } from '../fields.ts'
import { tokenSignIns } from '../token-sign-in.ts'
import { nameSchema } from './page.ts'
import { startedSessionSchema } from './sessions.ts'

const providerId = text(64)
const providerExample = { id: 'google', name: 'Google' }
const signInProviderSchema = z
  .strictObject({
    id: z.string().meta({ description: 'The id of the provider, as the operator chose it.' }),
    name: z.string().meta({ description: 'What to call it on a button.' }),
  })
  .meta({ id: 'SignInProvider', examples: [providerExample] })

export const readSignInSchema = z.strictObject({
  provider: providerId
    .optional()
    .meta({ description: 'A provider that is not listed, by its id: it is told with those that are.' }),
})

export const signInOptionsSchema = z
  .strictObject({
    providers: z.array(signInProviderSchema).meta({
      description: 'The listed providers, and the one that was named if there is one of that id.',
    }),
    passkeys: z.boolean().meta({ description: 'Whether somebody can sign in by a passkey.' }),
    tokens: z
      .enum(tokenSignIns)
      .meta({ description: 'Whose tokens open sessions: of keys of the root organization, all, or none.' }),
    mail: z.boolean().meta({ description: 'Whether a mail server is set up, which sends invitations.' }),
  })
  .meta({
    id: 'SignInOptions',
    examples: [{ providers: [providerExample], passkeys: true, tokens: 'all', mail: false }],
  })

export const invitationSecret = z
  .string({ error: 'Must be the secret of an invitation.' })
  .min(1, 'Must be the secret of an invitation.')
  .max(256, 'Must be the secret of an invitation.')
  .meta({ description: 'The secret of an invitation: what stands behind the # of its link.' })
const secretExample = 'lki_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA'

export const showInvitationSchema = z
  .strictObject({ invitation: invitationSecret })
  .meta({ id: 'ShowInvitation', examples: [{ invitation: secretExample }] })

export const shownInvitationSchema = z
  .strictObject({
    organization: z
      .strictObject({ id: organizationIdSchema, name: nameSchema })
      .meta({ description: 'Who invites.' }),
    email: z.string().meta({ description: 'The address of the person who is invited.' }),
    name: z.string().nullable().meta({ description: 'The name of the person; null if nobody said.' }),
    role: roleSchema,
    expiresAt: instant.meta({ description: 'Until when it can be used.' }),
    providers: z.array(signInProviderSchema).meta({
      description:
        'The providers that accept it: those that name the organization, listed or not, and the listed ones for all.',
    }),
    passkeys: z.boolean().meta({ description: 'Whether a passkey accepts it.' }),
  })
  .meta({
    id: 'ShownInvitation',
    examples: [
      {
        organization: { id: 'acme', name: 'Acme' },
        email: 'ada@acme.example',
        name: 'Ada Lovelace',
        role: 'admin',
        expiresAt: new Date('2026-02-03T12:00:00Z'),
        providers: [providerExample],
        passkeys: true,
      },
    ],
  })

export const signInPurposes = ['sign_in', 'invitation', 'identity', 'fresh'] as const
/** `sign_in`, `invitation` to accept one, `identity` to add one to one's own, or `fresh` to sign in afresh. */
export type SignInPurpose = (typeof signInPurposes)[number]
const purposeSchema = z.enum(signInPurposes, {
  error: 'Must be one of sign_in, invitation, identity, fresh.',
})

export const beginSignInSchema = z
  .strictObject({
    purpose: purposeSchema.meta({
      description:
        'What for: `sign_in`; `invitation`, to accept one; `identity`, to add one more to those of the calling member; `fresh`, to make the sign-in of the calling session fresh.',
    }),
    invitation: invitationSecret.optional(),
  })
  .meta({ id: 'BeginSignIn', examples: [{ purpose: 'sign_in' }] })

export const begunSignInSchema = z
  .strictObject({
    url: z.string().meta({ description: 'The page of the provider to which the browser goes.' }),
  })
  .meta({
    id: 'BegunSignIn',
    examples: [{ url: 'https://accounts.example.com/authorize?client_id=latchkey&state=af0ifjsldkj' }],
  })

const answered = (most: number) => z.string().max(most).optional()
export const finishSignInSchema = z
  .strictObject({
    state: z
      .string({ error: 'Must be the state that came back.' })
      .max(256)
      .meta({ description: 'The `state` with which the provider sent the browser back.' }),
    code: answered(4_096).meta({ description: 'Its `code`, if it sent one.' }),
    iss: answered(1_024).meta({ description: 'Its `iss`, if it sent one.' }),
    error: answered(256).meta({ description: 'Its `error`, if it refused.' }),
    errorDescription: answered(1_024).meta({ description: 'Its `error_description`, if it sent one.' }),
  })
  .meta({ id: 'FinishSignIn', examples: [{ code: 'SplxlOBeZQQYbYS6WxSbIA', state: 'af0ifjsldkj' }] })

export const finishedSignInSchema = z
  .strictObject({
    purpose: purposeSchema.meta({ description: 'What the sign-in was for.' }),
    session: startedSessionSchema
      .nullable()
      .meta({ description: 'The new session, after `sign_in` and `invitation`; else null.' }),
    freshUntil: instant.nullable().meta({
      description: 'Until when the sign-in of the calling session is fresh, after `fresh`; else null.',
    }),
    organizationId: organizationIdSchema.nullable().meta({
      description: 'The organization of the member, after `invitation` and `identity`; else null.',
    }),
    memberId: z.guid().nullable().meta({
      description: 'The member that the person is, after `invitation` and `identity`; else null.',
    }),
  })
  .meta({
    id: 'FinishedSignIn',
    examples: [
      {
        purpose: 'fresh',
        session: null,
        freshUntil: new Date('2026-01-31T12:44:00Z'),
        organizationId: null,
        memberId: null,
      },
    ],
  })

/** By what people sign in. */
export interface SignInOptions extends z.infer<typeof signInOptionsSchema> {}
/** A provider, as it stands on a button. */
export interface SignInProvider extends z.infer<typeof signInProviderSchema> {}
/** What an invitation says to whoever holds its secret. */
export interface ShownInvitation extends z.infer<typeof shownInvitationSchema> {}
/** What a sign-in at a provider is for. */
export interface BeginSignInInput extends z.input<typeof beginSignInSchema> {}
/** What a provider sent back by the browser. */
export interface FinishSignInInput extends z.input<typeof finishSignInSchema> {}
/** What a sign-in has come to, as it is told. */
export interface ToldSignIn extends z.infer<typeof finishedSignInSchema> {}
