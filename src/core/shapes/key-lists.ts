// Which keys are listed, and in which order. Names are the library's; see `keys.ts`.
import { z } from 'zod'
import { maxTags } from '../bounds.ts'
import {
  instantInput,
  organizationIdSchema,
  permissionSchema,
  tagSchema,
  text,
  tokenPrefixSchema,
} from '../fields.ts'
import { isKid, parseHint } from '../token.ts'
import { pageFields } from './page.ts'

const ownerFilter = organizationIdSchema.optional().meta({
  description:
    "Only keys of this organization. The caller's own if absent; every one for the root organization.",
})
export const keyStatuses = ['active', 'expired', 'suspended', 'revoked'] as const
const keySorts = ['-created_at', '-last_used_at', 'last_used_at', 'expires_at', 'name'] as const
export const listKeysSchema = z.strictObject({
  status: z
    .enum([...keyStatuses, 'all'], { error: 'Must be one of active, expired, suspended, revoked, all.' })
    .optional()
    .meta({
      description: 'Only keys of this status; if absent, active ones, and with `exposed=true` those of any.',
    }),
  organizationId: ownerFilter,
  q: text(256)
    .optional()
    .meta({ description: 'Only keys whose name or description contains this text, case-insensitive.' }),
  tag: z
    .array(tagSchema, { error: 'Must be a list of tags.' })
    .max(maxTags, `Must have at most ${maxTags} tags.`)
    .optional()
    .meta({ description: 'Only keys that have this tag, or all of several.' }),
  permission: permissionSchema.optional().meta({
    description:
      'Only keys that hold exactly this permission: `emails:*` does not find keys that hold `emails:send`, nor the other way round.',
  }),
  createdBy: text(256)
    .optional()
    .meta({ description: 'Only keys that this key, member or user created, by its id.' }),
  creator: z.enum(['gone'], { error: 'Must be gone.' }).optional().meta({
    description: 'Only keys that a member has created who is removed.',
  }),
  tokenSeenBy: z
    .guid('Must be the id of a member, which is a UUID.')
    .optional()
    .meta({ description: 'Only keys of whose valid tokens this member has seen one.' }),
  prefix: tokenPrefixSchema
    .optional()
    .meta({ description: 'Only keys whose tokens begin with this prefix.' }),
  kid: z
    .string({ error: 'Must be a kid, which is a string.' })
    .refine(isKid, 'Must be a kid, which is 16 letters and digits.')
    .optional()
    .meta({ description: 'Only the key that has, or had, the secret with this kid.' }),
  hint: z
    .string({ error: 'Must be a hint, which is a string.' })
    .max(128, 'Must be a hint, such as re_4kTz9WqLm2Xc7RbN….')
    .refine((hint) => parseHint(hint) !== undefined, 'Must be a hint, such as re_4kTz9WqLm2Xc7RbN….')
    .optional()
    .meta({ description: 'Only the key that has, or had, the token with this hint.' }),
  expiresBefore: instantInput.optional().meta({ description: 'Only keys that expire before this instant.' }),
  unusedSince: instantInput.optional().meta({
    description: 'Only keys that were created before this instant and not used from then on.',
  }),
  neverUsed: z
    .boolean({ error: 'Must be true or false.' })
    .optional()
    .meta({ description: 'Only keys that were never used, or, if false, that were used at least once.' }),
  exposed: z
    .boolean({ error: 'Must be true or false.' })
    .optional()
    .meta({ description: 'Only keys that are marked as leaked, or, if false, that are not.' }),
  breaksPolicy: z.boolean({ error: 'Must be true or false.' }).optional().meta({
    description:
      'Only keys that break a rule of a policy, with the rules (`broken_rules`), or, if false, that break none. No rule on the number of keys is one of a single key.',
  }),
  decoy: z
    .boolean({ error: 'Must be true or false.' })
    .optional()
    .meta({ description: 'Only decoys or, if false, only keys that are none.' }),
  sort: z
    .enum(keySorts, { error: `Must be one of ${keySorts.join(', ')}.` })
    .default('-created_at')
    .meta({
      description:
        'The order: newest first if absent; last used first; longest unused first, after those that were never used; soonest to expire first, without those that never do; or by name.',
    }),
  count: z
    .boolean({ error: 'Must be true or false.' })
    .optional()
    .meta({ description: 'Whether to count the keys of the whole list, up to 10,000, with its first page.' }),
  ...pageFields,
})

export const listChildrenSchema = z.strictObject({ ...pageFields })

export const listPermissionsSchema = listKeysSchema.pick({ organizationId: true })

/** `active`, `expired`, `suspended` or `revoked`. */
export type KeyStatus = (typeof keyStatuses)[number]
/** Which keys are listed, and in which order. */
export interface ListKeysInput extends z.input<typeof listKeysSchema> {}
/** Which children of a key are listed: newest first, ended ones included. */
export interface ListChildrenInput extends z.input<typeof listChildrenSchema> {}
/** Whose permissions are listed. */
export interface ListPermissionsInput extends z.input<typeof listPermissionsSchema> {}
