// The changes of a key that can be previewed.
import { z } from 'zod'
import { kidPattern } from '../token.ts'
import { updateKeySchema } from './key-changes.ts'
import { rotateKeyFieldsSchema, rotateKeySchema } from './rotations.ts'

const ofUpdate = updateKeySchema.shape
const endSecret = z
  .string({ error: 'Must be a kid, which is a string.' })
  .regex(kidPattern, 'Must be a kid, which is 16 letters and digits, the first of which may be -.')
  .optional()
  .meta({ description: 'Ends the grace of the secret with this kid.' })
const suspend = z
  .literal(true, { error: 'Must be true, or absent.' })
  .optional()
  .meta({ description: 'Suspends the key.' })
const revoke = z
  .literal(true, { error: 'Must be true, or absent.' })
  .optional()
  .meta({ description: 'Revokes the key.' })

export const previewKeySchema = z
  .strictObject({
    ...ofUpdate,
    rotate: rotateKeySchema.optional().meta({ description: 'Rotates the key, as the body of that call.' }),
    endSecret,
    suspend,
    revoke,
  })
  .refine(({ rotate, endSecret: kid, suspend: isSuspended, revoke: isRevoked, ...update }) => {
    const { expiresAt, notBefore } = update
    const isUpdated =
      Object.values(update).some((value) => value != null) || expiresAt === null || notBefore === null
    const changes = [
      rotate !== undefined,
      kid !== undefined,
      isSuspended === true,
      isRevoked === true,
      isUpdated,
    ]
    return changes.filter(Boolean).length === 1
  }, 'Must name one change: fields to change, rotate, end_secret, suspend or revoke.')
  .meta({ id: 'PreviewKey', examples: [{ permissions: ['emails:send'] }], minProperties: 1 })

/** The same as flags say it. */
export const previewKeyFieldsSchema = z.strictObject({
  permissions: ofUpdate.permissions,
  expiresAt: ofUpdate.expiresAt,
  notBefore: ofUpdate.notBefore,
  allowedIps: ofUpdate.allowedIps,
  limits: ofUpdate.limits,
  rotate: z.boolean().optional(),
  ...rotateKeyFieldsSchema.shape,
  endSecret,
  suspend: z.boolean().optional(),
  revoke: z.boolean().optional(),
})
