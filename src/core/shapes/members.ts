// Members: the people of an organization. What is given, what is told, and what can be done with them.
import { z } from 'zod'
import { creatorTypeSchema, instant, organizationIdSchema, roleSchema, visibleText } from '../fields.ts'
import { type CallOptions, type Changed, type EditOptions, revision, waited } from './calls.ts'
import type { Invitation, ResetMemberInput } from './invitations.ts'
import type { SuspendInput } from './key-changes.ts'
import { type List, nameSchema, pageFields } from './page.ts'

export const memberStatuses = ['active', 'suspended', 'removed'] as const
/** `active`, `suspended` or `removed`. */
export type MemberStatus = (typeof memberStatuses)[number]

export const listMembersSchema = z.strictObject({
  organizationId: organizationIdSchema.optional().meta({
    description:
      "Only members of this organization. The caller's own if absent; every one for the root organization.",
  }),
  status: z
    .enum([...memberStatuses, 'all'], { error: 'Must be one of active, suspended, removed, all.' })
    .default('active')
    .meta({ description: 'Only members of this status; active ones if absent.' }),
  ...pageFields,
})

export const updateMemberSchema = z
  .strictObject({
    role: roleSchema.optional(),
    name: visibleText(256).nullable().optional().meta({ description: 'Its name, a label; null for none.' }),
  })
  .refine(
    ({ role, name }) => role !== undefined || name !== undefined,
    'Must name at least one field to change.',
  )
  .meta({ id: 'UpdateMember', examples: [{ role: 'admin' }], minProperties: 1 })

export const updateOwnIdentitySchema = z
  .strictObject({
    label: visibleText(64).meta({ description: 'By what its owner knows it.' }),
  })
  .meta({ id: 'UpdateOwnIdentity', examples: [{ label: 'Laptop' }] })

export const removeMemberSchema = z.strictObject({
  managementKeys: z.enum(['keep', 'revoke'], { error: 'Must be keep or revoke.' }).optional().meta({
    description:
      'What becomes of the keys with a `latchkey:` permission whose tokens the member has seen. Must be said if there are any.',
  }),
})

const identityExample = {
  id: '0198f3a2-5c1b-7000-8000-5d6e7f8a9b0c',
  provider: 'acme-okta',
  label: 'ada@acme.example',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  lastUsedAt: new Date('2026-02-01T08:30:00Z'),
}
export const identitySchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the identity, a UUID.' }),
    provider: z.string().meta({ description: 'What proves who the person is.' }),
    label: z.string().meta({ description: 'By what the person knows it.' }),
    createdAt: instant.meta({ description: 'When it was added.' }),
    lastUsedAt: instant
      .nullable()
      .meta({ description: 'When somebody last signed in by it; null if nobody did.' }),
  })
  .meta({ id: 'Identity', examples: [identityExample] })

const memberExample = {
  id: '0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e',
  organizationId: 'acme',
  email: 'ada@acme.example',
  emailVerified: true,
  name: 'Ada Lovelace',
  role: 'admin',
  roleSource: 'manual',
  permissions: ['latchkey:keys:read'],
  status: 'active',
  lastSeenAt: new Date('2026-02-01T08:30:00Z'),
  createdAt: new Date('2026-01-31T12:00:00Z'),
  createdBy: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  createdByType: 'member',
  suspendedAt: null,
  suspendedReason: null,
  removedAt: null,
  revision: '1769860800000',
} as const

