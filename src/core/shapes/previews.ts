// Which calls a change of a key would have refused.
import { z } from 'zod'
import { maxPreviewedChildren, maxRefusedKinds } from '../bounds.ts'
import { instant } from '../fields.ts'

const refusedExample = {
  code: 'insufficient_permissions' as const,
  beginsAt: new Date('2026-02-01T08:30:05Z'),
  operation: 'POST /orders',
  ip: '203.0.113.7',
  userAgent: 'curl/8.14.1',
  missing: ['orders:write'],
  calls: 1204,
  lastAt: new Date('2026-02-01T08:28:00Z'),
}

const codes = [
  ...(['revoked', 'suspended', 'expired', 'not_yet_valid', 'rotated', 'ip_not_allowed'] as const),
  'insufficient_permissions',
] as const

const refusedCallsSchema = z
  .strictObject({
    code: z.enum(codes).meta({
      description: 'The code of the verdict that they would get.',
    }),
    beginsAt: instant.meta({
      description: 'From when on they would be refused: now, or when a grace or the key ends.',
    }),
    operation: z.string().nullable().meta({ description: 'What they called; null if that is not known.' }),
    ip: z
      .string()
      .nullable()
      .meta({ description: 'From which address they came; null if that is not known.' }),
    userAgent: z
      .string()
      .nullable()
      .meta({ description: 'With which `User-Agent`; null if that is not known.' }),
    missing: z.array(z.string()).meta({ description: 'Which permissions they would lack.' }),
    calls: z.int().meta({ description: 'How many there were.' }),
    lastAt: instant.meta({ description: 'When the last one was.' }),
  })
  .meta({
    id: 'RefusedCalls',
    examples: [refusedExample],
  })

export const keyPreviewSchema = z
  .strictObject({
    since: instant.meta({ description: 'When the first of the 30 days began, by UTC.' }),
    asOf: instant.meta({ description: "When it was read, by the database's clock." }),
    calls: z.int().meta({ description: 'How many calls with the key, and with those below it, were valid.' }),
    atLeast: z.int().meta({
      description:
        'How many of them the change would refuse, at least: as many as `at_most` if that is known.',
    }),
    atMost: z.int().meta({ description: 'How many, at most.' }),
    unknown: z.int().meta({
      description:
        'Of how many it cannot be told, because a day had too many kinds of calls to tell all of them apart, or a program of an older version counted them. They are in `at_most`.',
    }),
    children: z.int().meta({
      description: `Of how many keys below it, which are its live children, theirs and so on, the calls are in all this: at most ${maxPreviewedChildren}.`,
    }),
    moreChildren: z
      .boolean()
      .meta({ description: 'Whether there are more of them, of which no call is in it.' }),
    refusals: z.array(refusedCallsSchema).meta({
      description: `The calls of \`at_least\` that no limit would refuse, the most first: at most ${maxRefusedKinds} kinds.`,
    }),
  })
  .meta({
    id: 'KeyPreview',
    examples: [
      {
        since: new Date('2026-01-03T00:00:00Z'),
        asOf: new Date('2026-02-01T08:30:05Z'),
        calls: 90_000,
        atLeast: 1204,
        atMost: 1204,
        unknown: 0,
        children: 0,
        moreChildren: false,
        refusals: [refusedExample],
      },
    ],
  })

/** Which calls of the last 30 days a change would have refused. */
export interface KeyPreview extends z.infer<typeof keyPreviewSchema> {}
/** Calls of one kind that a change would refuse. */
export interface RefusedCalls extends z.infer<typeof refusedCallsSchema> {}
