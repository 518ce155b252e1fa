// Each shape that crosses a boundary, once: the check, the type and (through `server/openapi/document.ts`) the document.
// Names are the library's; the wire has the same in snake_case, with instants as RFC 3339 (see `wire.ts`).

import { z } from 'zod'
import { actorTypes } from './actor.ts'
import { maxBatch } from './bounds.ts'
import { describeFaults, LatchkeyError, pathOf } from './errors.ts'
import { instant, instantInput, organizationIdSchema, permissionsSchema, text } from './fields.ts'
import { metadataFault } from './metadata.ts'
import { longestPrefix, prefixPattern } from './token.ts'

const metadata = z
  .custom<Record<string, unknown>>()
  .superRefine((value, context) => {
    const fault = metadataFault(value)
    if (fault) context.addIssue({ code: 'custom', ...fault })
  })
  .meta({
    type: 'object',
    additionalProperties: true,
    description:
      'Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly.',
  })

const name = text(256).meta({ description: 'What people call it.', example: 'CI' })
const expiresAt = instantInput
  .nullable()
  .meta({ description: 'When it stops to open anything; null for never.' })
const createdBy = text(256).meta({
  description: "The operator's user on whose behalf; root organization only.",
})
const tokenPrefix = z
  .string({ error: 'A token prefix: a string such as re_live.' })
  .max(longestPrefix, `At most ${longestPrefix} characters.`)
  .regex(prefixPattern, 'Lower-case letters and digits, with single _ between: re, re_live.')
  .meta({ example: 're' })

export const createKeySchema = z.strictObject({
  name,
  permissions: permissionsSchema.default([]),
  expiresAt: expiresAt.default(null),
  metadata: metadata.default({}),
  prefix: tokenPrefix.optional(),
  organizationId: organizationIdSchema.optional(),
  createdBy: createdBy.optional(),
})

export const updateKeySchema = z
  .strictObject({
    name: name.optional(),
    permissions: permissionsSchema.optional(),
    expiresAt: expiresAt.optional(),
    metadata: metadata.optional(),
  })
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    'Name at least one field to change.',
  )

const longestGraceSeconds = 2_592_000
export const rotateKeySchema = z.strictObject({
  graceSeconds: z
    .int({ error: 'A whole number of seconds.' })
    .min(0, 'Not below 0.')
    .max(longestGraceSeconds, `At most ${longestGraceSeconds} (30 days).`)
    .default(0)
    .meta({ description: 'How long the old token stays valid, in seconds.' }),
})

const page = {
  limit: z
    .int({ error: 'A whole number from 1 to 1000.' })
    .min(1, 'At least 1.')
    .max(1000, 'At most 1000.')
    .default(100)
    .meta({ description: 'How many at the most.' }),
  after: z
    .string()
    .max(2048, 'Not a cursor.')
    .optional()
    .meta({ description: 'The cursor of the page before.' }),
}

export const keyStatuses = ['active', 'expired', 'revoked'] as const
export const listKeysSchema = z.strictObject({
  status: z
    .enum([...keyStatuses, 'all'], { error: 'One of active, expired, revoked, all.' })
    .default('active'),
  organizationId: organizationIdSchema.optional(),
  q: text(256).optional().meta({ description: 'Keys whose name holds this, in any case.' }),
  sort: z
    .enum(['-created_at', '-last_used_at', 'name'], { error: 'One of -created_at, -last_used_at, name.' })
    .default('-created_at'),
  ...page,
})

export const getKeySchema = z.strictObject({
  secretsAfter: z
    .string({ error: 'A kid: a string.' })
    .regex(/^[0-9A-Za-z]{16}$/, 'A kid: 16 letters and digits.')
    .optional()
    .meta({ description: 'The kid of the last secret of the answer before, to get those after it.' }),
})

export const listPermissionsSchema = listKeysSchema.pick({ organizationId: true })

