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
const revoke = z
  .literal(true, { error: 'Must be true, or absent.' })
  .optional()
  .meta({ description: 'Revokes the key.' })

export const previewKeySchema = z
  .strictObject({
    ...ofUpdate,
    rotate: rotateKeySchema.optional().meta({ description: 'Rotates the key, as the body of that call.' }),
    endSecret,
    revoke,
  })
  .refine(({ rotate, endSecret: kid, revoke: isRevoked, ...update }) => {
    const isUpdated = Object.values(update).some((value) => value != null) || update.expiresAt === null
    return (
      [rotate !== undefined, kid !== undefined, isRevoked === true, isUpdated].filter(Boolean).length === 1
    )
  }, 'Must name one change: fields to change, rotate, end_secret or revoke.')
  .meta({ id: 'PreviewKey', examples: [{ permissions: ['emails:send'] }], minProperties: 1 })

/** The same as flags say it. */
export const previewKeyFieldsSchema = z.strictObject({
  permissions: ofUpdate.permissions,
  expiresAt: ofUpdate.expiresAt,
  limits: ofUpdate.limits,
  rotate: z.boolean().optional(),
  ...rotateKeyFieldsSchema.shape,
  endSecret,
  revoke: z.boolean().optional(),
})
