// `latchkey usage …`: how many calls there were, and the file to bill by.
import { Option } from 'commander'
import type { ExportedUsage } from '../../core/shapes/usage.ts'
import type { UsageWriter } from '../../core/usage-file.ts'
import { serverOrDatabase, withoutJson } from '../kit/connection.ts'
import { type DefinedCommand, defineCommand } from '../kit/define-command.ts'
import { printNote, writeSurely } from '../kit/output.ts'
import { writeWholeFile } from '../kit/whole-file.ts'
import { asAsked, figureOptions, figureTexts, printFigures } from './usage-views.ts'

const shapes = () => import('../../core/shapes/usage.ts')
const ofWhom = {
  organizationId: 'only calls with keys of this organization',
  keyId: 'only calls with this key',
}

export const usageCommands: DefinedCommand[] = [
  defineCommand({
    path: 'usage',
    summary: 'show how many calls there were, and how many units they drew',
    on: serverOrDatabase,
    shape: async () => (await shapes()).readUsageSchema,
    texts: {
      ...figureTexts,
      ...ofWhom,
      since:
        'from the period that holds this instant on (default: 30 days before --until; 7 to compare the keys or permissions of all organizations)',
      keyIds:
        'with --group key: compare this key with others that are named like it (repeatable, at most 50)',
      group:
        'rows for each of these, the top ones first: none, key, organization, code or permission (that calls asked for)',
    },
    options: figureOptions(),
    examples: [
      'latchkey usage',
      'latchkey usage --since 24h --by hour --organization acme',
      'latchkey usage --group key',
      'latchkey usage --organization acme --group permission --by day',
      'latchkey usage --organization acme --group key --sort -refused',
      'latchkey usage export --by month --format csv --file usage.csv',
    ],
    run: ({ usage }, { input }) => usage.read(asAsked(input)),
    json: ({ rows }) => rows,
    print: (figures, { input, options }) => printFigures(figures, asAsked(input), options),
  }),
  defineCommand({
    path: 'usage export',
    summary: 'write closed usage of each key, which never changes: what to bill by',
    on: withoutJson,
    shape: async () => (await shapes()).exportUsageSchema,
    texts: {
      ...ofWhom,
      since: figureTexts.since,
      until: 'up to the period that holds the instant before this one (default: all that is closed)',
      by: 'rows for each hour, day (the default) or month, by UTC',
      format: 'jsonl for one JSON row per line (the default), or csv',
    },
    options: [
      new Option(
        '--file <path>',
        'the file to write, which is replaced once all is there (default: standard output)',
      ),
    ],
    examples: [
      'latchkey usage export --by month --since 2026-01-01 --format csv --file usage.csv',
      'latchkey usage export --by hour --organization acme | jq -s length',
    ],
    notes:
      'Standard output that breaks off is not complete: the command then exits with another code than 0.',
    run: async ({ usage }, { input, options }) => {
      const { format = 'jsonl', ...asked } = input
      const { usageWriters } = await import('../../core/usage-file.ts')
      const rows = await usage.export(asked)
      const counted = { rows: 0, closedUntil: rows.closedUntil }
      const { file } = options
      const parts = writeRows(rows, usageWriters[format], counted)
      if (typeof file === 'string') await writeWholeFile(file, parts)
      else for await (const part of parts) await writeSurely(part)
      return counted
    },
    print: ({ rows, closedUntil }, { options: { file } }) => {
      const where = typeof file === 'string' ? ` to ${file}` : ''
      printNote(
        `Wrote ${rows === 1 ? '1 row' : `${rows} rows`}${where}. The next export is from ${closedUntil.toISOString()} on (--since).`,
      )
    },
  }),
]

const partLength = 64 * 1024

/** The lines of a file in parts, as its rows come; counts them. */
async function* writeRows(
  rows: AsyncIterable<ExportedUsage>,
  { head, write }: UsageWriter,
  counted: { rows: number },
): AsyncGenerator<string, void> {
  let part = head
  for await (const row of rows) {
    part += write(row)
    counted.rows++
    if (part.length < partLength) continue
    yield part
    part = ''
  }
  yield part
}
