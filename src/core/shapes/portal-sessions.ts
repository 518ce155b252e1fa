// The customers' page: sessions of the operator's users, and what they may see and do there. Names are the library's; the wire has
// the same in snake_case (see `wire.ts`).
import { z } from 'zod'
import { embedSessionSeconds, linkSessionSeconds, longestPortalSeconds } from '../bounds.ts'
import {
  creatorTypeSchema,
  grantedPermissionsSchema,
  instant,
  organizationIdSchema,
  tokenPrefixSchema,
  visibleText,
} from '../fields.ts'
import { isReserved } from '../permissions.ts'
import { containsToken } from '../token.ts'
import type { CallOptions } from './calls.ts'
import { type List, pageFields } from './page.ts'

const kinds = ['link', 'embed'] as const
/** A `link` to a page of Latchkey's own, or an `embed` for an element in the operator's page. */
export type PortalKind = (typeof kinds)[number]
const schemes = ['auto', 'light', 'dark'] as const

/** The permissions of ours that a portal session may have. */
export const portalPermissions = ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read'] as const

const longestUrl = 2_048

/** Reads an address of pages: https, or http on loopback, without a user. */
function readPageUrl(value: string): URL | undefined {
  const url = URL.parse(value)
  // A parser passes over control characters, and PostgreSQL takes no text with a zero byte.
  if (url?.username !== '' || url.password !== '' || /[\\\s\p{Cc}]/u.test(value)) return undefined
  const isLoopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback) ? url : undefined
}

const originSchema = z
  .string({ error: 'Must be an origin, such as https://app.example.com.' })
  .max(longestUrl, 'Must be an origin, such as https://app.example.com.')
  .refine(
    (value) => readPageUrl(value)?.origin === value,
    'Must be an origin in its one form, such as https://app.example.com: https, or http on loopback, without a path or a slash at its end.',
  )
const returnUrlSchema = z
  .string({ error: 'Must be an address, such as https://app.example.com/settings.' })
  .max(longestUrl, `Must have at most ${longestUrl} characters.`)
  .refine(
    (value) => readPageUrl(value) !== undefined,
    'Must be an address, such as https://app.example.com/settings: https, or http on loopback, without a user.',
  )
  .refine((value) => !containsToken(value), 'Must not contain a token.')

const userIdSchema = visibleText(256).meta({
  description: "The id of the user, which is the operator's own.",
  example: 'u_81',
})

const portalUserSchema = z
  .strictObject({
    // By a path its name is forgotten, and no URL has a segment such as these, or takes a token.
    id: userIdSchema.refine((id) => !/^\.\.?$/.test(id) && !containsToken(id), {
      error: 'Must be neither "." nor "..", and must not contain a token.',
    }),
    name: visibleText(256).nullish().meta({
      description: 'What pages call the user; null or absent leaves what they call it so far.',
    }),
  })
  .meta({ id: 'GivenPortalUser', examples: [{ id: 'u_81', name: 'Ada' }] })

const permissionsFault = (permissions: readonly string[]) =>
  permissions.findIndex((one) => isReserved(one) && !(portalPermissions as readonly string[]).includes(one))

