// Usage: what is asked of it, what it tells, and what verifiers elsewhere report.
import { z } from 'zod'
import { maxProfilePermissions, maxReportProfiles, maxReportRows } from '../bounds.ts'
import { instant, instantInput, organizationIdSchema, permissionsSchema } from '../fields.ts'
import { dayMs } from '../periods.ts'
import type { CallOptions } from './calls.ts'
import { callContextSchema, knownKeyExample } from './verification.ts'
import { useSchema } from './verifiers.ts'

/** What usage is told by. */
export const usagePeriods = ['hour', 'day', 'month', 'total'] as const
export type UsagePeriod = (typeof usagePeriods)[number]
/** The longest range of each, in days: some 800 rows. */
export const maxUsageDays = { hour: 35, day: 800, month: 24_000, total: 24_000 } as const
/** How many rows of groups an answer has at most. */
export const maxUsageRows = 10_000
/** The usage of so many keys is read at once, if they are named: of a page of a list. */
const maxUsageKeys = 50

const groups = ['none', 'key', 'organization', 'code', 'permission'] as const
export type UsageGroup = (typeof groups)[number]
const sorts = ['-calls', '-valid', '-refused'] as const
export type UsageSort = (typeof sorts)[number]

const oneOf = <const Choices extends readonly [string, ...string[]]>(choices: Choices) =>
  z.enum(choices, { error: `Must be one of ${choices.join(', ')}.` })

const keyId = z.guid('Must be a key id, which is a UUID.')
const range = {
  since: instantInput.optional().meta({
    description: 'From the period that holds this instant on; 30 days before `until` if absent.',
  }),
  until: instantInput
    .optional()
    .meta({ description: 'Up to the period that holds the instant before this one; now if absent.' }),
  by: oneOf(usagePeriods).default('day').meta({
    description:
      'A row for each period, by UTC, or one row for the whole range. By hour a range has at most 35 days, by day 800.',
  }),
}
const ofGroups = {
  sort: oneOf(sorts)
    .default('-calls')
    .meta({ description: 'Of groups, the ones with most calls come first, or valid, or refused ones.' }),
  limit: z
    .int({ error: 'Must be a whole number from 1 to 100.' })
    .min(1, 'Must be at least 1.')
    .max(100, 'Must be at most 100.')
    .default(10)
    .meta({ description: 'Maximum number of groups.' }),
}

interface Range {
  since?: Date | undefined
  until?: Date | undefined
  by: UsagePeriod
}
const isInOrder = ({ since, until }: Range) => since === undefined || until === undefined || since < until
const notInOrder = { path: ['until'], error: 'Must be later than since.' }
// Also asked of fields that their own checks have refused.
const isShort = ({ since, until, by }: Range) =>
  !(since instanceof Date) ||
  !(until instanceof Date) ||
  until.getTime() - since.getTime() <= maxUsageDays[by] * dayMs
const tooLong = {
  path: ['since'],
  error: 'The range is too long: by hour it has at most 35 days, by day 800. Ask by day, month or total.',
}

export const readUsageSchema = z
  .strictObject({
    ...range,
    since: range.since.meta({
      description:
        'From the period that holds this instant on; if absent, 30 days before `until`, or 7 to compare the keys or permissions of all organizations.',
    }),
    organizationId: organizationIdSchema.optional().meta({
      description:
        "Only calls with keys of this organization. The caller's own if absent; all for the root organization.",
    }),
    keyId: keyId.optional().meta({ description: 'Only calls with this key.' }),
    keyIds: z
      .array(keyId, { error: 'Must be a list of key ids.' })
      .min(1, 'Must have at least one item.')
      .max(maxUsageKeys, `Must have at most ${maxUsageKeys} items.`)
      .optional()
      .meta({
        description: `Only calls with these keys, at most ${maxUsageKeys}, with \`group=key\`: rows of those with calls, whichever the top ones are. Keys that the caller may not see have none.`,
      }),
    group: oneOf(groups).default('none').meta({
      description:
        'Rows for each of these, the top ones first. A call counts for each permission that it asked for, over whole days, at most 90.',
    }),
    ...ofGroups,
  })
  .refine(isInOrder, notInOrder)
  .refine(isShort, tooLong)
  .refine(({ keyIds, keyId: one, group }) => keyIds === undefined || (group === 'key' && one === undefined), {
    path: ['keyIds'],
    error: 'Takes group=key, and no other key.',
  })

export const readKeyUsageSchema = z
  .strictObject({
    ...range,
    group: oneOf(['none', 'code', 'permission']).default('none').meta({
      description:
        'Rows for each of these. A call counts for each permission that it asked for, over whole days, at most 90.',
    }),
    ...ofGroups,
  })
  .refine(isInOrder, notInOrder)
  .refine(isShort, tooLong)

