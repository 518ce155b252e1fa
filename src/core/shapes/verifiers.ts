// Verifiers in other processes: what they judge by, how fresh that is, and what they report.
import { z } from 'zod'
import { maxBatch } from '../bounds.ts'
import { instant, instantInput } from '../fields.ts'
import { lineReasons } from '../stored-ancestors.ts'
import { kidPattern } from '../token.ts'
import { plainLimitSchema } from './limits.ts'
import { callContextSchema, knownKey, knownKeyExample, verifyRequestSchema } from './verification.ts'

/** A token whose facts a verifier elsewhere wants. */
export const readFactsSchema = verifyRequestSchema
  .pick({ key: true })
  .meta({ id: 'ReadFacts', examples: [{ key: 're_…' }] })

/** When a secret was found valid. */
export const useSchema = z
  .strictObject({
    kid: z
      .string({ error: 'Must be a kid, which is a string.' })
      .regex(kidPattern, 'Must be 16 letters and digits.'),
    at: instantInput,
    context: callContextSchema.optional(),
  })
  .meta({
    id: 'Use',
    examples: [{ kid: '4kTz9WqLm2Xc7RbN', at: new Date('2026-02-01T08:30:00Z') }],
  })

export const usesSchema = z
  .array(useSchema, { error: 'Must be a list of { kid, at }.' })
  .min(1, 'Must have at least one item.')
  .max(maxBatch, `Must have at most ${maxBatch} items.`)

const ageMs = z.int().meta({ description: 'In milliseconds.' })
const foreignTokens = z.boolean().meta({
  description:
    'Whether tokens of other systems were imported; if not, what is no token of Latchkey is malformed.',
})

export const latestSchema = z
  .strictObject({
    sequence: z.int().meta({ description: 'Grows by one with each change.' }),
    ageMs,
    foreignTokens,
  })
  .meta({ id: 'LatestChange', examples: [{ sequence: 4711, ageMs: 12, foreignTokens: false }] })

const factsLimitSchema = plainLimitSchema
  .extend({
    scope: z.enum(['key', 'organization', 'ancestor']),
    id: z.string().meta({ description: 'The id of the key or the organization whose limit it is.' }),
    epoch: z.int(),
  })
  .meta({
    id: 'FactsLimit',
    examples: [
      {
        scope: 'key',
        id: knownKeyExample.keyId,
        name: 'requests',
        epoch: 0,
        limit: 100,
        windowSeconds: 60,
        burst: 100,
        defaultCost: 1,
      },
    ],
  })

export const factsSchema = z
  .strictObject({
    sequence: z.int().nullable().meta({ description: 'Null if the server does not follow changes now.' }),
    ageMs,
    foreignTokens,
    secret: z
      .strictObject({
        ...knownKey,
        revokedAt: instant.nullable(),
        suspendedAt: instant.nullable(),
        organizationSuspendedAt: instant.nullable(),
        notBefore: instant.nullable(),
        allowedIps: z
          .array(z.string())
          .meta({ description: 'From where it may be used; empty for anywhere.' }),
        graceEndsAt: instant
          .nullable()
          .meta({ description: 'When its grace period ends; null for the newest secret.' }),
        isEnded: z.boolean().meta({ description: 'Whether it was ended permanently.' }),
        limits: z
          .array(factsLimitSchema)
          .meta({ description: 'All limits that apply; none if the server has judged them for this call.' }),
        line: z.array(z.string()).meta({
          description:
            'The keys that made it, if it draws from their limits: a change of one ends the facts.',
        }),
        ancestors: z
          .array(
            z.strictObject({
              id: z.guid(),
              reasons: z
                .array(z.enum(lineReasons))
                .meta({ description: 'What of the facts comes from this key, if it refuses.' }),
              allowedIps: z.array(z.string()),
            }),
          )
          .meta({ description: 'The keys of which it is a child, as far as they bound it.' }),
        plan: z.string().nullable().meta({ description: 'The plan of its organization.' }),
        kid: z.string().optional().meta({
          description:
            "The kid of another system's token, which does not show it; absent for one of Latchkey's.",
        }),
      })
      .nullable(),
  })
  .meta({
    id: 'Facts',
    examples: [
      {
        sequence: 4711,
        ageMs: 12,
        foreignTokens: false,
        secret: {
          ...knownKeyExample,
          revokedAt: null,
          suspendedAt: null,
          organizationSuspendedAt: null,
          notBefore: null,
          allowedIps: [],
          graceEndsAt: null,
          isEnded: false,
          limits: [],
          line: [],
          ancestors: [],
          plan: null,
        },
      },
    ],
  })

/** When secrets were found valid by a verifier elsewhere. */
export type UsesInput = z.input<typeof usesSchema>
/** What a verifier elsewhere judges a token by. */
export type FactsAnswer = z.infer<typeof factsSchema>
/** The number of the last change, and how long ago it was surely the last. */
export type LatestAnswer = z.infer<typeof latestSchema>
