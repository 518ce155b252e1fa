// Limits: how many units a key, or all keys of an organization, may draw, and what is left of them.
import { z } from 'zod'
import { maxLimits, maxLimitUnits, maxWindowSeconds } from '../bounds.ts'
import { instant, instantInput, text } from '../fields.ts'
import { costFault, limitNamePattern } from '../limits.ts'
import type { Resets } from '../periods.ts'
import { waited } from './calls.ts'

/** A name of limits' form; plans have it too. */
export function nameOf(noun: string, example: string) {
  return z
    .string({ error: `Must be the name of a ${noun}, such as ${example}.` })
    .regex(
      limitNamePattern,
      `Must be 1 to 32 lower-case letters, digits and _, beginning with a letter, such as ${example}.`,
    )
    .meta({ description: `The name of the ${noun}.`, example })
}

export const limitName = nameOf('limit', 'requests')

/** A whole number of units. */
const units = z
  .int({ error: `Must be a whole number from 0 to ${maxLimitUnits}.` })
  .min(0, 'Must be 0 or more.')
  .max(maxLimitUnits, `Must be at most ${maxLimitUnits}.`)

/** A number of units which may be more than a limit has, since units are added to it. */
const count = z.int().min(0)

const resetsOf = ['hourly', 'daily', 'weekly', 'monthly'] as const
const resets = z
  .enum(resetsOf, { error: 'Must be one of hourly, daily, weekly, monthly, or null for never.' })
  .nullable()

const rateExample = { name: 'requests', limit: 100, windowSeconds: 60 }

export const limitSchema = z
  .strictObject({
    name: limitName,
    limit: units.meta({ description: 'How many units there are in each window, or in each period.' }),
    windowSeconds: z
      .int({ error: `Must be a whole number of seconds, from 1 to ${maxWindowSeconds}.` })
      .min(1, 'Must be 1 or more.')
      .max(maxWindowSeconds, `Must be at most ${maxWindowSeconds} (30 days).`)
      .optional()
      .meta({
        description: 'Makes it a rate: a bucket that gains `limit` units in so many seconds, evenly.',
      }),
    burst: units
      .nullish()
      .meta({ description: 'How many units the bucket of a rate holds; `limit` if absent.' }),
    resets: resets.optional().meta({
      description:
        'Makes it a quota: `limit` units for each period, by UTC; weeks begin on Monday. Null: they never come again.',
    }),
    anchor: instantInput
      .nullish()
      .meta({ description: 'With weekly or monthly: an instant at which a period begins.' }),
    overdraft: units.nullish().meta({
      description: 'How far a settlement may draw a quota below zero; as far as it must if absent.',
    }),
    defaultCost: units.default(1).meta({ description: 'How many units a call draws that names no cost.' }),
  })
  .superRefine((value, context) => {
    const fault = limitFault(value)
    if (fault) context.addIssue({ code: 'custom', path: [fault.path], message: fault.message })
  })
  .meta({ id: 'Limit', examples: [rateExample] })

interface GivenLimit {
  limit: number
  defaultCost: number
  windowSeconds?: number | undefined
  burst?: number | null | undefined
  resets?: Resets | undefined
  anchor?: Date | null | undefined
  overdraft?: number | null | undefined
}

function limitFault(given: GivenLimit): { path: string; message: string } | undefined {
  const { limit, windowSeconds, burst, resets: period, anchor, overdraft, defaultCost } = given
  if ((windowSeconds === undefined) === (period === undefined))
    return {
      path: 'windowSeconds',
      message: 'Name exactly one of window_seconds, for a rate, and resets, for a quota.',
    }
  if (windowSeconds === undefined && burst != null)
    return {
      path: 'burst',
      message: 'Belongs to a rate: leave it out, or name window_seconds instead of resets.',
    }
  if (windowSeconds !== undefined && overdraft != null)
    return {
      path: 'overdraft',
      message: 'Belongs to a quota: leave it out, or name resets instead of window_seconds.',
    }
  const held = burst ?? limit
  // A bucket that holds nothing is meant to let nobody pass.
  if (windowSeconds !== undefined && held > 0 && defaultCost > held)
    return {
      path: 'defaultCost',
      message: `Must be at most ${held}, what the bucket holds: no call that names no cost would ever pass.`,
    }
  if (anchor != null && period !== 'weekly' && period !== 'monthly')
    return { path: 'anchor', message: 'Belongs to a quota that resets weekly or monthly.' }
  return undefined
}

export const limitsSchema = z
  .array(limitSchema, { error: 'Must be a list of limits.' })
  .max(maxLimits, `Must have at most ${maxLimits} limits.`)
  .superRefine((limits, context) => {
    for (const [i, { name }] of limits.entries())
      if (limits.findIndex((other) => other.name === name) < i)
        context.addIssue({
          code: 'custom',
          path: [i, 'name'],
          message: 'Must be the only limit of this name.',
        })
  })

const stateExample = {
  name: 'requests',
  limit: 100,
  windowSeconds: 60,
  burst: 100,
  defaultCost: 1,
  remaining: 88,
  owed: 0,
  held: 8,
  resetsAt: new Date('2026-02-01T08:30:07Z'),
}

