// Rotations of keys: how long the old token goes on working.
import { z } from 'zod'
import { leastSilentSeconds, longestGraceSeconds } from '../bounds.ts'

const seconds = z.int({ error: 'Must be a whole number of seconds.' })
const graceLength = seconds.max(longestGraceSeconds, `Must be at most ${longestGraceSeconds} (30 days).`)
const graceSchema = z
  .strictObject({
    untilSilentSeconds: graceLength.min(leastSilentSeconds, `Must be ${leastSilentSeconds} or more.`).meta({
      description:
        'How long the old token must not have been used, since the rotation or since its last use.',
    }),
    atMostSeconds: graceLength.default(longestGraceSeconds).meta({
      description: 'How long the old token stays valid at most, used or not; 30 days if absent.',
    }),
  })
  .refine(({ untilSilentSeconds, atMostSeconds }) => untilSilentSeconds <= atMostSeconds, {
    path: ['atMostSeconds'],
    error: 'Must not be shorter than the silence.',
  })
  .meta({
    id: 'Grace',
    examples: [{ untilSilentSeconds: 86_400, atMostSeconds: 2_592_000 }],
    description: 'The old token ends once nobody uses it any more.',
  })
const keepChildren = z.boolean({ error: 'Must be true or false.' }).optional().meta({
  description:
    'Whether the children that the key has made by its old tokens go on with the new one. Else each ends with the token by which it was made.',
})
export const rotateKeySchema = z
  .strictObject({
    graceSeconds: graceLength.min(0, 'Must be 0 or more.').optional().meta({
      description: 'How long the old token stays valid, in seconds; 0 if absent, and without `grace`.',
    }),
    grace: graceSchema.optional(),
    keepChildren,
  })
  .refine(({ graceSeconds, grace }) => graceSeconds === undefined || grace === undefined, {
    path: ['grace'],
    error: 'Must not come beside a grace of fixed length.',
  })
  .meta({ id: 'RotateKey', examples: [{ graceSeconds: 86_400 }] })

/** The same as flags say it, each field by itself. */
export const rotateKeyFieldsSchema = z.strictObject({
  graceSeconds: rotateKeySchema.shape.graceSeconds,
  untilSilentSeconds: graceSchema.shape.untilSilentSeconds.optional(),
  atMostSeconds: graceSchema.shape.atMostSeconds.unwrap().optional(),
  keepChildren,
})

/**
 * How a key is rotated: `graceSeconds`, at most 2,592,000 (30 days), is how long its old token stays valid; 0 if absent. Or
 * `grace`: the old token ends once nobody has used it for `untilSilentSeconds`, and after `atMostSeconds` in any case. With
 * `keepChildren`, the children that it has made go on with the new token.
 */
export interface RotateKeyInput extends z.input<typeof rotateKeySchema> {}
/** A rotation as flags say it. */
export interface RotateKeyFields extends z.input<typeof rotateKeyFieldsSchema> {}