export const exportUsageSchema = z
  .strictObject({
    ...range,
    by: oneOf(['hour', 'day', 'month']).default('day').meta({ description: 'Rows for each period, by UTC.' }),
    until: range.until.meta({
      description: 'Up to the period that holds the instant before this one; all that is closed if absent.',
    }),
    organizationId: organizationIdSchema.optional().meta({
      description:
        "Only calls with keys of this organization. The caller's own if absent; all for the root organization.",
    }),
    keyId: keyId.optional().meta({ description: 'Only calls with this key.' }),
    format: oneOf(['jsonl', 'csv'])
      .default('jsonl')
      .meta({ description: '`jsonl` for one JSON row per line, or `csv` (RFC 4180).' }),
  })
  .refine(isInOrder, notInOrder)
  .refine(isShort, tooLong)

const count = z.int().meta({ description: 'How many.' })
const rowExample = {
  start: new Date('2026-01-31T00:00:00Z'),
  id: null,
  name: null,
  calls: 1203,
  valid: 1200,
  refused: { insufficient_permissions: 3 },
  units: [{ scope: 'key' as const, name: 'requests', units: 1200 }],
}

const unitsSchema = z
  .strictObject({
    scope: z
      .enum(['key', 'organization', 'ancestor'])
      .meta({ description: 'Whose limit it is, beside the key that was verified.' }),
    name: z.string().meta({ description: 'The name of the limit.' }),
    units: count.meta({
      description: 'How many units were drawn, with what settlements have drawn and given back since.',
    }),
  })
  .meta({ id: 'UsedUnits', examples: rowExample.units })

export const usageRowSchema = z
  .strictObject({
    start: instant.meta({ description: 'When the period begins; of `total`, the range.' }),
    id: z.string().nullable().meta({
      description:
        'The id of the group, its code or permission; null without groups, for tokens of no key, and for calls whose permissions are not known.',
    }),
    name: z
      .string()
      .nullable()
      .meta({ description: 'The name of the key or of the organization; null for anything else.' }),
    calls: count.meta({ description: 'How many verdicts there were.' }),
    valid: count.meta({ description: 'How many of them were valid.' }),
    refused: z
      .record(z.string(), z.int())
      .meta({ description: 'How many were refused, by the code of the verdict.' }),
    units: z.array(unitsSchema).meta({ description: 'The units that were drawn, by limit.' }),
  })
  .meta({ id: 'UsageRow', examples: [rowExample] })

export const exportedUsageSchema = z.strictObject({
  start: instant.meta({ description: 'When the period begins.' }),
  organizationId: z.string().nullable().meta({ description: 'The organization; null for tokens of no key.' }),
  keyId: z.string().nullable().meta({ description: 'The key; null for tokens of no key.' }),
  measure: z.string().meta({
    description: 'The code of a verdict, whose calls are counted, or `<scope>/<limit>`, whose units are.',
  }),
  amount: count,
  late: z.int().meta({ description: 'How many of them came after their own hour was closed.' }),
})

/** What a key has of a measure in a closed period. */
export interface ExportedUsage extends z.infer<typeof exportedUsageSchema> {}
/** Which usage is exported. */
export interface ExportUsageInput extends Omit<z.input<typeof exportUsageSchema>, 'format'> {}

/** Closed usage, to be read once: its rows, by period, organization and key, as they come. */
export interface UsageExport extends AsyncIterable<ExportedUsage> {
  /** What lies before it is closed, and never changes: the next export begins there. */
  closedUntil: Date
}

/** Which page of closed usage is read. */
export interface ExportPageInput extends ExportUsageInput {
  /** The cursor of the previous page. */
  after?: string
}

/** One page of closed usage. */
export interface UsagePage {
  /** By period, organization and key. A page may have none, before the end. */
  rows: ExportedUsage[]
  /** The cursor of the next page, to be given as `after`; undefined at the end. */
  next: string | undefined
  /** What lies before it is closed, and never changes. Later pages take it as their `until`. */
  closedUntil: Date
}

/** What was counted in a period: of all calls, or of one group. */
export interface UsageRow extends z.infer<typeof usageRowSchema> {}
/** Which usage is asked for. */
export interface ReadUsageInput extends z.input<typeof readUsageSchema> {}
/** Which usage of a key is asked for. */
export interface ReadKeyUsageInput extends z.input<typeof readKeyUsageSchema> {}

/** Usage as it was known at an instant. */
export interface UsageFigures {
  /** By period, then the top groups first; without groups one for each period, and with groups for those with calls. */
  rows: UsageRow[]
  /** When it was read, by the database's clock. Processes write what they count within ten seconds. */
  asOf: Date
  /** Hours before it are closed, and never change. */
  closedUntil: Date
}

/** What can be asked of usage. */
export interface Usage<Options extends CallOptions = CallOptions> {
  /** Reads what was counted. Throws `invalid_input`, `organization_not_found`, `key_not_found`, `missing_permission`. */
  read(input?: ReadUsageInput, options?: Options): Promise<UsageFigures>
  /** Reads what was counted of a key. Throws `invalid_input`, `key_not_found`, `missing_permission`. */
  readKey(id: string, input?: ReadKeyUsageInput, options?: Options): Promise<UsageFigures>
  /**
   * Reads what programs bill by: closed usage, which never changes. Reading the rows throws if they cannot be read to the
   * end. Throws `invalid_input`, `organization_not_found`, `key_not_found`, `missing_permission`.
   */
  export(input?: ExportUsageInput, options?: Options): Promise<UsageExport>
}