/** A limit as it was given. */
export const plainLimitSchema = z
  .strictObject({
    name: limitName,
    limit: units.meta({ description: 'How many units there are in each window, or in each period.' }),
    windowSeconds: z
      .int()
      .optional()
      .meta({ description: 'Of a rate: in how many seconds it gains `limit` units, evenly.' }),
    burst: units.optional().meta({ description: 'Of a rate: how many units its bucket holds.' }),
    resets: resets.optional().meta({
      description: 'Of a quota: for which periods it has `limit` units; null if they never come again.',
    }),
    anchor: instant
      .optional()
      .meta({ description: 'Of a weekly or monthly quota: an instant at which a period begins.' }),
    overdraft: units
      .optional()
      .meta({ description: 'Of a quota: how far a settlement may draw it below zero.' }),
    defaultCost: units.meta({ description: 'How many units a call draws that names no cost.' }),
  })
  .meta({ id: 'PlainLimit', examples: [{ ...rateExample, burst: 100, defaultCost: 1 }] })

/** A limit as it stands: what was given, and what is left. */
export const limitStateSchema = plainLimitSchema
  .extend({
    remaining: count.meta({
      description: 'How many units are left; those that processes hold are among them.',
    }),
    owed: count.meta({
      description:
        'How many units are missing to 0: settlements drew more than there were, or units were taken away, or the limit was lowered. What comes pays them first.',
    }),
    held: count.meta({ description: 'How many of these processes hold, to answer calls from memory.' }),
    resetsAt: instant.nullable().meta({
      description: 'When a quota begins anew, or a rate will be full; null for a quota that never does.',
    }),
  })
  .meta({ id: 'LimitState', examples: [stateExample] })

/** What the plan of an owner adds to its own limits. */
export const planLimitsSchema = z.array(limitStateSchema).optional().meta({
  description:
    "What the plan adds to its own limits, with what is left; absent if the organization is on no plan. A limit of its own that counts instead of the plan's leaves that one out.",
})

/** A limit after a change. */
export const changedLimitSchema = limitStateSchema
  .extend(waited)
  .meta({ id: 'ChangedLimit', examples: [stateExample] })

/** What a call draws: so many units of each limit that applies, or so many of each that is named. */
export const costSchema = z
  .custom<number | Readonly<Record<string, number>>>()
  .superRefine((value, context) => {
    const fault = costFault(value)
    if (fault) context.addIssue({ code: 'custom', ...fault })
  })
  .meta({
    description:
      'How many units the call draws: a whole number for each limit that applies, or an object with one for each that is named. 0 looks without drawing.',
    example: { credits: 5 },
  })

export const verdictLimitExample = {
  name: 'requests',
  scope: 'key',
  id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  limit: 100,
  windowSeconds: 60,
  remaining: 0,
  resetsAt: new Date('2026-02-01T08:31:00Z'),
} as const
export const exceededExample = { name: 'requests', scope: 'key', id: verdictLimitExample.id } as const

/** Whose limit it is. */
export const limitScope = z.enum(['key', 'organization', 'ancestor']).meta({
  description: "Whose limit it is: the key's own, its organization's, or that of a key which made it.",
})

/** What a verdict tells of a limit. */
export const verdictLimitSchema = z
  .strictObject({
    name: limitName,
    scope: limitScope,
    id: z.string().meta({ description: 'The id of the key or the organization whose limit it is.' }),
    limit: units.meta({ description: 'How many units there are in each window, or in each period.' }),
    windowSeconds: z
      .int()
      .optional()
      .meta({ description: 'Of a rate: in how many seconds it gains `limit`.' }),
    remaining: z.int().min(0).meta({ description: 'How many units are left.' }),
    resetsAt: instant.nullable().meta({
      description: 'When a quota begins anew, or a rate will be full; null for a quota that never does.',
    }),
  })
  .meta({ id: 'VerdictLimit', examples: [verdictLimitExample] })

export const exceededSchema = verdictLimitSchema
  .pick({ name: true, scope: true, id: true })
  .meta({ id: 'ExceededLimit', examples: [exceededExample] })

export const addUnitsSchema = z
  .strictObject({
    add: z
      .int({ error: 'Must be a whole number of units; negative to take some away.' })
      .min(-maxLimitUnits, `Must be at least -${maxLimitUnits}.`)
      .max(maxLimitUnits, `Must be at most ${maxLimitUnits}.`)
      .refine((value) => value !== 0, 'Must not be 0.')
      .meta({ description: 'How many units to add; negative to take some away.' }),
    reference: text(128).optional().meta({
      description: 'Your own id of what was bought: the same one adds once, however often it comes.',
    }),
  })
  .meta({ id: 'AddUnits', examples: [{ add: 500, reference: 'payment 4711' }] })

/** A limit as it is given: a rate with `windowSeconds`, or a quota with `resets`. */
export interface LimitInput extends z.input<typeof limitSchema> {}
/** A limit as it stands, with what is left of it. */
export interface LimitState extends z.infer<typeof limitStateSchema> {}
/** What a verdict tells of a limit that applies. */
export interface VerdictLimit extends z.infer<typeof verdictLimitSchema> {}
/** A limit that refused a call. */
export interface ExceededLimit extends z.infer<typeof exceededSchema> {}
/** How many units a call draws: of each limit, or by the names of limits. */
export type Cost = z.input<typeof costSchema>
/** Units to add to a quota; negative to take some away. */
export interface AddUnitsInput extends z.input<typeof addUnitsSchema> {}
/** A limit as it was given, with its defaults. */
export interface PlainLimit extends z.infer<typeof plainLimitSchema> {}
