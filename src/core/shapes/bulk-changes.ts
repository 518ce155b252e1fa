// One change of many keys: which it is, of which keys, and what came of it. Names are the library's; see `keys.ts`.
import { z } from 'zod'
import { maxBulkKeys, maxTags } from '../bounds.ts'
import { tagSchema, text } from '../fields.ts'
import { waited } from './calls.ts'
import { revocationReasons } from './key-changes.ts'
import { listKeysSchema } from './key-lists.ts'

const { sort: _, limit: __, after: ___, count: ____, breaksPolicy: _____, ...listed } = listKeysSchema.shape
const filters = {
  ...listed,
  status: listed.status.meta({
    description: 'Only keys of this status; if absent, active ones, and for `resume` suspended ones.',
  }),
}

const tags = z
  .array(tagSchema, { error: 'Must be a list of tags.' })
  .max(maxTags, `Must have at most ${maxTags} tags.`)
  .optional()
const ids = z
  .array(z.string({ error: 'Must be the id of a key.' }).max(128, 'Must be the id of a key.'), {
    error: 'Must be a list of ids.',
  })
  .min(1, 'Must name a key.')
  .max(maxBulkKeys, `Must name at most ${maxBulkKeys} keys.`)
  .superRefine((list, context) => {
    const seen = new Set<string>()
    for (const [i, id] of list.entries()) {
      if (seen.has(id)) context.addIssue({ code: 'custom', path: [i], message: 'Comes twice.' })
      seen.add(id)
    }
  })

export const bulkChangeSchema = z
  .strictObject({
    action: z
      .enum(['revoke', 'suspend', 'resume', 'tag'], { error: 'Must be one of revoke, suspend, resume, tag.' })
      .meta({ description: 'What to do with each key.' }),
    ids: ids.optional().meta({ description: 'The keys, by their ids; or else `filter`.' }),
    filter: z
      .strictObject(filters)
      .optional()
      .meta({ description: 'The keys that a list with these filters has; or else `ids`.' }),
    reason: text(500).optional().meta({
      description:
        'Why: for `revoke` one of unspecified, compromised, superseded, no_longer_used, owner_left; for `suspend` a text for people.',
    }),
    addTags: tags.meta({ description: 'For `tag`: the tags that each key gets.' }),
    removeTags: tags.meta({ description: 'For `tag`: the tags that each key loses.' }),
    expect: z.int({ error: 'Must be a whole number.' }).min(0, 'Must be a whole number.').optional().meta({
      description: 'How many keys are meant. If it are others, nothing is done. Only a dry run needs none.',
    }),
    dryRun: z
      .boolean({ error: 'Must be true or false.' })
      .optional()
      .meta({ description: 'Whether to tell only what would be done.' }),
  })
  .refine(
    ({ ids: list, filter }) => (list === undefined) !== (filter === undefined),
    'Must name either ids or filter.',
  )
  .refine(({ expect, dryRun }) => expect !== undefined || dryRun === true, {
    path: ['expect'],
    message: 'Must say how many keys are meant. A dry run tells it.',
  })
  .refine(
    ({ action, addTags = [], removeTags = [] }) =>
      (action === 'tag') === addTags.length + removeTags.length > 0,
    'Must name tags to add or to remove with the action tag, and with no other.',
  )
  .refine(
    ({ action, reason }) =>
      reason === undefined ||
      action === 'suspend' ||
      (action === 'revoke' && (revocationReasons as readonly string[]).includes(reason)),
    {
      path: ['reason'],
      message: `Must be one of ${revocationReasons.join(', ')} to revoke, any text to suspend.`,
    },
  )
  .meta({
    id: 'BulkChange',
    examples: [{ action: 'revoke', filter: { tag: ['team:billing'] }, expect: 12 }],
  })

/** The same as flags say it. */
export const bulkChangeFieldsSchema = z.strictObject({
  ...filters,
  ids: ids.optional(),
  reason: text(500).optional(),
  addTags: tags,
  removeTags: tags,
  expect: z.int().optional(),
  dryRun: z.boolean().optional(),
})

const failureSchema = z
  .strictObject({
    id: z.string().meta({ description: 'The id of the key.' }),
    code: z.string().meta({ description: 'The code of the error, as for a change of this key alone.' }),
    detail: z.string().meta({ description: 'The error in words.' }),
  })
  .meta({
    id: 'BulkFailure',
    examples: [
      { id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e', code: 'key_not_found', detail: 'No key has this id.' },
    ],
  })

const resultExample = {
  matched: 12,
  changed: 11,
  unchanged: 0,
  skipped: ['0198f3a0-11aa-7000-8000-9b8a7c6d5e4f'],
  failures: [],
  left: 0,
  stoppedBy: null,
  isDryRun: false,
}

export const bulkResultSchema = z
  .strictObject({
    matched: z.int().meta({ description: 'How many keys were meant.' }),
    changed: z.int().meta({ description: 'How many of them are changed; in a dry run, would be.' }),
    unchanged: z.int().meta({ description: 'How many were so already.' }),
    skipped: z
      .array(z.string())
      .meta({ description: 'The calling key, by its id, if it was meant: it changes only by itself.' }),
    failures: z
      .array(failureSchema)
      .meta({ description: 'The keys that could not be changed, each with the reason.' }),
    left: z.int().meta({
      description:
        'How many keys were not come to, because a later transaction failed: 0 as a rule. To repeat the call is safe.',
    }),
    stoppedBy: z
      .string()
      .nullable()
      .meta({ description: 'The code of the error that stopped it; null if none did.' }),
    isDryRun: z.boolean().meta({ description: 'Whether nothing was changed.' }),
    ...waited,
  })
  .meta({ id: 'BulkResult', examples: [resultExample] })

/** One change of many keys: by their ids, or by the filters of a list. */
export interface BulkChangeInput extends z.input<typeof bulkChangeSchema> {}
/** What came of one change of many keys. */
export interface BulkResult extends z.infer<typeof bulkResultSchema> {}
