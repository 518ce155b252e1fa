// `latchkey import`: brings the keys of another system, in batches, as often as it is run.
import { Option } from 'commander'
import { maxImport } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import type { ImportedKey, ImportOutcome } from '../../core/shapes/imports.ts'
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { type Call, defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { print, printNote, quote } from '../kit/output.ts'
import { readRecords } from './import-records.ts'
import { systems } from './import-systems.ts'

/** What becomes of the records of a file. */
interface Imported {
  /** Nothing was changed: it is told what would be. */
  isPlan: boolean
  /** Keys that were made, or that a plan would make unless they are there. */
  made: number
  /** Keys that were there already. */
  existing: number
  /** Keys that are over in the other system: revoked, disabled or expired. */
  over: number
  /** Keys that cannot be imported, and why: the first {@link maxTold}. */
  refused: number
  reasons: { at: number; name: string; reason: string }[]
}

const maxTold = 20
/** How long the body of a batch is at most, in characters: below what the server takes. */
const maxBatchLength = 2_000_000
/** Batches under way at once: one is written while the next comes. */
const atOnce = 2
const progressMs = 5_000

export const importCommand = defineCommand({
  path: 'import',
  summary: 'import the keys of another system, whose tokens go on working',
  on: serverOrDatabase,
  arguments: { file: 'its export: JSON lines, a JSON document, or CSV with a line of names' },
  options: [
    new Option('--from <system>', 'the system that wrote it')
      .choices(Object.keys(systems))
      .makeOptionMandatory(),
    new Option(
      '--organization <id>',
      'the organization that owns all keys (default: the one whose id is the owner in the file)',
    ),
    new Option('--dry-run', 'read the file, say what would be imported, and change nothing'),
  ],
  confirm: ({ args, options }) =>
    options.dryRun
      ? undefined
      : async ({ organizations }) => {
          const { made, over, refused } = await planFile(organizations, args.file, options)
          const others = [
            ...(over > 0 ? [`${over} that are over stay behind`] : []),
            ...(refused > 0 ? [`${refused} cannot be imported: --dry-run says why`] : []),
          ]
          return `Import ${keys(made)}${others.length > 0 ? ` (${others.join('; ')})` : ''}?`
        },
  examples: [
    'latchkey import --from better-auth --organization acme --dry-run apikey.jsonl',
    'latchkey import --from drf --organization acme --yes dump.json',
    'latchkey import --from csv --yes keys.csv',
  ],
  notes:
    'Run again, it goes on where it stopped: keys that are there already stay as they are. Keys that are revoked,\ndisabled or expired stay behind. docs/guides/moving-in.md says what each system is asked for.',
  run: ({ keys, organizations }, { args, options }) =>
    options.dryRun ? planFile(organizations, args.file, options) : importFile(keys, args.file, options),
  print: printImported,
  exitCode: ({ refused }) => (refused > 0 ? exitCodes.refused : 0),
})

type Options = Call<object>['options']
type Read = { at: number; key: ImportedKey } | { at: number; name: string; reason: string; isOver: boolean }

/** Reads the keys of a file, each checked as the server checks it. */
async function* readKeys(file: string, options: Options): AsyncGenerator<Read> {
  const { importedKeySchema } = await import('../../core/shapes/imports.ts')
  const { from, organization } = options as { from: string; organization?: string }
  const read = systems[from] as (typeof systems)[string]
  const now = Date.now()
  for await (const { at, fields } of readRecords(file)) {
    const reading = read(fields, now)
    if ('left' in reading) {
      yield {
        at,
        name: String(reading.name ?? fields.name ?? ''),
        reason: reading.left,
        isOver: reading.isOver,
      }
      continue
    }
    const organizationId = organization ?? reading.owner
    const key = { ...reading.key, organizationId }
    if (organizationId === undefined) {
      yield { at, name: key.name, reason: 'It names no owner: give --organization.', isOver: false }
      continue
    }
    try {
      parseInput(importedKeySchema, key)
      yield { at, key: key as ImportedKey }
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error
      yield { at, name: key.name, reason: error.message, isOver: false }
    }
  }
}

/** What an import would do, as far as the file and the organizations that it names tell. */
async function planFile(
  organizations: Connection['organizations'],
  file: string,
  options: Options,
): Promise<Imported> {
  const plan = noneYet(true)
  const known = new Map<string, boolean>()
  for await (const read of readKeys(file, options)) {
    if (!('key' in read)) {
      leave(plan, read)
      continue
    }
    const { at, key } = read
    const isKnown = known.get(key.organizationId) ?? (await exists(organizations, key.organizationId))
    known.set(key.organizationId, isKnown)
    if (isKnown) plan.made++
    else leave(plan, { at, name: key.name, reason: 'No organization has this id.', isOver: false })
  }
  return plan
}

/** Whether there is an organization, as far as the caller may know. */
function exists(organizations: Connection['organizations'], id: string): Promise<boolean> {
  return organizations.get(id).then(
    () => true,
    (error: { code?: string }) => {
      if (error.code === 'organization_not_found') return false
      if (error.code === 'missing_permission') return true
      throw error
    },
  )
}

/** Imports a file in batches. If one fails, those before it stay imported. */
async function importFile(keys: Connection['keys'], file: string, options: Options): Promise<Imported> {
  const imported = noneYet(false)
  const underWay = new Set<Promise<void>>()
  let batch: { at: number; key: ImportedKey }[] = []
  let length = 0
  let toldAt = performance.now()
  let failure: unknown
  const send = async (some: typeof batch) => {
    const outcomes = await keys.import(some.map(({ key }) => key))
    for (const [i, outcome] of outcomes.entries()) note(imported, some[i] as (typeof some)[number], outcome)
  }
  const begin = async (some: typeof batch) => {
    const sending: Promise<void> = send(some)
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => underWay.delete(sending))
    underWay.add(sending)
    if (underWay.size >= atOnce) await Promise.race(underWay)
  }
  for await (const read of readKeys(file, options)) {
    if (!('key' in read)) {
      leave(imported, read)
      continue
    }
    batch.push(read)
    length += JSON.stringify(read.key).length
    if (batch.length < maxImport && length < maxBatchLength) continue
    await begin(batch)
    if (failure !== undefined) break
    batch = []
    length = 0
    if (performance.now() - toldAt < progressMs) continue
    toldAt = performance.now()
    printNote(`Imported ${imported.made} keys so far; ${imported.existing} were there already.`)
  }
  if (failure === undefined && batch.length > 0) await begin(batch)
  await Promise.all(underWay)
  if (failure === undefined) return imported
  printNote(`Imported ${imported.made} keys; ${imported.existing} were there already. Run it again to go on.`)
  throw failure
}