export const createOrganizationSchema = z.strictObject({ id: organizationIdSchema.optional(), name })
export const updateOrganizationSchema = z.strictObject({ name })
export const listOrganizationsSchema = z.strictObject({
  q: text(256).optional().meta({ description: 'Those whose name or id holds this, in any case.' }),
  ...page,
})

export const auditActions = [
  'organization.created',
  'organization.updated',
  'key.created',
  'key.updated',
  'key.rotated',
  'key.secret_ended',
  'key.revoked',
  'session.started',
  'session.refreshed',
  'session.ended',
] as const
export type AuditAction = (typeof auditActions)[number]
const keyId = z.guid('A key id: a UUID.').optional()
const auditFilter = {
  organizationId: organizationIdSchema.optional(),
  keyId: keyId.meta({ description: 'What was done to this key.' }),
  actor: keyId.meta({ description: 'What this key did.' }),
  action: z.enum(auditActions, { error: `One of ${auditActions.join(', ')}.` }).optional(),
  since: instantInput.optional().meta({ description: 'From this instant on.' }),
  until: instantInput.optional().meta({ description: 'Before this instant.' }),
}
const isInOrder = ({ since, until }: { since?: Date | undefined; until?: Date | undefined }) =>
  since === undefined || until === undefined || since < until
const notInOrder = { path: ['until'], error: 'An instant after since.' }
export const listAuditSchema = z.strictObject({ ...auditFilter, ...page }).refine(isInOrder, notInOrder)
export const exportAuditSchema = z
  .strictObject({
    ...auditFilter,
    format: z
      .enum(['jsonl', 'csv'], { error: 'One of jsonl, csv.' })
      .default('jsonl')
      .meta({ description: 'JSON, one event a line, or CSV (RFC 4180).' }),
  })
  .refine(isInOrder, notInOrder)

export const verifyOptionsSchema = z.strictObject({
  permissions: permissionsSchema.default([]).meta({ description: 'All of these are required.' }),
  organizationId: organizationIdSchema.optional(),
})
export const verifyRequestSchema = z.strictObject({
  key: z
    .string({ error: 'A token: a string.' })
    .meta({ description: 'The token to judge; whatever is no token is `malformed`.', example: 're_…' }),
  permissions: permissionsSchema.default([]).meta({ description: 'All of these are required.' }),
})
export const verifyBatchSchema = z
  .array(verifyRequestSchema, { error: 'A list of { key, permissions? }.' })
  .min(1, 'At least one.')
  .max(maxBatch, `At most ${maxBatch}.`)

/** A token whose facts a verifier elsewhere wants. */
export const readFactsSchema = verifyRequestSchema.pick({ key: true })
export const useSchema = z.strictObject({
  kid: z.string({ error: 'A kid: a string.' }).regex(/^[0-9A-Za-z]{16}$/, '16 letters and digits.'),
  at: instantInput,
})
export const usesSchema = z
  .array(useSchema, { error: 'A list of { kid, at }.' })
  .min(1, 'At least one.')
  .max(maxBatch, `At most ${maxBatch}.`)

export const secretSchema = z.strictObject({
  kid: z.string().meta({ description: 'The public id of this secret.' }),
  hint: z.string(),
  createdAt: instant,
  expiresAt: instant.nullable().meta({ description: 'When it ends or ended; null while it is the newest.' }),
  lastUsedAt: instant.nullable(),
})

/** The key as everyone sees it: the seed's fields first, `key` excepted. */
export const keySchema = z.strictObject({
  id: z.guid(),
  organizationId: organizationIdSchema,
  name,
  permissions: z.array(z.string()),
  lastUsedAt: instant.nullable().meta({ description: 'When a verification last found it valid.' }),
  createdBy: z.string().nullable().meta({ description: 'The key or the user that created it.' }),
  createdAt: instant,
  revokedAt: instant.nullable(),
  hint: z
    .string()
    .meta({ description: 'Prefix and kid of the newest token; nothing secret.', example: 're_0aB…' }),
  status: z.enum(keyStatuses),
  expiresAt: instant.nullable(),
  metadata: z.record(z.string(), z.unknown()),
})
export const createdKeySchema = keySchema.extend({
  key: z.string().meta({ description: 'The token. Shown in this answer and never again.' }),
})
export const keyDetailsSchema = keySchema.extend({
  secrets: z.array(secretSchema).meta({
    description:
      'Newest first, ended ones included: 100 of them. A key keeps the newest 1000 that have ended.',
  }),
})

