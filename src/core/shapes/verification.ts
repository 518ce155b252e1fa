// Judging tokens: the question, and the verdict.
import { z } from 'zod'
import { maxBatch, maxOperationLength, maxReserveSeconds, maxUserAgentLength } from '../bounds.ts'
import { addressFault, operationFault, userAgentFault } from '../call-context.ts'
import { instant, organizationIdSchema, permissionsSchema, tokenPrefixSchema } from '../fields.ts'
import {
  costSchema,
  exceededExample,
  exceededSchema,
  verdictLimitExample,
  verdictLimitSchema,
} from './limits.ts'

const wanted = permissionsSchema.default([]).meta({ description: 'All of these are required.' })

const prefix = tokenPrefixSchema.optional().meta({
  description: 'A token with another prefix is `wrong_environment`; any prefix if absent.',
})

const reserveSeconds = z
  .int({ error: `Must be a whole number of seconds, from 1 to ${maxReserveSeconds}.` })
  .min(1, 'Must be 1 or more.')
  .max(maxReserveSeconds, `Must be at most ${maxReserveSeconds} (a day).`)
  .meta({
    description:
      'Reserves the cost for so long: the verdict has a `reservation`, which a settlement brings to the true cost.',
  })

/** Text that a function finds fault with, or not. */
const checked = (fault: (value: string) => string | undefined, error: string) =>
  z.string({ error }).superRefine((value, context) => {
    const message = fault(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
const ofLength = (longest: number) => `Must be a string of 1 to ${longest} characters.`

export const callContextSchema = z
  .strictObject(
    {
      ip: checked(addressFault, 'Must be an IPv4 or IPv6 address.')
        .optional()
        .meta({ description: 'The address of the client.', example: '192.0.2.7' }),
      userAgent: checked(userAgentFault, ofLength(maxUserAgentLength))
        .optional()
        .meta({ maxLength: maxUserAgentLength, description: 'The `User-Agent` of the client.' }),
      operation: checked(operationFault, ofLength(maxOperationLength)).optional().meta({
        maxLength: maxOperationLength,
        description: 'What is called, such as `POST /emails`: few different ones, and never a query.',
      }),
    },
    { error: 'Must be an object, such as { ip: … }.' },
  )
  .meta({
    id: 'CallContext',
    examples: [{ ip: '192.0.2.7', userAgent: 'curl/8.14.1', operation: 'POST /emails' }],
  })

const context = callContextSchema.optional().meta({
  description:
    'From where the call comes, and what it calls. It is counted; by `ip`, keys with `allowed_ips` are judged.',
})

export const verifyOptionsSchema = z.strictObject({
  permissions: wanted,
  organizationId: organizationIdSchema
    .optional()
    .meta({ description: 'Keys of other organizations are `not_found`. Any organization if absent.' }),
  prefix,
  cost: costSchema.optional(),
  reserveSeconds: reserveSeconds.optional(),
  context,
})

export const verifyRequestSchema = z
  .strictObject({
    key: z
      .string({ error: 'A token: a string.' })
      .meta({ description: 'The token to verify.', example: 're_…' }),
    permissions: wanted,
    prefix,
    cost: costSchema.optional(),
    reserveSeconds: reserveSeconds.optional(),
    context,
  })
  .meta({ id: 'VerifyKey', examples: [{ key: 're_…', permissions: ['emails:send'] }] })

export const verifyBatchSchema = z
  .array(verifyRequestSchema, { error: 'Must be a list of { key, permissions? }.' })
  .min(1, 'Must have at least one item.')
  .max(maxBatch, `Must have at most ${maxBatch} items.`)

/** What a verdict tells of a known key. */
export const knownKey = {
  keyId: z.guid().meta({ description: 'The id of the key.' }),
  organizationId: organizationIdSchema.meta({ description: 'The organization that owns the key.' }),
  name: z.string().meta({ description: 'The name of the key.' }),
  permissions: z
    .array(z.string())
    .readonly()
    .meta({ description: 'What the key may do, within what the keys may of which it is a child.' }),
  expiresAt: instant
    .nullable()
    .meta({ description: 'When the key expires, or one of which it is a child; null if never.' }),
  metadata: z
    .record(z.string(), z.unknown())
    .readonly()
    .meta({ description: "The operator's own data about the key." }),
}
const isValid = 'Whether the token may do what was asked, now.'
const reason = 'Why the token is valid or not, in one word.'

export const knownKeyExample = {
  keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  organizationId: 'acme',
  name: 'CI',
  permissions: ['emails:send'],
  expiresAt: null,
  metadata: {},
}
const validExample = { valid: true, code: 'valid', ...knownKeyExample }

// One shape for each set of fields, which generated clients tell apart by `code`.

/** Of a key to which limits apply. */
const limits = z
  .array(verdictLimitSchema)
  .meta({ description: 'The limits that apply, with what is left of them; absent if there are none.' })
const reservation = z
  .string()
  .meta({ description: 'What was reserved, for one settlement; opaque, and no secret of the key.' })

const validVerdict = z
  .strictObject({
    valid: z.literal(true).meta({ description: isValid }),
    code: z.literal('valid').meta({ description: reason }),
    ...knownKey,
    limits: limits.optional(),
    reservation: reservation.optional(),
  })
  .meta({ id: 'ValidVerdict', examples: [validExample] })

const unknownVerdict = z
  .strictObject({
    valid: z.literal(false).meta({ description: isValid }),
    code: z.enum(['malformed', 'not_found']).meta({ description: reason }),
  })
  .meta({ id: 'UnknownVerdict', examples: [{ valid: false, code: 'not_found' }] })

const ancestorId = z
  .guid()
  .optional()
  .meta({ description: 'The key of its line of which that is so; absent if it is so of the key itself.' })

const endedVerdict = z
  .strictObject({
    valid: z.literal(false).meta({ description: isValid }),
    code: z
      .enum(['wrong_environment', 'revoked', 'suspended', 'expired', 'ip_not_allowed'])
      .meta({ description: reason }),
    ancestorId,
    ...knownKey,
  })
  .meta({ id: 'EndedVerdict', examples: [{ valid: false, code: 'revoked', ...knownKeyExample }] })

const earlyVerdict = z
  .strictObject({
    valid: z.literal(false).meta({ description: isValid }),
    code: z.literal('not_yet_valid').meta({ description: reason }),
    notBefore: instant.meta({ description: 'From when on the key is valid.' }),
    ancestorId,
    ...knownKey,
  })
  .meta({
    id: 'EarlyVerdict',
    examples: [
      {
        valid: false,
        code: 'not_yet_valid',
        notBefore: new Date('2030-01-31T12:00:00Z'),
        ...knownKeyExample,
      },
    ],
  })

const rotatedVerdict = z
  .strictObject({
    valid: z.literal(false).meta({ description: isValid }),
    code: z.literal('rotated').meta({ description: reason }),
    keyId: knownKey.keyId,
    ancestorId,
  })
  .meta({
    id: 'RotatedVerdict',
    examples: [{ valid: false, code: 'rotated', keyId: knownKeyExample.keyId }],
  })

const insufficientVerdict = z
  .strictObject({
    valid: z.literal(false).meta({ description: isValid }),
    code: z.literal('insufficient_permissions').meta({ description: reason }),
    missing: z.array(z.string()).meta({ description: 'The required permissions that the key lacks.' }),
    ...knownKey,
  })
  .meta({
    id: 'InsufficientVerdict',
    examples: [
      { valid: false, code: 'insufficient_permissions', missing: ['emails:read'], ...knownKeyExample },
    ],
  })

const exceededVerdict = z
  .strictObject({
    valid: z.literal(false).meta({ description: isValid }),
    code: z.enum(['quota_exceeded', 'rate_limited']).meta({ description: reason }),
    ...knownKey,
    limits,
    exceeded: z.array(exceededSchema).meta({ description: 'The limits that refuse the call.' }),
    retryAfterMs: z.int().nullable().meta({
      description: 'How long to wait, in milliseconds; null if the same call will never pass.',
    }),
  })
  .meta({
    id: 'ExceededVerdict',
    examples: [
      {
        valid: false,
        code: 'rate_limited',
        ...knownKeyExample,
        limits: [verdictLimitExample],
        exceeded: [exceededExample],
        retryAfterMs: 600,
      },
    ],
  })

// The valid one last: a client that meets a code which it does not know takes the first that fits.
export const verdictSchema = z
  .union([
    ...([insufficientVerdict, exceededVerdict, endedVerdict, earlyVerdict] as const),
    ...([rotatedVerdict, unknownVerdict, validVerdict] as const),
  ])
  .meta({ id: 'Verdict', discriminator: 'code', examples: [validExample] })

/**
 * The answer to 'may this token do this, now?'. Narrow it by `valid` or by `code`. A refusal is an object and
 * so truthy: write `if (verdict.valid)`, never `if (verdict)`.
 */
export type Verdict = z.infer<typeof verdictSchema>
/** Why a token is valid or not, in one word. */
export type VerdictCode = Verdict['code']

/** Why a token is refused, in the order of judgement: of several reasons the first is told. */
export const refusalOrder = [
  'malformed',
  'not_found',
  'wrong_environment',
  'revoked',
  'suspended',
  'expired',
  'not_yet_valid',
  'rotated',
  'ip_not_allowed',
  'insufficient_permissions',
  'quota_exceeded',
  'rate_limited',
] as const satisfies readonly Exclude<VerdictCode, 'valid'>[]
/** What is asked of a token beside being valid: all of these permissions, and, if given, to be a key of this organization. */
export interface VerifyOptions extends z.input<typeof verifyOptionsSchema> {}
/** From where a call comes, and what it calls. */
export interface CallContext extends z.input<typeof callContextSchema> {}
/** One token of a batch, with what is asked of it. */
export interface VerifyRequest extends z.input<typeof verifyRequestSchema> {}