function note(
  imported: Imported,
  { at, key }: { at: number; key: ImportedKey },
  outcome: ImportOutcome,
): void {
  const { code, errors = [] } = outcome
  if (code === undefined) imported.made++
  else if (code === 'exists') imported.existing++
  else {
    const reason =
      code === 'taken'
        ? 'A key of another organization has this token.'
        : errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ')
    leave(imported, { at, name: key.name, reason, isOver: false })
  }
}

function leave(
  imported: Imported,
  { at, name, reason, isOver }: { at: number; name: string; reason: string; isOver: boolean },
): void {
  if (isOver) {
    imported.over++
    return
  }
  imported.refused++
  if (imported.reasons.length < maxTold) imported.reasons.push({ at, name, reason })
}

function noneYet(isPlan: boolean): Imported {
  return { isPlan, made: 0, existing: 0, over: 0, refused: 0, reasons: [] }
}

function keys(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`
}

function printImported({ isPlan, made, existing, over, refused, reasons }: Imported): void {
  print(
    isPlan ? `Would import ${keys(made)}, but for those that are there already.` : `Imported ${keys(made)}.`,
  )
  if (existing > 0) print(`${keys(existing)} there already.`)
  if (over > 0) print(`${keys(over)} revoked, disabled or expired, and left behind.`)
  if (refused > 0) print(`${keys(refused)} cannot be imported:`)
  for (const { at, name, reason } of reasons) print(`  ${at}  ${quote(name)}  ${reason}`)
  if (refused > reasons.length) print(`  … and ${refused - reasons.length} more.`)
}