export const memberSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the member, a UUID.' }),
    organizationId: organizationIdSchema.meta({ description: 'The organization for which it acts.' }),
    email: z.string().nullable().meta({ description: 'Its address, a label; null once it is erased.' }),
    emailVerified: z
      .boolean()
      .meta({ description: 'Whether somebody has proved that the address is its own.' }),
    name: nameSchema
      .nullable()
      .meta({ description: 'Its name, a label; null if nobody said, and once it is erased.' }),
    role: roleSchema,
    roleSource: z
      .enum(['manual', 'rule'])
      .meta({ description: 'What gave it its role: somebody, or a rule.' }),
    permissions: z.array(z.string()).meta({ description: 'What its role may do.' }),
    status: z.enum(memberStatuses).meta({ description: 'Whether it may act, and why not.' }),
    lastSeenAt: instant.nullable().meta({ description: 'When it last acted, to the minute; null if never.' }),
    createdAt: instant.meta({ description: 'When it became a member.' }),
    createdBy: z.string().nullable().meta({
      description: 'The id of the key or member that invited it; null for the operator.',
    }),
    createdByType: creatorTypeSchema,
    suspendedAt: instant.nullable().meta({ description: 'Since when it is suspended; null if it is not.' }),
    suspendedReason: z.string().nullable().meta({ description: 'Why it is suspended, for people.' }),
    removedAt: instant.nullable().meta({ description: 'When it was removed, for good; null if it is not.' }),
    revision,
  })
  .meta({ id: 'Member', examples: [memberExample] })

/** A member after a change. */
export const changedMemberSchema = memberSchema
  .extend(waited)
  .meta({ id: 'ChangedMember', examples: [memberExample] })

export const memberDetailsSchema = memberSchema
  .extend({
    identities: z.array(identitySchema).meta({ description: 'By what it signs in.' }),
  })
  .meta({ id: 'MemberDetails', examples: [{ ...memberExample, identities: [identityExample] }] })

const standingExample = {
  id: 'acme',
  name: 'Acme',
  memberId: memberExample.id,
  role: memberExample.role,
}
const standingSchema = z
  .strictObject({
    id: organizationIdSchema.meta({ description: 'The organization. Name it as `Latchkey-Organization`.' }),
    name: nameSchema,
    memberId: z.guid().meta({ description: 'As which member the person acts for it.' }),
    role: roleSchema,
  })
  .meta({ id: 'Standing', examples: [standingExample] })

/** The member that asks, and for whom else the same person may act. */
export const ownMemberSchema = memberDetailsSchema
  .extend({
    organizations: z
      .array(standingSchema)
      .meta({ description: 'The organizations for which the person may act.' }),
    freshUntil: instant.meta({ description: 'Until when the sign-in of the calling session is fresh.' }),
  })
  .meta({
    id: 'OwnMember',
    examples: [
      {
        ...memberExample,
        identities: [identityExample],
        organizations: [standingExample],
        freshUntil: new Date('2026-02-01T08:40:00Z'),
      },
    ],
  })

const departureExample = { success: true as const, sessionsEnded: 1, tokensSeen: 3, managementKeys: 0 }
/** What somebody leaves behind that is suspended or removed. */
export const departureSchema = z
  .strictObject({
    success: z.literal(true).meta({ description: 'Always true.' }),
    sessionsEnded: z.int().meta({ description: 'How many sessions have ended.' }),
    tokensSeen: z.int().meta({
      description:
        'Of how many keys it has seen a token that is still valid, up to 1000. `GET /v1/keys?token_seen_by=` lists them.',
    }),
    managementKeys: z.int().meta({
      description: 'How many of those hold a `latchkey:` permission: before they were revoked, if they were.',
    }),
    ...waited,
  })
  .meta({ id: 'Departure', examples: [departureExample] })

