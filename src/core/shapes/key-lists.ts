// Which keys are listed, and in which order. Names are the library's; see `keys.ts`.
import { z } from 'zod'
import { instantInput, organizationIdSchema, text } from '../fields.ts'
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
    .default('active')
    .meta({ description: 'Only keys of this status; active ones if absent.' }),
  organizationId: ownerFilter,
  q: text(256).optional().meta({ description: 'Only keys whose name contains this text, case-insensitive.' }),
  expiresBefore: instantInput.optional().meta({ description: 'Only keys that expire before this instant.' }),
  unusedSince: instantInput.optional().meta({
    description: 'Only keys that were created before this instant and not used from then on.',
  }),
  neverUsed: z
    .boolean({ error: 'Must be true or false.' })
    .optional()
    .meta({ description: 'Only keys that were never used, or, if false, that were used at least once.' }),
  sort: z
    .enum(keySorts, { error: `Must be one of ${keySorts.join(', ')}.` })
    .default('-created_at')
    .meta({
      description:
        'The order: newest first if absent; last used first; longest unused first, after those that were never used; soonest to expire first, without those that never do; or by name.',
    }),
  ...pageFields,
})

export const listPermissionsSchema = listKeysSchema.pick({ organizationId: true })

/** `active`, `expired`, `suspended` or `revoked`. */
export type KeyStatus = (typeof keyStatuses)[number]
/** Which keys are listed, and in which order. */
export interface ListKeysInput extends z.input<typeof listKeysSchema> {}
/** Whose permissions are listed. */
export interface ListPermissionsInput extends z.input<typeof listPermissionsSchema> {}