const given = {
  kind: z.enum(kinds, { error: 'Must be link or embed.' }).meta({
    description:
      'A `link` opens a page of Latchkey’s own; an `embed` is a token for `<latchkey-keys>` in a page of the operator’s.',
  }),
  organizationId: organizationIdSchema.meta({
    description: 'The organization whose keys the user sees; never the root organization.',
  }),
  user: portalUserSchema.meta({ description: 'Whose session it is.' }),
  permissions: grantedPermissionsSchema
    .refine((list) => list.length > 0, 'Must name at least one permission.')
    .superRefine((list, context) => {
      const i = permissionsFault(list)
      if (i < 0) return
      const message = `Of Latchkey’s own, a portal session may have ${portalPermissions.join(', ')}.`
      context.addIssue({ code: 'custom', path: [i], message })
    })
    .meta({
      description:
        'What the user may do: `latchkey:keys:read`, `latchkey:keys:write`, `latchkey:usage:read`; and, outside `latchkey:`, what the keys that it makes may be granted. All covered by the caller.',
    }),
  prefixes: z
    .array(tokenPrefixSchema, { error: 'Must be a list of token prefixes.' })
    .min(1, 'Must name at least one prefix.')
    .max(16, 'Must have at most 16 prefixes.')
    .transform((list) => [...new Set(list)])
    .nullish()
    .meta({
      description:
        'Only keys whose tokens begin with one of these: it sees no others, and makes none. Null or absent for all.',
    }),
  expiresInSeconds: z
    .int({ error: 'Must be a whole number of seconds.' })
    .min(60, 'Must be 60 or more.')
    .max(longestPortalSeconds, `Must be at most ${longestPortalSeconds} (12 hours).`)
    .optional()
    .meta({
      description: `How long it lasts; ${linkSessionSeconds} if absent for a link, ${embedSessionSeconds} for an embed.`,
    }),
  origin: originSchema.nullish().meta({
    description: 'The exact origin of the page that shows the element; of an embed, and of no link.',
    example: 'https://app.example.com',
  }),
  returnUrl: returnUrlSchema.nullish().meta({
    description: 'Where the page of a link leads back to; of no embed.',
    example: 'https://app.example.com/settings',
  }),
  scheme: z
    .enum(schemes, { error: 'Must be auto, light or dark.' })
    .default('auto')
    .meta({ description: 'In which colours the page is shown; `auto` as the browser prefers.' }),
  lang: z
    .string({ error: 'Must be a language, such as de.' })
    .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'Must be a language tag, such as de or es-MX.')
    .nullish()
    .meta({
      description: 'The language of the page (BCP 47); null or absent as the browser prefers.',
      example: 'de',
    }),
}

export const createPortalSessionSchema = z
  .strictObject(given)
  .refine(({ kind, origin }) => kind === 'link' || origin != null, {
    path: ['origin'],
    error: 'Name the origin of the page that shows the element.',
  })
  .refine(({ kind, origin }) => kind === 'embed' || origin == null, {
    path: ['origin'],
    error: 'Must not stand beside kind link: its page is Latchkey’s own.',
  })
  .refine(({ kind, returnUrl }) => kind === 'link' || returnUrl == null, {
    path: ['returnUrl'],
    error: 'Must not stand beside kind embed: its page is the operator’s own.',
  })
  .meta({
    id: 'CreatePortalSession',
    examples: [
      {
        kind: 'link',
        organizationId: 'acme',
        user: { id: 'u_81', name: 'Ada' },
        permissions: [...portalPermissions, 'emails:*'],
        returnUrl: 'https://app.example.com/settings',
      },
    ],
  })

const of = {
  organizationId: organizationIdSchema.meta({ description: 'The organization of the sessions.' }),
  userId: userIdSchema.optional().meta({ description: 'Only those of this user.' }),
}
export const listPortalSessionsSchema = z.strictObject({
  organizationId: of.organizationId.optional().meta({
    description: 'Only sessions of this organization; of every one if absent.',
  }),
  userId: of.userId,
  ...pageFields,
})
export const endPortalSessionsSchema = z.strictObject(of)
export const portalUserIdSchema = z.strictObject({
  organizationId: organizationIdSchema,
  userId: userIdSchema,
})

/** A user, as it is told. */
export const toldUserSchema = z
  .strictObject({
    id: z.string().meta({ description: 'The id of the user.' }),
    name: z.string().nullable().meta({ description: 'What pages call the user; null if nobody said.' }),
  })
  .meta({ id: 'PortalUser', examples: [{ id: 'u_81', name: 'Ada' }] })