/** The same in the library, and page by page what programs bill by. */
export interface LibraryUsage<Options extends CallOptions = CallOptions> extends Usage<Options> {
  /** Reads a page of closed usage. Throws `invalid_input`, `organization_not_found`, `key_not_found`. */
  exportPage(input?: ExportPageInput, options?: Options): Promise<UsagePage>
}

/** Far more than an hour can have, and a double counts it exactly. */
const maxAmount = 10 ** 15

const reportedSchema = z
  .strictObject({
    keyId: keyId.nullable().meta({ description: 'The key; null for tokens of no key.' }),
    start: instantInput.meta({ description: 'When the hour began, by the clock of the server.' }),
    measure: z
      .string({ error: 'Must be a string.' })
      .regex(/^(?:[a-z_]{1,32}|(?:key|organization|ancestor)\/[a-z][a-z0-9_]{0,31})$/, 'Must be a measure.')
      .meta({
        description: 'The code of a verdict, whose calls are counted, or `<scope>/<limit>`, whose units are.',
      }),
    amount: z
      .int({ error: 'Must be a whole number.' })
      .min(1, 'Must be at least 1.')
      .max(maxAmount, `Must be at most ${maxAmount}.`)
      .meta({ description: 'How many.' }),
  })
  .meta({
    id: 'ReportedCount',
    examples: [
      { keyId: knownKeyExample.keyId, start: new Date('2026-01-31T12:00:00Z'), measure: 'valid', amount: 12 },
    ],
  })

const reportedProfileSchema = z
  .strictObject({
    kid: useSchema.shape.kid.meta({ description: 'The secret with which was called.' }),
    start: instantInput.meta({ description: 'When the hour began, by the clock of the server.' }),
    code: z
      .string({ error: 'Must be a string.' })
      .regex(/^[a-z_]{1,32}$/, 'Must be a code.')
      .meta({ description: 'The code of the verdict.' }),
    context: callContextSchema.optional(),
    permissions: permissionsSchema
      .refine(
        (permissions) => permissions.join(' ').length <= maxProfilePermissions,
        `Must have at most ${maxProfilePermissions} characters together.`,
      )
      .meta({ description: 'The permissions that were asked for.' }),
    isRest: z.boolean({ error: 'Must be true or false.' }).meta({
      description: 'Whether it counts calls of all kinds that found no room.',
    }),
    calls: z
      .int({ error: 'Must be a whole number.' })
      .min(1, 'Must be at least 1.')
      .max(maxAmount, `Must be at most ${maxAmount}.`)
      .meta({ description: 'How many.' }),
    last: instantInput.meta({ description: 'When the last one was.' }),
  })
  .meta({
    id: 'ReportedProfile',
    examples: [
      {
        kid: '4kTz9WqLm2Xc7RbN',
        start: new Date('2026-01-31T12:00:00Z'),
        code: 'valid',
        context: { ip: '192.0.2.7', operation: 'POST /emails' },
        permissions: ['emails:send'],
        isRest: false,
        calls: 12,
        last: new Date('2026-01-31T12:30:00Z'),
      },
    ],
  })

const atMost = `Must have at most ${maxReportRows} items.`

export const reportSchema = z
  .strictObject({
    source: z
      .string({ error: 'Must be a string.' })
      .regex(/^[0-9A-Za-z_-]{1,64}$/, 'Must be 1 to 64 letters, digits, _ and -.')
      .meta({ description: 'Names the verifier, and no other one of the calling key.' }),
    number: z.int({ error: 'Must be a whole number.' }).min(1, 'Must be at least 1.').meta({
      description:
        'Grows with each report of the verifier. A number that was written before, or a lower one, changes nothing.',
    }),
    counts: z.array(reportedSchema).max(maxReportRows, atMost).meta({ description: 'What was counted.' }),
    profiles: z
      .array(reportedProfileSchema)
      .max(maxReportProfiles, `Must have at most ${maxReportProfiles} items.`)
      .default([])
      .meta({ description: 'What the calls had in common.' }),
    uses: z
      .array(useSchema)
      .max(maxReportRows, atMost)
      .meta({ description: 'When secrets were last found valid.' }),
  })
  .meta({
    id: 'UsageReport',
    examples: [{ source: '3c8e2a52-6f1d-4d0e-9a57-0b1f2f1f8a11', number: 7, counts: [], uses: [] }],
  })

export const reportAnswerSchema = z
  .strictObject({ at: instant.meta({ description: 'The time by the clock that decides of hours.' }) })
  .meta({ id: 'UsageReported', examples: [{ at: new Date('2026-01-31T12:00:10Z') }] })

/** What a verifier elsewhere has counted. */
export type ReportInput = z.input<typeof reportSchema>
/** What a server answers to it, once it is written. */
export type ReportAnswer = z.infer<typeof reportAnswerSchema>