/** A permission in use, and by how many keys. */
export const permissionUseSchema = z.strictObject({ permission: z.string(), keys: z.int().min(1) })

export const organizationSchema = z.strictObject({ id: organizationIdSchema, name, createdAt: instant })

export const auditEventSchema = z.strictObject({
  id: z.guid(),
  at: instant,
  action: z.enum(auditActions),
  actor: z
    .string()
    .nullable()
    .meta({ description: 'The id of the key that did it; null for who holds the database.' }),
  actorType: z.enum(actorTypes).meta({ description: 'What it is that did it.' }),
  organizationId: organizationIdSchema,
  keyId: z.guid().nullable(),
  changes: z.record(z.string(), z.unknown()).meta({ description: 'What became of each field that changed.' }),
  requestId: z.string().nullable(),
  ip: z.string().nullable(),
})

export const sessionSchema = z.strictObject({
  id: z.guid(),
  createdAt: instant,
  lastSeenAt: instant.meta({ description: 'When it was last used, to the minute.' }),
  expiresAt: instant.meta({ description: 'When it is over in any case.' }),
  idleExpiresAt: instant.meta({ description: 'When it is over unless it is used before.' }),
  ip: z.string().nullable().meta({ description: 'From where it was opened.' }),
  userAgent: z.string().nullable().meta({ description: 'What the browser called itself then.' }),
  current: z.boolean().meta({ description: 'Whether this is the one that asks.' }),
  freshUntil: instant.meta({
    description:
      'Until when its sign-in is fresh: what outlives the session takes that. It may lie in the past.',
  }),
})
/** A new session, in the only answer that ever holds the value of its page. */
export const startedSessionSchema = sessionSchema.extend({
  pageValue: z.string().meta({
    description:
      'To be sent as `Latchkey-Session` with each request by the cookie: without it the cookie opens nothing.',
  }),
})

const knownKey = {
  keyId: z.guid(),
  organizationId: organizationIdSchema,
  name: z.string(),
  permissions: z.array(z.string()).readonly(),
  expiresAt: instant.nullable(),
  metadata: z.record(z.string(), z.unknown()).readonly(),
}
export const verdictSchema = z.union([
  z.strictObject({ valid: z.literal(true), code: z.literal('valid'), ...knownKey }),
  z.strictObject({ valid: z.literal(false), code: z.enum(['malformed', 'not_found']) }),
  z.strictObject({ valid: z.literal(false), code: z.enum(['revoked', 'expired', 'rotated']), ...knownKey }),
  z.strictObject({
    valid: z.literal(false),
    code: z.literal('insufficient_permissions'),
    missing: z.array(z.string()),
    ...knownKey,
  }),
])

const ageMs = z.int().meta({ description: 'In milliseconds.' })
export const latestSchema = z.strictObject({
  sequence: z.int().meta({ description: 'Grows by one with each change.' }),
  ageMs,
})
export const factsSchema = z.strictObject({
  sequence: z.int().nullable().meta({ description: 'Null where the server hears of no changes now.' }),
  ageMs,
  secret: z
    .strictObject({
      ...knownKey,
      revokedAt: instant.nullable(),
      graceEndsAt: instant.nullable().meta({ description: 'When a grace ends; null for the newest secret.' }),
      isEnded: z.boolean().meta({ description: 'Whether somebody ended it for good.' }),
    })
    .nullable(),
})

