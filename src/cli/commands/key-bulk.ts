// `latchkey keys bulk …`: one change of many keys.
import type { BulkChangeInput, BulkResult } from '../../core/shapes/bulk-changes.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { print, printNote } from '../kit/output.ts'
import { filterTexts } from './key-filters.ts'
import { describeApplied } from './key-views.ts'

export const bulkCommand = defineCommand({
  path: 'keys bulk',
  summary:
    'revoke, suspend, resume or tag many keys: those that a list with the same options has, or those with the given ids',
  on: serverOrDatabase,
  arguments: { action: 'revoke, suspend, resume or tag' },
  shape: async () => (await import('../../core/shapes/bulk-changes.ts')).bulkChangeFieldsSchema,
  texts: {
    ...filterTexts,
    status: 'active (the default; to resume, suspended), expired, suspended, revoked or all',
    ids: 'the id of a key (repeatable); then no other option says which keys are meant',
    reason:
      'with revoke: unspecified, compromised, superseded, no_longer_used or owner_left; with suspend: a text for people',
    addTags: 'with tag: a tag that each key gets (repeatable)',
    removeTags: 'with tag: a tag that each key loses (repeatable)',
    expect: 'how many keys are meant; if it are others, nothing is done',
    dryRun: 'tell how many keys are meant and what would become of them, and change nothing',
  },
  wait: true,
  confirm: ({ args, input: { dryRun, expect } }) =>
    dryRun || args.action !== 'revoke' || expect === undefined
      ? undefined
      : async () => `Revoke ${describeKeys(expect)} permanently?`,
  examples: [
    'latchkey keys bulk revoke --tag team:billing --dry-run',
    'latchkey keys bulk revoke --tag team:billing --expect 12 --yes',
    'latchkey keys bulk suspend --organization acme --reason "Unpaid invoice" --expect 40',
    'latchkey keys bulk resume --organization acme --expect 40',
    'latchkey keys bulk tag --organization acme --never-used --add-tag unused --expect 3',
  ],
  notes: 'Exits 1 if a key could not be changed. The key that calls is skipped.',
  run: ({ keys }, { args, input, wait }) => keys.bulk(toChange(args.action, input), wait),
  print: (result, { args }) => {
    print(...describe(result, args.action), ...describeApplied(result.applied))
    for (const { id, code, detail } of result.failures) printNote(`${id}: ${code}. ${detail}`)
  },
  exitCode: ({ failures, left }) => (failures.length + left > 0 ? exitCodes.refused : exitCodes.ok),
})

type Filter = NonNullable<BulkChangeInput['filter']>
type Flags = Omit<BulkChangeInput, 'action' | 'filter'> & Filter

function toChange(
  action: string,
  { ids, reason, addTags, removeTags, expect, dryRun, ...filter }: Flags,
): BulkChangeInput {
  const rest = Object.fromEntries(
    Object.entries({ reason, addTags, removeTags, expect, dryRun }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  // What is no action, and ids beside filters, the library refuses.
  const meant = ids === undefined ? { filter } : { ids, ...(Object.keys(filter).length > 0 && { filter }) }
  return { action: action as BulkChangeInput['action'], ...meant, ...rest }
}

const past = { revoke: 'Revoked', suspend: 'Suspended', resume: 'Resumed', tag: 'Tagged' }

function describe(
  { matched, changed, unchanged, skipped, left, stoppedBy, isDryRun }: BulkResult,
  action: string,
) {
  const did = past[action as BulkChangeInput['action']]
  return [
    isDryRun
      ? `Would ${action} ${changed} of ${describeKeys(matched)}. Nothing was changed.`
      : `${did} ${changed} of ${describeKeys(matched)}.`,
    ...(unchanged > 0 ? [`${describeKeys(unchanged)} stayed the same.`] : []),
    ...skipped.map((id) => `Skipped ${id}, the key that calls.`),
    ...(left > 0
      ? [`Did not come to ${describeKeys(left)}: ${stoppedBy}. Repeat the command for them.`]
      : []),
  ]
}

function describeKeys(count: number): string {
  return count === 1 ? 'one key' : `${count} keys`
}
