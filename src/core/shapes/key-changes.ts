// What is given to make a key, or to change one. Names are the library's; see `keys.ts`.
import { z } from 'zod'
import {
  descriptionSchema,
  grantedPermissionsSchema,
  instantInput,
  networksSchema,
  organizationIdSchema,
  tagsSchema,
  text,
  tokenPrefixSchema,
  visibleText,
} from '../fields.ts'
import { metadataFault } from '../metadata.ts'
import { limitsSchema } from './limits.ts'
import { nameSchema } from './page.ts'
import type { RotateKeyInput } from './rotations.ts'

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

const expiresAt = instantInput.nullable().meta({ description: 'When the key expires; null if never.' })
const notBefore = instantInput
  .nullable()
  .meta({ description: 'From when on the key is valid; null for at once. Before it expires.' })
const allowedIps = networksSchema.nullish()
const limits = limitsSchema.meta({
  description:
    'How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits of the key that creates it.',
})
const description = descriptionSchema.meta({
  description:
    'What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it.',
})
const tags = tagsSchema.meta({
  description: 'Words under which the key is found. Each counts once; verdicts do not carry them.',
})
const createdBy = visibleText(256).meta({
  description: "The id of the operator's user for whom the key is created; root organization only.",
})
export const createKeySchema = z
  .strictObject({
    name: nameSchema,
    permissions: grantedPermissionsSchema.default([]).meta({
      description: 'What the key may do, such as `emails:send` or `emails:*`; nothing if absent.',
    }),
    expiresAt: expiresAt.default(null),
    notBefore: notBefore.default(null),
    allowedIps: allowedIps.meta({
      description:
        'From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.',
    }),
    metadata: metadata.default({}),
    description: description.default(null),
    tags: tags.default([]),
    limits: limits.default([]),
    prefix: tokenPrefixSchema.optional().meta({
      description:
        'What its tokens begin with, of the prefixes that the deployment allows; its first if absent.',
    }),
    organizationId: organizationIdSchema.optional().meta({
      description: "The organization that owns the key; the caller's own if absent. Root organization only.",
    }),
    createdBy: createdBy.optional(),
    parentId: z.guid('Must be a key id, which is a UUID.').optional().meta({
      description:
        'The key of which it is a child, of the same organization: it may do no more than that one, and ends with it.',
    }),
    decoy: z.boolean({ error: 'Must be true or false.' }).default(false).meta({
      description:
        'Whether it is a decoy: its token opens nothing, is answered like one that nobody made, and tells by the event `key.decoy_tried` when somebody tries it. For good. A decoy is no child.',
    }),
  })
  .meta({
    id: 'CreateKey',
    examples: [{ name: 'CI', permissions: ['emails:send'], organizationId: 'acme' }],
  })

export const deriveKeySchema = createKeySchema
  .pick({
    ...({ name: true, description: true, tags: true, permissions: true } as const),
    ...({ metadata: true, limits: true, prefix: true, notBefore: true, allowedIps: true } as const),
  })
  .extend({
    expiresAt: instantInput
      .optional()
      .meta({ description: 'When it expires: in an hour if absent, and not after the calling key.' }),
  })
  .meta({ id: 'DeriveKey', examples: [{ name: 'Job 42', permissions: ['emails:send'] }] })

/**
 * Why null: Java clients of OpenAPI Generator send an empty list or object for each field that nobody has set, unless it
 * may be null. A program that renames a key would take its permissions.
 */
const unlessNull = 'Replaces what the key has; null keeps it, as if absent.'

/** Why a key was revoked. */
export const revocationReasons = [
  'unspecified',
  'compromised',
  'superseded',
  'no_longer_used',
  'owner_left',
] as const

export const revokeKeySchema = z.strictObject({
  reason: z
    .enum(revocationReasons, { error: `Must be one of ${revocationReasons.join(', ')}.` })
    .optional()
    .meta({ description: 'Why; `unspecified` if absent.' }),
})

export const revokeOwnKeySchema = revokeKeySchema.meta({
  id: 'RevokeOwnKey',
  examples: [{ reason: 'compromised' }],
})

export const suspendSchema = z
  .strictObject({ reason: text(500).optional().meta({ description: 'Why, for people.' }) })
  .meta({ id: 'Suspend', examples: [{ reason: 'Unpaid invoice' }] })

export const updateKeySchema = z
  .strictObject({
    name: nameSchema.optional(),
    permissions: grantedPermissionsSchema.nullish().meta({ description: unlessNull }),
    expiresAt: expiresAt.optional(),
    notBefore: notBefore.optional(),
    allowedIps: allowedIps.meta({ description: `${unlessNull} An empty list allows every address.` }),
    metadata: metadata.nullish().meta({ description: unlessNull }),
    description: description.optional(),
    tags: tags.nullish().meta({ description: unlessNull }),
    limits: limitsSchema.nullish().meta({ description: unlessNull }),
  })
  .refine(
    ({ expiresAt: expires, notBefore: begins, description: words, ...others }) =>
      Object.values(others).some((value) => value != null) ||
      [expires, begins, words].some((value) => value !== undefined),
    'Must name at least one field to change.',
  )
  .meta({
    id: 'UpdateKey',
    examples: [{ expiresAt: new Date('2030-01-31T12:00:00Z') }],
    minProperties: 1,
  })

/** A key to make: its name, and what else differs from the defaults (no permissions, no expiry, no metadata). */
export interface CreateKeyInput extends z.input<typeof createKeySchema> {}
/** Why a key is revoked; `unspecified` if absent. */
export interface RevokeKeyInput extends z.input<typeof revokeKeySchema> {}
/** Why a key or an organization is suspended, for people. */
export interface SuspendInput extends z.input<typeof suspendSchema> {}
/** A child of the calling key to make. */
export interface DeriveKeyInput extends z.input<typeof deriveKeySchema> {}
/** What to change of a key; a field that is absent stays as it is, and a list or an object is replaced whole. */
export interface UpdateKeyInput extends z.input<typeof updateKeySchema> {}
/** A change of a key to look at beforehand: fields to change, or one of `rotate`, `endSecret`, `suspend` and `revoke`. */
export interface PreviewKeyInput extends UpdateKeyInput {
  /** Rotates the key so. */
  rotate?: RotateKeyInput | undefined
  /** Ends the grace of the secret with this kid. */
  endSecret?: string | undefined
  /** Suspends the key. */
  suspend?: true | undefined
  /** Revokes the key. */
  revoke?: true | undefined
}
