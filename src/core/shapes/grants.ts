// Grants: units of limits that verifiers in other processes draw through a server.
import { z } from 'zod'
import { maxBatch, maxLimitUnits } from '../bounds.ts'
import { instant, organizationIdSchema } from '../fields.ts'
import { isId } from '../id-form.ts'
import { limitName } from './limits.ts'

const count = z
  .int({ error: 'Must be a whole number of units.' })
  .min(0, 'Must be 0 or more.')
  .max(maxLimitUnits * maxBatch, 'Must be smaller.')
const atMostNow = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

const ofCounter = {
  keyId: z
    .string()
    .refine(isId, 'Must be the id of a key.')
    .optional()
    .meta({ description: 'The key whose limit it is, itself or as an ancestor of the verified one.' }),
  organizationId: organizationIdSchema
    .optional()
    .meta({ description: 'The organization whose limit it is.' }),
  scope: z.enum(['key', 'organization', 'ancestor'], {
    error: 'Must be key, organization or ancestor.',
  }),
  name: limitName,
  kind: z.enum(['rate', 'quota']).optional().meta({
    description: 'Of two limits with one name, a rate and a quota: which of them.',
  }),
  epoch: atMostNow,
}

const counterExample = {
  keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  scope: 'key',
  name: 'requests',
  epoch: 0,
} as const
const askedExample = { ...counterExample, unspent: 0, need: 1, least: 1, want: 20 }

const askedCounterSchema = z
  .strictObject({
    ...ofCounter,
    period: z
      .int()
      .default(0)
      .meta({ description: 'The period of the units that it holds, as the last answer gave it.' }),
    unspent: count.meta({ description: 'How many units it holds and keeps. The rest was spent.' }),
    back: count.default(0).meta({ description: 'How many of the units that it held come back.' }),
    unused: count.default(0).meta({ description: 'How many units of the last `given` no call took.' }),
    need: count.meta({ description: 'What calls that wait need, all together.' }),
    least: count.default(0).meta({ description: 'What the cheapest of these calls needs.' }),
    want: count.meta({ description: 'How many units it wants to hold. The server decides.' }),
  })
  .refine(({ scope, keyId, organizationId }) => (scope === 'organization' ? organizationId : keyId), {
    path: ['keyId'],
    message: 'Name the key, or, with the scope organization, the organization.',
  })
  .meta({ id: 'AskedCounter', examples: [askedExample] })

export const grantsRequestSchema = z
  .strictObject({
    verifier: z
      .string({ error: 'Must be 1 to 64 letters and digits of your own, one name for each verifier.' })
      .regex(/^[0-9A-Za-z_-]{1,64}$/, 'Must be 1 to 64 letters and digits.'),
    server: z.string().max(64, 'Must have at most 64 characters.').nullish().meta({
      description:
        'The `server` of the last answer, if units are held of it. Another process answers without counters, and serves nothing.',
    }),
    sequence: z
      .int({ error: 'Must be a whole number that grows with each message.' })
      .min(1, 'Must be 1 or more.')
      .max(Number.MAX_SAFE_INTEGER)
      .meta({ description: 'Grows with each message. A message that comes again gets the same answer.' }),
    counters: z
      .array(askedCounterSchema, { error: 'Must be a list of counters.' })
      .max(maxBatch, `Must have at most ${maxBatch} items.`),
  })
  .meta({
    id: 'GrantsRequest',
    examples: [
      {
        verifier: 'a1b2c3d4',
        server: null,
        sequence: 1,
        counters: [askedExample],
      },
    ],
  })

const grantedSchema = z.strictObject({
  ...ofCounter,
  granted: count.meta({ description: 'How many units it may spend, beside those that it keeps.' }),
  given: count.meta({ description: 'How many units its waiting calls take, at once.' }),
  kept: count.meta({ description: 'How many of the units that it holds are its own. The others are void.' }),
  period: z.int(),
  emptyForMs: z.int().min(0).meta({ description: 'For so long nothing can come; 0 if something can.' }),
  remaining: count.meta({ description: 'How many units are left beside those that it holds.' }),
  resetsInMs: z.int().nullable().meta({ description: 'Until the period ends; null for never.' }),
  resetsAt: instant.nullable(),
})

export const grantsSchema = z
  .strictObject({
    server: z.string().meta({ description: 'The process that granted.' }),
    ageMs: z.int().min(0).meta({
      description: 'What is granted may be spent until 1,800 ms after the message was sent, less this age.',
    }),
    recalled: z.array(z.string()).nullable().meta({
      description:
        'The counters, as the stream of changes names them, whose units may not be spent any more and must come back with the next message; null for all. An answer to a message does not renew the lease without them.',
    }),
    counters: z.array(grantedSchema),
  })
  .meta({
    id: 'Grants',
    examples: [
      {
        server: '0198f3a2-5c1b-7000-8000-aaaaaaaaaaaa',
        ageMs: 12,
        recalled: [],
        counters: [
          {
            ...counterExample,
            granted: 20,
            given: 1,
            kept: 0,
            period: 0,
            emptyForMs: 0,
            remaining: 79,
            resetsInMs: null,
            resetsAt: null,
          },
        ],
      },
    ],
  })

/** One message of a verifier: what became of its units, and what it needs. */
export type GrantsInput = z.input<typeof grantsRequestSchema>
/** A counter in that message. */
export type AskedCounter = z.output<typeof askedCounterSchema>
/** The answer to it. */
export type GrantsAnswer = z.infer<typeof grantsSchema>
/** What was granted of a counter. */
export type Granted = z.infer<typeof grantedSchema>