/** What waiting for a change to be applied everywhere came to; see `waitUntilApplied`. */
export const appliedSchema = z.strictObject({
  confirmed: z.boolean().meta({ description: 'Whether every live process has confirmed.' }),
  milliseconds: z.int().meta({ description: 'How long that took; two seconds at the most, and a little.' }),
  silent: z.array(z.string()).meta({
    description:
      'The processes (host:pid) that did not; what they remembered has run out. Outside the root organization they are called process-1 and so on.',
  }),
})

/** A key's public state; `organizationId`, `permissions`, … as in the seed. */
export type Key = z.infer<typeof keySchema>
/** A key with its token, in the only answers that ever hold it: create and rotate. */
export type CreatedKey = z.infer<typeof createdKeySchema>
/** A key with the newest 100 of its secrets, or those after a given one, newest first. */
export type KeyDetails = z.infer<typeof keyDetailsSchema>
export type KeySecret = z.infer<typeof secretSchema>
export type Applied = z.infer<typeof appliedSchema>
export type PermissionUse = z.infer<typeof permissionUseSchema>
/** A browser that is signed in with a key. */
export type Session = z.infer<typeof sessionSchema>
export type Organization = z.infer<typeof organizationSchema>
export type AuditEvent = z.infer<typeof auditEventSchema>
/**
 * The answer to 'may this token do this, now?'. Narrow it by `valid` or by `code`. A refusal is an object and
 * so truthy: write `if (verdict.valid)`, never `if (verdict)`.
 */
export type Verdict = z.infer<typeof verdictSchema>
export type VerdictCode = Verdict['code']
export type KeyStatus = (typeof keyStatuses)[number]

export type CreateKeyInput = z.input<typeof createKeySchema>
export type UpdateKeyInput = z.input<typeof updateKeySchema>
export type RotateKeyInput = z.input<typeof rotateKeySchema>
export type ListKeysInput = z.input<typeof listKeysSchema>
export type ListPermissionsInput = z.input<typeof listPermissionsSchema>
export type CreateOrganizationInput = z.input<typeof createOrganizationSchema>
export type UpdateOrganizationInput = z.input<typeof updateOrganizationSchema>
export type ListOrganizationsInput = z.input<typeof listOrganizationsSchema>
export type ListAuditInput = z.input<typeof listAuditSchema>
export type VerifyOptions = z.input<typeof verifyOptionsSchema>
export type VerifyRequest = z.input<typeof verifyRequestSchema>
/** When secrets were found valid by a verifier elsewhere. */
export type UsesInput = z.input<typeof usesSchema>
/** What a verifier elsewhere judges a token by. */
export type FactsAnswer = z.infer<typeof factsSchema>
/** The number of the last change, and how long ago it was surely the last. */
export type LatestAnswer = z.infer<typeof latestSchema>

/**
 * One page of a list; `next` is the cursor of the page after it, undefined at the end. A page may hold fewer than
 * `limit`, or none, before the end: where its items are large, or a search has looked through much and found little.
 */
export interface Page<Item> {
  items: Item[]
  next: string | undefined
}

/** How a list or a search is read. */
export interface ReadOptions {
  /** Ends the reading, which then throws the signal's reason. */
  signal?: AbortSignal | undefined
}

/** The values of one session, each 256 random bits as base64url. Only their digests are stored. */
export interface SessionValues {
  /** In a cookie that no script can read. */
  value: string
  /** In the storage of the console's page; it comes in `Latchkey-Session`. */
  pageValue: string
}

/** Checks an input against its schema. Throws `invalid_input` with a path and a sentence for each fault. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const errors = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'Unknown field.' }))
      : [{ path: pathOf(issue.path), message: isNoObject(issue) ? 'A JSON object.' : issue.message }],
  )
  throw new LatchkeyError('invalid_input', describeFaults(errors), { errors })
}

// The one fault that the schemas have no sentence of their own for.
function isNoObject(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'object'
}