const sessionExample = {
  id: '0198f3a2-5c1b-7000-8000-5f4e3d2c1b0a',
  kind: 'link' as const,
  organizationId: 'acme',
  user: { id: 'u_81', name: 'Ada' },
  permissions: ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read', 'emails:*'],
  prefixes: null,
  origin: null,
  returnUrl: 'https://app.example.com/settings',
  scheme: 'auto' as const,
  lang: null,
  url: null,
  urlExpiresAt: null,
  token: null,
  expiresAt: new Date('2026-01-31T13:00:00Z'),
  createdAt: new Date('2026-01-31T12:00:00Z'),
  createdBy: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  createdByType: 'key' as const,
  endedAt: null,
}

export const portalSessionSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the session, a UUID.' }),
    kind: z.enum(kinds).meta({ description: 'Whether it is behind a link, or in an element.' }),
    organizationId: organizationIdSchema.meta({ description: 'The organization whose keys the user sees.' }),
    user: toldUserSchema.meta({ description: 'Whose session it is.' }),
    permissions: z.array(z.string()).meta({ description: 'What the user may do, and grant to keys.' }),
    prefixes: z
      .array(z.string())
      .nullable()
      .meta({ description: 'What the tokens of its keys begin with; null for any.' }),
    origin: z.string().nullable().meta({ description: 'The origin of an embed’s page; null for a link.' }),
    returnUrl: z.string().nullable().meta({ description: 'Where the page leads back to; null for nowhere.' }),
    scheme: z.enum(schemes).meta({ description: 'In which colours the page is shown.' }),
    lang: z
      .string()
      .nullable()
      .meta({ description: 'The language of the page; null as the browser prefers.' }),
    url: z.string().nullable().meta({
      description: 'Of a link, where it opens, once: only in the answer that makes it.',
    }),
    urlExpiresAt: instant
      .nullable()
      .meta({ description: 'Until when `url` opens it: five minutes; null once it did, and for an embed.' }),
    token: z
      .string()
      .nullable()
      .meta({ description: 'Of an embed, its token: only in the answer that makes it.' }),
    expiresAt: instant.meta({ description: 'When it expires.' }),
    createdAt: instant.meta({ description: 'When it was made.' }),
    createdBy: z
      .string()
      .nullable()
      .meta({ description: 'The id of the key or member that made it; null for the operator.' }),
    createdByType: creatorTypeSchema,
    endedAt: instant.nullable().meta({ description: 'When somebody ended it; null if nobody did.' }),
  })
  .meta({ id: 'PortalSession', examples: [sessionExample] })

/** A session of a user of the operator's on the customers' page. */
export interface PortalSession extends z.infer<typeof portalSessionSchema> {}
/** Whose session to make, and what it may do. */
export interface CreatePortalSessionInput extends z.input<typeof createPortalSessionSchema> {}
/** Which sessions are listed, newest first; they are kept for a day after they expire. */
export interface ListPortalSessionsInput extends z.input<typeof listPortalSessionsSchema> {}
/** Whose sessions end: a user's, or all of an organization. */
export interface EndPortalSessionsInput extends z.input<typeof endPortalSessionsSchema> {}
/** What an operator's backend can do with portal sessions. It takes `latchkey:portal:write` and the root organization. */
export interface PortalSessions<Options extends CallOptions = CallOptions>
  extends List<ListPortalSessionsInput, PortalSession, Options> {
  /**
   * Makes a session for a user: `url` or `token` in its answer has its secret, which no later call gives. Of the user's more than 20,
   * the oldest ends. Throws `invalid_input`, `organization_not_found`, `organization_suspended`, `permission_escalation`,
   * `public_url_missing`.
   */
  create(input: CreatePortalSessionInput, options?: Options): Promise<PortalSession>
  /** Ends a session. Again, it changes nothing. Throws `portal_session_not_found`. */
  end(id: string, options?: Options): Promise<void>
  /** Ends the sessions of a user, or of a whole organization if no user is named; undefined names none, and is refused. Throws `invalid_input`, `organization_not_found`. */
  endAll(input: EndPortalSessionsInput, options?: Options): Promise<void>
  /** Ends the sessions of a user, and forgets its name. Again, it changes nothing. Throws `invalid_input`, `organization_not_found`. */
  forgetUser(organizationId: string, userId: string, options?: Options): Promise<void>
}