/** A person who may act for an organization, or could. */
export interface Member extends z.infer<typeof memberSchema> {}
/** A member with the identities by which it signs in. */
export interface MemberDetails extends z.infer<typeof memberDetailsSchema> {}
/** The member that asks, with the organizations for which the same person may act. */
export interface OwnMember extends z.infer<typeof ownMemberSchema> {}
/** What a member leaves behind: sessions that have ended, and tokens that it has seen. */
export interface Departure extends z.infer<typeof departureSchema> {}
/** By what a person signs in. */
export interface Identity extends z.infer<typeof identitySchema> {}
/** What to change of one's own identity. */
export interface UpdateOwnIdentityInput extends z.input<typeof updateOwnIdentitySchema> {}
/** Which members are listed, newest first. */
export interface ListMembersInput extends z.input<typeof listMembersSchema> {}
/** What to change of a member. */
export interface UpdateMemberInput extends z.input<typeof updateMemberSchema> {}
/** What becomes of the keys whose tokens a removed member has seen. */
export interface RemoveMemberInput extends z.input<typeof removeMemberSchema> {}

/** What can be done with members. They are made by invitations. */
export interface Members<Options extends CallOptions = CallOptions>
  extends List<ListMembersInput, Member, Options> {
  /** Reads a member with its identities. Throws `member_not_found`. */
  get(id: string, options?: Options): Promise<MemberDetails>
  /** The member that asks. Throws `member_not_found` for a key. */
  self(options?: Options): Promise<OwnMember>
  /**
   * Changes the role or the name of a member. Throws `invalid_input`, `member_not_found`, `member_removed`,
   * `permission_escalation`, `last_owner`, `precondition_failed`, `fresh_sign_in_required`.
   */
  update<Given extends Options & EditOptions = Options>(
    id: string,
    input: UpdateMemberInput,
    options?: Given,
  ): Promise<Changed<Member, Given>>
  /**
   * Suspends a member until it is resumed: it may not act, and its sessions end. Again, it changes nothing. Throws
   * `invalid_input`, `member_not_found`, `member_removed`, `permission_escalation`, `last_owner`, `precondition_failed`.
   */
  suspend<Given extends Options & EditOptions = Options>(
    id: string,
    input?: SuspendInput,
    options?: Given,
  ): Promise<Changed<Departure, Given>>
  /**
   * Resumes a suspended member; one that is not suspended stays as it is. Throws `member_not_found`, `member_removed`,
   * `permission_escalation`, `precondition_failed`, `fresh_sign_in_required`.
   */
  resume<Given extends Options & EditOptions = Options>(
    id: string,
    options?: Given,
  ): Promise<Changed<Member, Given>>
  /**
   * Takes the identities from a member that has lost them, ends its sessions, and invites it anew. Its address is told by mail, if
   * that is set up. Throws `invalid_input`, `member_not_found`, `member_removed`, `permission_escalation`, `last_owner`,
   * `too_many_invitations`, `fresh_sign_in_required`, `public_url_missing`; with `send`, `mail_missing`, `too_many_mails`.
   */
  reset(id: string, input?: ResetMemberInput, options?: Options): Promise<Invitation>
  /**
   * Removes a member for good: it may not act, and its sessions end. The keys that it has made stay. Again, it changes nothing.
   * Throws `invalid_input`, `member_not_found`, `permission_escalation`, `last_owner`, `management_keys_left`,
   * `precondition_failed`, `fresh_sign_in_required`.
   */
  remove<Given extends Options & EditOptions & RemoveMemberInput = Options>(
    id: string,
    options?: Given,
  ): Promise<Changed<Departure, Given>>
  /**
   * Erases the address, the name and the identities of a removed member; its id, role and dates stay. Again, it changes nothing.
   * Throws `member_not_found`, `member_exists` for one that is not removed, `permission_escalation`, `fresh_sign_in_required`.
   */
  erase(id: string, options?: Options): Promise<Member>
  /** Gives an identity of the member that asks another label. Throws `invalid_input`, `member_not_found`, `identity_not_found`. */
  updateOwnIdentity(id: string, input: UpdateOwnIdentityInput, options?: Options): Promise<Identity>
  /**
   * Takes an identity from the member that asks. Throws `member_not_found` for a key, `identity_not_found`, `last_identity`,
   * `fresh_sign_in_required`.
   */
  removeOwnIdentity(id: string, options?: Options): Promise<void>
}
