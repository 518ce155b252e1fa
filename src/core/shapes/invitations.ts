// Invitations to become a member. What is given, what is told, and what can be done with them.
import { z } from 'zod'
import {
  creatorTypeSchema,
  emailSchema,
  instant,
  organizationIdSchema,
  roleSchema,
  text,
  visibleText,
} from '../fields.ts'
import type { CallOptions } from './calls.ts'
import { type List, pageFields } from './page.ts'

const sendSchema = z.boolean({ error: 'Must be true or false.' }).default(false).meta({
  description:
    'Whether Latchkey sends the link to the person by mail, and tells it nobody else. If the mail server does not take it within seven seconds, `sent` is false, and `url` has the link.',
})

export const createInvitationSchema = z
  .strictObject({
    organizationId: organizationIdSchema.optional().meta({
      description:
        'Who invites. The organization of the caller if absent; another one takes the root organization.',
    }),
    email: emailSchema.meta({ description: 'The address of the person who is invited.' }),
    role: roleSchema,
    name: visibleText(256).nullish().meta({ description: 'The name of the person, a label.' }),
    send: sendSchema,
  })
  .meta({
    id: 'CreateInvitation',
    examples: [{ organizationId: 'acme', email: 'ada@acme.example', role: 'admin', name: 'Ada Lovelace' }],
  })

export const resetMemberSchema = z
  .strictObject({ send: sendSchema })
  .meta({ id: 'ResetMember', examples: [{ send: false }] })

export const invitationStatuses = ['pending', 'accepted', 'expired', 'revoked'] as const
/** `pending`, `accepted`, `expired` or `revoked`. */
export type InvitationStatus = (typeof invitationStatuses)[number]

export const listInvitationsSchema = z.strictObject({
  organizationId: organizationIdSchema.optional().meta({
    description:
      "Only invitations of this organization. The caller's own if absent; every one for the root organization.",
  }),
  status: z
    .enum([...invitationStatuses, 'all'], {
      error: 'Must be one of pending, accepted, expired, revoked, all.',
    })
    .default('pending')
    .meta({ description: 'Only invitations of this status; pending ones if absent.' }),
  ...pageFields,
})

/** Who accepts an invitation: a person as a provider knows it. Nothing else tells who somebody is. */
export const personSchema = z.strictObject({
  provider: text(64).meta({ description: 'What has proved who the person is.' }),
  issuer: text(512).meta({ description: 'The issuer of the proof.' }),
  subject: text(256).meta({ description: 'The person, as the issuer knows it for ever.' }),
  label: text(256).meta({ description: 'By what the person knows the identity.' }),
  email: z.string().max(320).nullable().meta({
    description: "The address that is the person's own, as the provider says; null for none.",
  }),
  emailVerified: z.boolean().meta({ description: 'Whether the provider proves that.' }),
})

const invitationExample = {
  id: '0198f3a2-5c1b-7000-8000-7a8b9c0d1e2f',
  organizationId: 'acme',
  email: 'ada@acme.example',
  name: 'Ada Lovelace',
  role: 'admin',
  status: 'pending',
  sent: false,
  url: null,
  expiresAt: new Date('2026-02-03T12:00:00Z'),
  createdAt: new Date('2026-01-31T12:00:00Z'),
  createdBy: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  createdByType: 'key',
  acceptedAt: null,
  revokedAt: null,
  memberId: null,
} as const

export const invitationSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the invitation, a UUID.' }),
    organizationId: organizationIdSchema.meta({ description: 'The organization that invites.' }),
    email: z.string().meta({ description: 'The address of the person who is invited.' }),
    name: z.string().nullable().meta({ description: 'The name of the person; null if nobody said.' }),
    role: roleSchema,
    status: z
      .enum(invitationStatuses)
      .meta({ description: 'Whether it can be used at this instant, and why not.' }),
    sent: z.boolean().meta({ description: 'Whether Latchkey has sent it by mail.' }),
    url: z.string().nullable().meta({
      description:
        'Where it is accepted, with its secret: only in the answer that makes or renews it, and only if it was not sent.',
    }),
    expiresAt: instant.meta({ description: 'Until when it can be used.' }),
    createdAt: instant.meta({ description: 'When it was made.' }),
    createdBy: z.string().nullable().meta({
      description: 'The id of the key or member that made it; null for the operator.',
    }),
    createdByType: creatorTypeSchema,
    acceptedAt: instant.nullable().meta({ description: 'When it was used; null if it was not.' }),
    revokedAt: instant
      .nullable()
      .meta({ description: 'When it was revoked, or another one took its place; null if it was not.' }),
    memberId: z.guid().nullable().meta({
      description: 'The member that it has made, or that it resets; null if there is none yet.',
    }),
  })
  .meta({ id: 'Invitation', examples: [invitationExample] })

/** An invitation to become a member of an organization. */
export interface Invitation extends z.infer<typeof invitationSchema> {}
/** Whom to invite, and as what. */
export interface CreateInvitationInput extends z.input<typeof createInvitationSchema> {}
/** Whether the link of a reset goes by mail. */
export interface ResetMemberInput extends z.input<typeof resetMemberSchema> {}
/** Which invitations are listed, newest first. */
export interface ListInvitationsInput extends z.input<typeof listInvitationsSchema> {}
/** A person, as a provider has proved it. */
export interface ProvedPerson extends z.input<typeof personSchema> {}

/** What can be done with invitations. */
export interface Invitations<Options extends CallOptions = CallOptions>
  extends List<ListInvitationsInput, Invitation, Options> {
  /**
   * Invites a person for 72 hours; `url` in its answer has the secret, which no later call gives, unless it was sent by mail. An
   * invitation for the same address ends. Throws `invalid_input`, `organization_not_found`, `permission_escalation`,
   * `member_exists`, `too_many_invitations`, `public_url_missing`, `fresh_sign_in_required`; with `send`, `mail_missing`,
   * `too_many_mails`.
   */
  create(input: CreateInvitationInput, options?: Options): Promise<Invitation>
  /** Reads an invitation, without its secret. Throws `invitation_not_found`. */
  get(id: string, options?: Options): Promise<Invitation>
  /**
   * Gives an invitation that is pending or expired another secret, and 72 hours more; if it was sent by mail, it is sent anew.
   * Throws `invitation_not_found`, `invitation_ended`, `permission_escalation`, `too_many_invitations`, `public_url_missing`,
   * `fresh_sign_in_required`, `too_many_mails`.
   */
  renew(id: string, options?: Options): Promise<Invitation>
  /** Revokes an invitation. Again, it changes nothing. Throws `invitation_not_found`, `invitation_ended` for an accepted one. */
  revoke(id: string, options?: Options): Promise<void>
}

/** Whom an accepted invitation has made what. */
export interface Acceptance {
  /** The organization that has invited. */
  organizationId: string
  /** The member that the person is there. */
  memberId: string
  /** The identity by which the person signs in. */
  identityId: string
}

/** The same in a process that holds the database. */
export interface LibraryInvitations<Options extends CallOptions = CallOptions> extends Invitations<Options> {
  /**
   * Has a person accept an invitation by its secret, once. Throws `invalid_input`, `invitation_ended` for every secret that is of
   * no use, `email_not_proven`, `member_exists`.
   */
  accept(secret: string, person: ProvedPerson): Promise<Acceptance>
}
