// Judging tokens: the question, and the verdict.
import { z } from 'zod'
import { maxBatch } from '../bounds.ts'
import { instant, organizationIdSchema, permissionsSchema } from '../fields.ts'

const wanted = permissionsSchema.default([]).meta({ description: 'All of these are required.' })

export const verifyOptionsSchema = z.strictObject({
  permissions: wanted,
  organizationId: organizationIdSchema.optional(),
})

export const verifyRequestSchema = z
  .strictObject({
    key: z
      .string({ error: 'A token: a string.' })
      .meta({ description: 'The token to verify.', example: 're_…' }),
    permissions: wanted,
  })
  .meta({ id: 'VerifyKey', examples: [{ key: 're_…', permissions: ['emails:send'] }] })

export const verifyBatchSchema = z
  .array(verifyRequestSchema, { error: 'Must be a list of { key, permissions? }.' })
  .min(1, 'Must have at least one item.')
  .max(maxBatch, `Must have at most ${maxBatch} items.`)

/** What a verdict tells of a known key. */
export const knownKey = {
  keyId: z.guid(),
  organizationId: organizationIdSchema,
  name: z.string(),
  permissions: z.array(z.string()).readonly(),
  expiresAt: instant.nullable(),
  metadata: z.record(z.string(), z.unknown()).readonly(),
}

export const verdictSchema = z
  .union([
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
  .meta({
    id: 'Verdict',
    examples: [
      {
        valid: true,
        code: 'valid',
        keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
        organizationId: 'acme',
        name: 'CI',
        permissions: ['emails:send'],
        expiresAt: null,
        metadata: {},
      },
    ],
  })

/**
 * The answer to 'may this token do this, now?'. Narrow it by `valid` or by `code`. A refusal is an object and
 * so truthy: write `if (verdict.valid)`, never `if (verdict)`.
 */
export type Verdict = z.infer<typeof verdictSchema>
export type VerdictCode = Verdict['code']
export type VerifyOptions = z.input<typeof verifyOptionsSchema>
export type VerifyRequest = z.input<typeof verifyRequestSchema>
